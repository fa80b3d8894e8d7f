"""The Step through page: every method's steps, and numbers that are those of the run."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from diffsmooth_core import SmoothingConfig, certify
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets.sources import class_names
from diffsmooth_core.statistics import certified_radius, clopper_pearson_lower
from diffsmooth_core.wording import down
from tests.ui.conftest import address, dials, opened
from ui.colours import class_colour
from ui.components import softmax, strip
from ui.jobs import networks, votes
from ui.jobs.networks import base_classifier
from ui.session import settings, state
from ui.session.numbers import configuration
from ui.step import charts, view

Visit = Callable[..., AppTest]
STEPS = {"diffsmooth": 8, "plain": 3, "dds": 7, "denoised": 4, "densepure": 6, "local-only": 4}


@pytest.fixture
def step() -> Visit:
    """Open the Step through page with these URL parameters."""

    def step(**parameters: str) -> AppTest:
        return opened("pages/step.py", **({"n0": "5", "n": "16", "m": "2"} | parameters))

    return step


def said(page: AppTest) -> str:
    return " ".join(e.value.replace("\\", "") for e in (*page.subheader, *page.markdown, *page.caption))


def formulas(page: AppTest) -> str:
    return " ".join(e.value for e in page.latex)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_walked_to_the_count(step: Visit, method: str) -> None:
    sigma = "0.25" if method == "denoised" else "0.5"
    page = step(method=method, sigma=sigma, reverse_steps="2", purifications="2")
    for at in range(1, STEPS[method] + 1):
        assert page.subheader[0].value.startswith(f"{at} · ")
        assert not page.exception
        assert page.button(key="step-next").label == ("Next copy" if at == STEPS[method] else "Next")
        page.button(key="step-next").click().run()
    assert (address(page)["step"], address(page)["copy"]) == ("1", "2")
    assert page.button(key="step-back").disabled


@pytest.mark.parametrize(
    ("method", "stations"),
    [
        ("diffsmooth", ["The picture", "The noisy copy", "Purified", "Classified", "The vote"]),
        ("dds", ["The picture", "The noisy copy", "Purified", "The vote"]),
        ("plain", ["The picture", "The noisy copy", "The vote"]),
    ],
)
def test_the_whole_way_of_a_copy_ends_at_its_vote_and_the_count_has_none(
    step: Visit, monkeypatch: pytest.MonkeyPatch, method: str, stations: list[str]
) -> None:
    ways: list[list[strip.Frame]] = []

    def keep(frames: list[strip.Frame], key: str) -> None:
        if key == "step-way-strip":
            ways.append(frames)

    monkeypatch.setattr(strip, "show", keep)
    page = step(method=method, m="7", copy="3")
    (frames,) = ways
    assert "The whole way of copy 3" in said(page)
    assert [frame.title for frame in frames] == stations
    config = configuration({name: page.session_state[name] for name in settings.CONFIG_FIELDS})
    vote = votes.classes(state.resolved(settings.FIRST_PICTURE), config, "estimation", 3)[2]
    assert (frames[-1].word, frames[-1].colour) == (class_names("cifar10")[vote], class_colour(vote))
    if method == "diffsmooth":
        assert (frames[3].caption, len(frames[3].images)) == ("7 times", 4)
    page = step(method=method, m="7", step=str(STEPS[method]))
    assert len(ways) == 1
    assert "The whole way" not in said(page)


def test_the_count_has_the_runs_own_votes(step: Visit) -> None:
    config = SmoothingConfig(n0=5, n=16, m=2)
    picture = state.resolved(settings.FIRST_PICTURE)
    certificate = certify(base_classifier(config), picture.tensor, config)
    found = votes.classes(picture, config, "estimation", 16)
    assert tuple(np.bincount(found, minlength=10)) == certificate.counts
    page = step(step="8", copy="16")
    k = certificate.counts[certificate.candidate]
    assert f"{k} of 16" in said(page)
    way = "for" if found[15] == certificate.candidate else "against"
    assert f"so it counts **{way}**" in said(page)
    bound = clopper_pearson_lower(k, 16, 0.001)
    shown = {metric.label: metric.value for metric in page.metric}
    assert shown["Lower bound"] == down(bound, 4) == down(certificate.p_a_lower, 4)
    assert shown["Radius (L2)"] == down(certified_radius(bound, 0.5), 2)
    before = clopper_pearson_lower(k - (found[15] == certificate.candidate), 15, 0.001)
    assert page.metric[0].delta == f"{bound - before:+.4f}"


def test_counting_shows_what_is_drawn_and_can_be_stopped_and_gone_on_with(
    step: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    said_meanwhile: list[tuple[float, str]] = []
    real = DeltaGenerator.progress
    monkeypatch.setattr(
        DeltaGenerator, "progress", lambda self, *a, **k: (said_meanwhile.append(a), real(self, *a, **k))[1]
    )
    page = step(method="plain", step="3", copy="16", n0="20", sigma="0.31")
    shares = [share for share, _ in said_meanwhile]
    assert shares == [16 / 36, 20 / 36, 1]
    assert said_meanwhile[-1][1] == "36 of 36 votes"
    assert page.metric
    assert not [b for b in page.button if b.key == "step-stop"], "all is drawn"
    here = (state.resolved(settings.FIRST_PICTURE).sha256, page_config(page), 16)
    page.session_state["step-stopped"] = here  # what the button's callback does
    page.run()
    assert "Stopped before the vote" in said(page)
    assert not page.metric
    page.button(key="step-go-on").click().run()
    assert page.metric


def page_config(page: AppTest) -> SmoothingConfig:
    return SmoothingConfig(**{name: page.session_state[name] for name in settings.CONFIG_FIELDS})


def test_names_of_classes_are_text(step: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "class_names", lambda _: tuple(f"*{k}*" for k in range(10)))
    for at in ("6", "7", "8"):
        words = " ".join(e.value for page in (step(step=at),) for e in (*page.markdown, *page.caption))
        assert re.search(r"\\\*\d\\\*", words)
        assert not re.search(r"(?<!\\)\*\d", words)


def test_the_formulas_show_the_present_numbers(step: Visit) -> None:
    page = step(step="2", sigma="0.25")
    assert r"0.25" in said(page) + formulas(page)
    config = SmoothingConfig(sigma=0.25, n0=5, n=16, m=2)
    found = votes.traced(state.resolved(settings.FIRST_PICTURE), config, 1).diffusion
    assert found is not None
    assert f"t^* = {found.t}" in formulas(page)
    assert f"{found.alpha_bar:.4f}" in formulas(page)
    assert rf"{found.noise_ratio[found.t] ** 2:.4g} \ge 0.25" in formulas(page), "(2σ)²"
    assert f"T = {len(found.noise_ratio):,}" in said(page)


def test_the_address_keeps_step_and_copy(step: Visit) -> None:
    page = step(step="7", copy="3")
    assert page.subheader[0].value == "7 · One copy, one vote"
    assert page.number_input(key="step-copy").value == 3
    page.number_input(key="step-copy").set_value(5).run()
    page.button(key="step-back").click().run()
    assert (address(page)["step"], address(page)["copy"]) == ("6", "5")
    page.switch_page("pages/certify.py").run()
    assert "step" not in address(page)
    assert dials(page)["n"]["text"] == "16", "both pages have the same settings"
    page.switch_page("pages/step.py").run()
    assert page.number_input(key="step-copy").value == 5
    assert page.number_input(key="n").value == 16


@pytest.mark.parametrize(("name", "bad"), [("step", "0"), ("step", "x"), ("copy", "-3"), ("copy", "1e9")])
def test_a_bad_place_is_named(step: Visit, name: str, bad: str) -> None:
    page = step(**{name: bad})
    assert f"{name} = " in said(page)
    assert address(page)[name] == "1"


def test_a_place_beyond_the_end_is_the_last(step: Visit) -> None:
    page = step(method="plain", step="8", copy="5000")
    assert page.subheader[0].value == "3 · The vote is counted"
    assert page.button(key="step-next").disabled
    assert "copy 16 of 16" in said(page)


def test_settings_that_cannot_work_are_a_sentence(step: Visit) -> None:
    page = step(method="denoised", sigma="0.5")
    assert "was trained for sigma 0.25, not 0.5" in said(page)
    assert not page.subheader


def test_playing_goes_from_step_to_step_and_copy_to_copy(step: Visit) -> None:
    page = step(method="plain", step="2")
    page.button(key="step-play").click().run()
    assert page.button(key="step-play").label == "Pause"
    seen = []
    for _ in range(3):
        seen.append((address(page)["copy"], address(page)["step"]))
        page.run()  # as a tick does
    assert seen == [("1", "2"), ("1", "3"), ("2", "1")]
    page.button(key="step-play").click().run()
    at = address(page)["step"]
    page.run()
    assert address(page)["step"] == at


@pytest.mark.parametrize(
    ("stopping", "words"),
    [("fixed", "only at the end"), ("decided", "whenever one likes"), ("adaptive", "/2")],
)
def test_the_bounds_rule_is_the_runs(step: Visit, stopping: str, words: str) -> None:
    page = step(step="8", method="plain", stopping=stopping, target_radius="0", n="60", rounds="2")
    assert words in said(page) + formulas(page)
    assert ("Beta" in formulas(page)) == (stopping != "decided")


def test_votes_that_would_take_long_are_drawn_when_asked_for(
    step: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "votes_quickly", lambda _: False)
    page = step(step="3", method="plain", sigma="0.12")
    assert "take a CPU a minute" in said(page)
    assert not page.latex
    page.button(key="step-ask").click().run()
    assert "the 5 votes before this one would have to be drawn first" in said(page)


def test_a_late_copy_is_not_counted_here(step: Visit) -> None:
    page = step(step="3", method="plain", n="900000", copy="800000")
    assert "the 800,004 votes before this one would have to be drawn first" in said(page)


def test_the_timestep_is_marked_where_the_curve_reaches_the_noise() -> None:
    ratio = np.linspace(0.01, 4, 1000)
    t = int(np.searchsorted(ratio, 1.0))
    (series,) = charts.timestep(ratio, t, 0.5)["series"]
    lines = series["markLine"]["data"]
    assert (lines[0]["yAxis"], lines[1]["xAxis"]) == (1.0, t)
    assert series["markPoint"]["data"][0]["coord"] in series["data"]


def test_bars_keep_their_whole_and_the_winner_leads() -> None:
    p = np.array([0.02, 0.5, 0.08, 0.3, 0.1], np.float32)
    shown = softmax.leading(p, 4)
    assert shown == [1, 3, 4]
    bars = softmax.bars(p, shown, list("abcde"))
    assert [bar.label for bar in bars] == ["b", "d", "e", "other"]
    assert sum(bar.share for bar in bars) == pytest.approx(1)
    assert [bar.leads for bar in bars] == [True, False, False, False]
    assert softmax.leading(p, 5) == [0, 1, 2, 3, 4]
    assert softmax.leading(np.array([0.004, 0.99, 0.006, 0, 0], np.float32), 4) == [1, 2], "no row of 0.00"


def test_every_step_has_a_name_of_its_own() -> None:
    for method, number in STEPS.items():
        path = view.steps(SmoothingConfig(method=method))
        assert len({s.short for s in path}) == len(path) == number
