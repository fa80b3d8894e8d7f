"""The noise: keyed by (seed, image, stage, vote), independent, standard normal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, norm

from diffsmooth_core.certification.noise import NoiseSource, image_sha256
from tests.worlds import GREY, SHAPE

IMAGE = image_sha256(GREY)
SOURCE = NoiseSource(0, IMAGE, "estimation")


def test_the_same_key_gives_the_same_noise_whatever_the_chunks() -> None:
    whole = SOURCE.outer(0, 90, SHAPE)
    assert whole.dtype == torch.float32
    assert torch.equal(torch.cat([SOURCE.outer(0, 7, SHAPE), SOURCE.outer(7, 90, SHAPE)]), whole)
    local = SOURCE.local(0, 9, 3, SHAPE)
    assert local.shape == (9, 3, *SHAPE)
    assert torch.equal(torch.cat([SOURCE.local(v, v + 1, 3, SHAPE) for v in range(9)]), local)


def test_the_stream_is_the_one_that_certificates_were_made_with() -> None:
    """These values are the format: another generator or key would void every stored certificate."""
    source = NoiseSource(7, "ab" * 32, "selection")
    key = int.from_bytes(hashlib.sha256(f"7/{'ab' * 32}/selection".encode()).digest()[:16], "little")
    found = source.local(5, 45, 2, SHAPE).numpy()  # as many as several threads draw
    for vote in range(5, 45):
        bits = np.random.Philox(key=key, counter=[0, 0, vote, 1])
        expected = np.random.Generator(bits).standard_normal((2, *SHAPE), np.float32)
        assert np.array_equal(found[vote - 5], expected)
    first = source.outer(5, 6, SHAPE).flatten()[:3].tolist()
    assert first == pytest.approx([1.7278376, 0.7804124, 0.9162804], abs=1e-6)


OTHERS: list[tuple[str, Callable[[], torch.Tensor]]] = [
    ("seed", lambda: NoiseSource(1, IMAGE, "estimation").outer(0, 33, SHAPE)),
    ("image", lambda: NoiseSource(0, IMAGE[::-1], "estimation").outer(0, 33, SHAPE)),
    ("stage", lambda: NoiseSource(0, IMAGE, "selection").outer(0, 33, SHAPE)),
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
