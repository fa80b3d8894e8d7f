"""The images of votes as one PNG, and the bundled one."""

from __future__ import annotations

import numpy as np
import pytest

from diffsmooth_core.certification.progress import Pixels, Samples
from diffsmooth_core.certification.sample_sheet import from_png, to_png
from diffsmooth_core.paths import ASSETS
from ui.jobs import recordings
from ui.jobs.copies import LOCAL
from ui.session import settings, state

RNG = np.random.default_rng(0)


def image() -> Pixels:
    return RNG.normal(0.5, 0.5, (4, 4, 3)).astype(np.float32)


@pytest.mark.parametrize(("purified", "local"), [(True, 5), (True, 0), (False, 3), (False, 0)])
def test_the_images_come_back_in_their_places_as_a_screen_shows_them(purified: bool, local: int) -> None:
    original = image()
    written = [
        Samples(original, image(), image() if purified else None, tuple(image() for _ in range(local)), 7, i)
        for i in (3, 12)
    ]
    read = from_png(to_png([("selection", written[0]), ("estimation", written[1])]), original)
    assert [(stage, one.index) for stage, one in read] == [("selection", 3), ("estimation", 12)]
    for (_, one), was in zip(read, written, strict=True):
        assert (one.vote, len(one.local), one.purified is None) == (7, local, not purified)
        assert one.original is original
        before = [was.noisy, *([was.purified] if purified else []), *was.local]
        after = [one.noisy, *([one.purified] if purified else []), *one.local]
        for then, now in zip(before, after, strict=True):
            assert now.dtype == np.float32
            assert np.abs(now - np.clip(then, 0, 1)).max() <= 0.5 / 255 + 1e-6


def test_the_bundled_images_are_of_the_recorded_picture_noise_and_votes() -> None:
    run = recordings.recorded(state.resolved(settings.FIRST_PICTURE), settings.DEFAULTS)
    assert run is not None
    assert run.progress is not None
    config, progress, picture = run.subject.config, run.progress, run.subject.picture
    original = np.divide(picture.pixels, 255, dtype=np.float32)
    shown = from_png((ASSETS / "runs" / "first-cifar10.png").read_bytes(), original)
    votes = {"selection": progress.selection.classes, "estimation": progress.estimation.classes}
    apart = 0
    for stage, samples in shown:
        assert samples.purified is not None
        assert len(samples.local) == LOCAL
        assert samples.vote == votes[stage][samples.index]
        apart += samples.vote != progress.candidate
        inside = (samples.noisy > 0) & (samples.noisy < 1)  # clipping leaves the middle of the noise
        offset = (samples.noisy - original)[inside]
        assert np.abs(offset).max() < 1
        assert 0.2 < offset.std() < config.sigma
        assert np.abs(samples.purified - original).mean() < 0.25
        for copy in samples.local:
            assert 0.5 * config.sigma_local < (copy - samples.purified).std() < config.sigma_local
    assert apart == config.n - progress.counts[progress.candidate], "every dissenter can be held"
