"""The copies that a run keeps to be shown."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from diffsmooth_core import Progress, SmoothingConfig
from diffsmooth_core.certification.progress import Samples
from tests.ui.conftest import progress
from ui.jobs.copies import LOCAL, MOST, SIDE, Copy, copy_of, with_copies

CAT, DOG = 3, 5
RNG = np.random.default_rng(0)


def samples(vote: int, index: int, local: int = 5, side: int = 32) -> Samples:
    noisy, purified, *copies = RNG.random((2 + local, side, side, 3), np.float32)
    return Samples(np.full_like(noisy, 0.5), noisy, purified, tuple(copies), vote, index)


def tiles(copy: Copy) -> list[np.ndarray]:
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(copy.sheet.partition(",")[2]))))
    return list(np.split(sheet, len(copy.images), axis=1))


def test_a_copys_sheet_has_its_images_side_by_side_and_a_dissenters_noise() -> None:
    shown = samples(DOG, 7)
    copy = copy_of(shown, "estimation", dissents=True)
    assert copy.images == ("noisy", "purified", *["local"] * LOCAL, "noise")
    noisy, purified, *local, noise = tiles(copy)
    images = (shown.noisy, shown.purified, *shown.local[:LOCAL])
    for tile, image in zip((noisy, purified, *local), images, strict=True):
        assert np.array_equal(tile, np.round(255 * image))
    change = shown.noisy - shown.original
    assert np.corrcoef(noise.ravel(), change.ravel())[0, 1] > 0.999
    assert copy_of(shown, "estimation").images == copy.images[:-1]


def test_a_photographs_copy_is_scaled_down_and_small() -> None:
    copy = copy_of(samples(CAT, 0, local=2, side=224), "estimation")
    assert [tile.shape for tile in tiles(copy)] == [(SIDE, SIDE, 3)] * 4
    assert len(copy.sheet) < 80_000


def steps(count: int) -> Iterator[Progress]:
    """A run each of whose steps ends with a vote for the candidate, after one of a dissenter."""
    whole = progress(SmoothingConfig(), [(CAT, 100)], [(CAT, 1000)], finished=False)
    for i in range(count):
        yield replace(whole, samples=samples(CAT, 10 * i + 9), dissenting=(samples(DOG, 10 * i + 4),))


@pytest.mark.parametrize("count", [3, 60])
def test_a_run_keeps_its_first_dissenters_and_some_others_from_begin_to_end(count: int) -> None:
    copies: tuple[Copy, ...] = ()
    for step in steps(count):
        copies = with_copies(copies, step)
    dissenters = [copy.index for copy in copies if copy.dissents]
    others = [copy.index for copy in copies if not copy.dissents]
    assert dissenters == [10 * i + 4 for i in range(min(count, MOST))]
    assert len(others) == count if count <= MOST else MOST / 2 <= len(others) <= MOST
    assert others[0] == 9, "the first stays"
    assert others[-1] >= 10 * (count - 2), "and one of the last"
    assert [copy.index for copy in copies] == sorted(copy.index for copy in copies) or count > MOST
