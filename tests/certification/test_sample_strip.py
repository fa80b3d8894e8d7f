"""The images of a vote as one PNG, and the bundled one."""

from __future__ import annotations

import numpy as np
import pytest

from diffsmooth_core.certification.progress import Pixels, Samples
from diffsmooth_core.certification.sample_strip import from_png, to_png
from ui.jobs import recordings
from ui.session import settings, state

RNG = np.random.default_rng(0)


def image() -> Pixels:
    return RNG.normal(0.5, 0.5, (4, 4, 3)).astype(np.float32)


@pytest.mark.parametrize(("purified", "local"), [(True, 5), (True, 0), (False, 3), (False, 0)])
def test_the_images_come_back_in_their_places_as_a_screen_shows_them(purified: bool, local: int) -> None:
    written = Samples(
        image(), image(), image() if purified else None, tuple(image() for _ in range(local)), 7
    )
    read = from_png(to_png(written), written.original)
    assert (read.vote, len(read.local), read.purified is None) == (7, local, not purified)
    assert read.original is written.original
    before = [written.noisy, *([written.purified] if purified else []), *written.local]
    after = [read.noisy, *([read.purified] if purified else []), *read.local]
    for was, now in zip(before, after, strict=True):
        assert now.dtype == np.float32
        assert np.abs(now - np.clip(was, 0, 1)).max() <= 0.5 / 255 + 1e-6


def test_the_bundled_images_are_of_the_recorded_picture_and_noise() -> None:
    run = recordings.recorded(state.resolved(settings.FIRST_PICTURE), settings.DEFAULTS)
    assert run is not None
    assert run.progress is not None
    config, samples = run.subject.config, run.progress.samples
    assert samples.purified is not None
    assert len(samples.local) == config.m
    assert samples.vote == run.progress.candidate
    assert np.array_equal(np.round(samples.original * 255), run.subject.picture.pixels)
    inside = (samples.noisy > 0) & (samples.noisy < 1)  # clipping leaves the middle of the noise
    offset = (samples.noisy - samples.original)[inside]
    assert np.abs(offset).max() < 1
    assert 0.2 < offset.std() < config.sigma
    assert np.abs(samples.purified - samples.original).mean() < 0.15
    for copy in samples.local:
        assert 0.5 * config.sigma_local < (copy - samples.purified).std() < config.sigma_local
