"""Votes drawn beforehand: the recorded ones again, and the rest while a page is there."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.certification.noise import NoiseKey
from diffsmooth_core.datasets.sources import Picture
from ui.jobs import certificates, previews
from ui.jobs.registry import jobs
from ui.session import settings, state

CONFIG = previews.asked(settings.default_config("cifar10"))
FROG = "gallery:frog-from-above"  # recorded, and its votes differ
QUICK = replace(CONFIG, method="plain", classifier="standard")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "visitor", lambda: "somebody")


def picture(spec: str) -> Picture:
    return state.resolved(spec, "cifar10")


def drawn(of: Picture, config: SmoothingConfig) -> previews.Preview:
    """What is there once the job that draws it has ended."""
    job = jobs().latest((of.sha256, config))
    assert job is not None
    ended = jobs().wait(job.id, 100)
    assert ended is not None
    assert ended.state == "done"
    found = previews.drawn(of, config)
    assert found is not None
    return found


def row(found: previews.Preview, number: int) -> np.ndarray:
    """A row of a sheet (h,w,3) in [0,1]."""
    with Image.open(io.BytesIO(base64.b64decode(found.sheet.partition(",")[2]))) as image:
        rows = np.split(np.asarray(image.convert("RGB")), len([t for t in found.tried if t.votes]))
    return rows[number] / 255


def test_what_is_recorded_is_what_the_networks_vote() -> None:
    """Some votes at three values of σ, with the images of the first, in the precision of the recording."""
    found = previews.recorded(picture(FROG), CONFIG)
    assert found is not None
    assert found.finished
    assert [one.sigma for one in found.tried] == list(previews.SIGMAS)
    assert {len(one.votes) for one in found.tried} == {200}
    config, agreeing, drawn = replace(CONFIG, dtype="bfloat16"), 0, 0
    for number in (0, 6, 11):
        one = found.tried[number]
        votes, _ = previews.draw(picture(FROG), config, one.sigma, 0, 32)
        agreeing += sum(a == b for a, b in zip(votes, one.votes, strict=False))
        drawn += len(votes)
        _, samples = previews.draw(picture(FROG), config, one.sigma, 0, 1)
        made = np.concatenate(list(previews.row_of(samples).values()), axis=1) / 255
        compressed = row(found, number)
        assert np.abs(compressed - made)[:, 32:64].mean() < 0.03, "the purified copy"
        assert np.corrcoef(compressed.mean(2).ravel(), made.mean(2).ravel())[0, 1] > 0.6, "and the noise"
    assert agreeing >= drawn - 2, "another processor may round one or two of 96 votes otherwise"
    assert len({vote for one in found.tried for vote in one.votes}) > 1


def test_only_the_settings_that_decide_a_vote_decide_what_is_recorded() -> None:
    frog = picture(FROG)
    same = replace(CONFIG, n=500, alpha=0.05, seed=7, sigma=0.8, bound="two-class")
    assert previews.recorded(frog, previews.asked(same)) == previews.recorded(frog, CONFIG)
    for other in ({"m": 6}, {"sigma_local": 0.3}, {"method": "dds"}, {"classifier": "standard"}):
        assert previews.recorded(frog, previews.asked(replace(CONFIG, **other))) is None
    assert previews.recorded(picture("photo:cat"), CONFIG) is None
    plain = previews.asked(replace(CONFIG, method="plain", m=9))
    assert plain == previews.asked(replace(CONFIG, method="plain")), "m is not used"


def test_no_run_counts_the_votes_that_were_drawn_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    tied = []
    source = NoiseKey.source
    monkeypatch.setattr(
        NoiseKey, "source", lambda key, *where: tied.append(key.commitment) or source(key, *where)
    )
    previews.draw(picture(FROG), QUICK, 0.25, 0, 1)
    beforehand, own = tied[-1], certificates.smoothed_classifier(replace(QUICK, sigma=0.25))
    assert own.commitment(picture(FROG).tensor).hash != beforehand
    previews.draw(picture(FROG), QUICK, 0.5, 0, 1)
    assert tied[-1] == beforehand, "the same noise at every σ, so that a picture only gets noisier"


def test_a_page_that_stays_has_votes_drawn_nearest_first(alone: None) -> None:
    cat = picture("photo:cat")
    assert previews.may_draw(cat, QUICK, 0.5)
    previews.keep_drawing(cat, QUICK, 0.5)
    found = drawn(cat, QUICK)
    assert found.finished
    assert [one.sigma for one in found.tried[:3]] == [0.5, 0.4, 0.6]
    assert sorted(one.sigma for one in found.tried) == list(previews.SIGMAS)
    assert {len(one.votes) for one in found.tried} == {previews.VOTES}
    assert found.images == ("noisy",)
    votes, _ = previews.draw(cat, QUICK, 0.4, 0, previews.VOTES)
    assert votes == found.tried[1].votes
    assert not previews.may_draw(cat, QUICK, 0.5)


def test_votes_are_no_longer_drawn_once_the_page_is_left_and_go_on_where_they_were(
    alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    dog = picture("gallery:brown-dog")
    monkeypatch.setattr(previews, "PATIENCE", -1.0)
    previews.keep_drawing(dog, QUICK, 0.5)
    found = drawn(dog, QUICK)
    assert [len(one.votes) for one in found.tried] == [1]
    previews.keep_drawing(dog, QUICK, 0.5)
    more = drawn(dog, QUICK)
    assert more.tried[0].votes[:1] == found.tried[0].votes
    assert len(more.tried[0].votes) > 1
    assert more.sheet == found.sheet


def test_a_certificate_goes_first(alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "is_running", lambda: True)
    horse = picture("photo:horse")
    assert not previews.may_draw(horse, QUICK, 0.5)
    previews.keep_drawing(horse, QUICK, 0.5)  # a run began meanwhile
    assert [len(one.votes) for one in drawn(horse, QUICK).tried] == [1]


def test_a_noise_at_which_networks_cannot_work_has_their_sentence(alone: None) -> None:
    frog, config = picture(FROG), replace(CONFIG, method="denoised", denoiser="dncnn-mse-0.25")
    previews.keep_drawing(frog, config, 0.5)
    found = drawn(frog, config)
    assert found.finished
    assert "was trained for sigma 0.25, not 0.5" in found.tried[0].problem
    assert [one.sigma for one in found.tried if one.votes] == [0.25]


def test_the_recording_is_small() -> None:
    assert sum(file.stat().st_size for file in previews.FOLDER.iterdir()) < 250_000
