"""The noise: keyed by commitment, picture, stage and vote, independent, standard normal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, norm

from diffsmooth_core.certification.noise import NoiseKey, NoiseSource, image_sha256
from diffsmooth_core.certification.normal import standard_normal
from tests.worlds import GREY, SHAPE

IMAGE = image_sha256(GREY)
KEY = NoiseKey("c0" * 32, "0f" * 16)
SOURCE = KEY.source(IMAGE, "estimation")
WORD = 2**64


def test_the_same_key_gives_the_same_noise_whatever_the_chunks() -> None:
    whole = SOURCE.outer(0, 90, SHAPE)
    assert whole.dtype == torch.float32
    assert torch.equal(torch.cat([SOURCE.outer(0, 7, SHAPE), SOURCE.outer(7, 90, SHAPE)]), whole)
    local = SOURCE.local(0, 9, 3, SHAPE)
    assert local.shape == (9, 3, *SHAPE)
    assert torch.equal(torch.cat([SOURCE.local(v, v + 1, 3, SHAPE) for v in range(9)]), local)


def philox(key: int, counter: tuple[int, int, int, int]) -> list[int]:
    """Philox 4x64-10 in whole numbers, from Salmon et al. 2011."""
    c0, c1, c2, c3 = counter
    k1, k0 = divmod(key, WORD)
    for _ in range(10):
        (high0, low0), (high1, low1) = (
            divmod(0xD2E7470EE14C6C93 * c0, WORD),
            divmod(0xCA5A826395121157 * c2, WORD),
        )
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) % WORD, (k1 + 0xBB67AE8584CAA73B) % WORD
    return [c0, c1, c2, c3]


def test_philox_gives_the_published_numbers() -> None:
    """The known answers that come with the authors' implementation, Random123."""
    zeros = [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B]
    assert philox(0, (0, 0, 0, 0)) == zeros
    ones = [0x87B092C3013FE90B, 0x438C3C67BE8D0224, 0x9CC7D7C69CD777B6, 0xA09CAEBF594F0BA0]
    assert philox(WORD**2 - 1, (WORD - 1,) * 4) == ones


@pytest.mark.parametrize(("kind", "each"), [(0, 3072), (1, 2 * 3072)])
def test_a_value_is_made_of_the_word_that_its_counter_names(kind: int, each: int) -> None:
    """So that another implementation, a GPU's say, can draw any value of any vote by itself."""
    name = f"diffsmooth noise 3/{'c0' * 32}/{'0f' * 16}/{IMAGE}/estimation"
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "little")
    found = SOURCE.outer(5, 45, SHAPE) if kind == 0 else SOURCE.local(5, 45, 2, SHAPE)
    values = found.flatten(1).numpy()  # as many as several threads draw
    for vote, number in [(5, 0), (5, 1), (5, 6), (9, each - 1), (26, 1023), (26, 1024), (44, each - 1)]:
        word = philox(key, (1 + number // 4, 0, vote, kind))[number % 4]
        expected = np.empty(1, np.float32)
        standard_normal(np.array([word], np.uint64), expected)
        assert values[vote - 5, number] == expected[0], (vote, number)


def bits(noise: torch.Tensor) -> list[str]:
    """The bits of the first four float32 values."""
    return [f"{value:08x}" for value in noise.flatten()[:4].view(torch.int32).numpy().view(np.uint32)]


def test_the_noise_stays_as_it_is() -> None:
    """These values are the format: another key, word or table would void every stored certificate."""
    assert SOURCE.key == 280029233500788863968173428150148266305
    assert bits(SOURCE.outer(5, 6, SHAPE)) == ["bf27618b", "bf22ad22", "bf1eed40", "3f8a3d5f"]
    assert bits(SOURCE.local(5, 6, 2, SHAPE)) == ["4010b055", "3e51e84a", "bf8308a4", "3f9a3916"]
    seeded = NoiseSource.seeded(7, IMAGE, "plane")
    assert seeded.key == 290574345489630854661872561203027654795
    assert bits(seeded.outer(0, 1, SHAPE)) == ["bf3adb89", "bf4285c9", "bff290bd", "bee3ed7c"]


def test_a_vote_larger_than_what_is_drawn_at_once_is_drawn_in_order() -> None:
    """Values of a large picture, whose votes span several tasks, against the same stream drawn as many small
    votes would be: the first values of a vote do not depend on how many follow."""
    large = torch.Size((3, 151, 151))  # 68,403 values, no multiple of four
    wide = SOURCE.local(0, 3, 2, large)
    assert torch.equal(SOURCE.local(0, 3, 1, large)[:, 0], wide[:, 0])
    assert torch.equal(SOURCE.local(2, 3, 2, large)[0], wide[2])
    assert torch.equal(SOURCE.local(0, 3, 1, SHAPE).flatten(1), wide.flatten(1)[:, :3072])


OTHERS: list[tuple[str, Callable[[], torch.Tensor]]] = [
    ("commitment", lambda: NoiseKey("c1" * 32, "0f" * 16).source(IMAGE, "estimation").outer(0, 33, SHAPE)),
    ("nonce", lambda: NoiseKey("c0" * 32).source(IMAGE, "estimation").outer(0, 33, SHAPE)),
    ("image", lambda: KEY.source(IMAGE[::-1], "estimation").outer(0, 33, SHAPE)),
    ("stage", lambda: KEY.source(IMAGE, "selection").outer(0, 33, SHAPE)),
    ("seeded", lambda: NoiseSource.seeded(0, IMAGE, "estimation").outer(0, 33, SHAPE)),
    ("votes", lambda: SOURCE.outer(33, 66, SHAPE)),
    ("next vote", lambda: SOURCE.outer(1, 34, SHAPE)),
    ("local, first copy", lambda: SOURCE.local(0, 33, 2, SHAPE)[:, 0]),
    ("local, second copy", lambda: SOURCE.local(0, 33, 2, SHAPE)[:, 1]),
]


@pytest.mark.parametrize("other", [draw for _, draw in OTHERS], ids=[name for name, _ in OTHERS])
def test_another_key_gives_independent_noise(other: Callable[[], torch.Tensor]) -> None:
    """Correlation over 101,376 pairs: a standard normal times 1/sqrt(n), at most 5 of those."""
    here, there = SOURCE.outer(0, 33, SHAPE).flatten().double(), other().flatten().double()
    assert torch.isin(here[:3072], there).double().mean() < 0.2, "float32 values coincide now and then only"
    assert abs(float((here * there).mean())) < 5 / len(here) ** 0.5
    assert abs(float((here**2 * there**2).mean()) - 1) < 5 * (8 / len(here)) ** 0.5


def test_fresh_local_noise_is_independent_among_votes_and_copies() -> None:
    draws = SOURCE.local(0, 12, 3, SHAPE).flatten(0, 1).flatten(1).double()  # (36, 3072)
    correlations = (draws @ draws.T / draws.shape[1])[~torch.eye(36, dtype=torch.bool)]
    assert float(correlations.abs().max()) < 5 / draws.shape[1] ** 0.5


@pytest.mark.parametrize("kind", ["outer", "local"])
def test_the_noise_is_standard_normal(kind: str) -> None:
    draw = SOURCE.outer(0, 40, SHAPE) if kind == "outer" else SOURCE.local(0, 8, 5, SHAPE)
    sample = draw.double().flatten().numpy()
    n = len(sample)
    assert n > 1e5
    assert abs(sample.mean()) < 5 / n**0.5
    assert abs(sample.var() - 1) < 5 * (2 / n) ** 0.5
    assert kstest(sample, norm.cdf).pvalue > 1e-4
    assert np.abs(sample).max() > 4, "the tails are there"


def test_a_picture_on_the_grid_is_known_by_its_decoded_bytes() -> None:
    pixels = np.arange(3072, dtype=np.int64).reshape(32, 32, 3).astype(np.uint8)
    x = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
    assert image_sha256(x) == hashlib.sha256(pixels.tobytes()).hexdigest()
    assert image_sha256(x.contiguous(memory_format=torch.contiguous_format).clone()) == image_sha256(x)


@given(st.integers(0, 3071), st.sampled_from([1e-4, -1e-4]))
def test_a_picture_off_the_grid_has_a_key_of_its_own(at: int, by: float) -> None:
    x = torch.full(SHAPE, 100 / 255)
    moved = x.clone()
    moved.view(-1)[at] += by
    assert image_sha256(moved) != image_sha256(x)
    moved.view(-1)[at] += by
    assert image_sha256(moved) == hashlib.sha256(moved.numpy().tobytes()).hexdigest()
