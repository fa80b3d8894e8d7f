"""The noise that certificates of schema 2 were made with."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from scipy.stats import norm

from diffsmooth_core.certification.noise_v2 import NoiseSourceV2
from tests.worlds import SHAPE

SOURCE = NoiseSourceV2.seeded(7, "ab" * 32, "selection")


def philox(seed: int, image: str, stage: str, vote: int, kind: int) -> np.random.Generator:
    key = int.from_bytes(hashlib.sha256(f"{seed}/{image}/{stage}".encode()).digest()[:16], "little")
    return np.random.Generator(np.random.Philox(key=key, counter=[0, 0, vote, kind]))


def test_normal_noise_is_the_ziggurat_of_its_stream() -> None:
    """These values are the format: another generator or key would void the certificates."""
    found = SOURCE.local(5, 45, 2, SHAPE).numpy()
    for vote in range(5, 45):
        expected = philox(7, "ab" * 32, "selection", vote, 1).standard_normal((2, *SHAPE), np.float32)
        assert np.array_equal(found[vote - 5], expected)
    first = SOURCE.outer(5, 6, SHAPE).flatten()[:3].tolist()
    assert first == pytest.approx([1.7278376, 0.7804124, 0.9162804], abs=1e-6)


@pytest.mark.parametrize("sigma", [0.004, 0.12, 0.5, 2.0])
def test_noise_in_steps_is_the_rounded_quantile_of_its_stream(sigma: float) -> None:
    source = NoiseSourceV2.seeded(0, "a" * 64, "estimation")
    copies = source.noisy(7, 27, torch.full(SHAPE, 100 / 255), sigma).numpy()
    uniform = np.stack([philox(0, "a" * 64, "estimation", vote, 2).random(SHAPE) for vote in range(7, 27)])
    k = max(1, int(6 * sigma))
    expected = (100 + np.rint(255 * sigma * norm.ppf(uniform))).clip(-255 * k, 255 * (k + 1))
    assert np.array_equal(copies, (expected / 255).astype(np.float32))


def test_noise_in_steps_stays_as_it_was() -> None:
    source = NoiseSourceV2.seeded(0, "a" * 64, "estimation")
    steps = (source.noisy(7, 8, torch.zeros(SHAPE), 0.5) * 255).round().int().flatten()
    assert steps[:12].tolist() == [-1, 174, 27, -197, 50, 70, -17, 212, 68, 26, -36, 18]
