"""Standard normal numbers from words: against scipy's quantiles, and bit for bit."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from scipy.special import ndtri

from diffsmooth_core.certification.normal import Float32s, Words, coefficients, standard_normal

LOW = np.uint64(2**63 - 1)  # a word without its highest bit
DIGEST = "99dabaea18f72fc907333b5989b522a6590ab0ab9abbccf47baf4eae7d99ae6a"
RANDOM = np.random.Generator(np.random.Philox(key=1))


def normal(words: Words) -> Float32s:
    out = np.empty(len(words), np.float32)
    standard_normal(words.copy(), out)
    return out


def borders(around: int) -> Words:
    """The words about the first of every segment: `around` float32 numbers to either side, as far as those
    are whole."""
    first = (127 << 23) + np.arange(128 * 63 + 1, dtype=np.int64)[:, None] * 2**16
    near = (first + np.arange(-around, around + 1)).clip(127 << 23, 190 << 23).astype(np.int32)
    sizes = np.unique(near.view(np.float32).astype(np.float64).round())
    return np.minimum(sizes, 2.0**63 - 1024).astype(np.uint64)


def tails() -> Words:
    """A million words without their sign, every octave as often as any other."""
    return RANDOM.integers(0, 2**63, 2**20, dtype=np.uint64) >> RANDOM.integers(0, 63, 2**20, dtype=np.uint64)


WORDS = {
    "of random words": RANDOM.integers(0, 2**63, 2**20, dtype=np.uint64),
    "of every octave": tails(),
    "at the borders of segments": borders(8),
    "of the least words": np.arange(4096, dtype=np.uint64),
    "of the greatest words": LOW - np.arange(0, 2**40, 2**28, dtype=np.uint64),
}


@pytest.mark.parametrize("name", WORDS)
def test_a_number_is_the_quantile_of_its_word(name: str) -> None:
    words = WORDS[name]
    exact = -ndtri((words | np.uint64(1)) / 2.0**64)
    error = np.abs(normal(words) - exact)
    assert error.max() < 9.5e-7
    assert error[exact < 8].max(initial=0) < 5e-7
    assert (error / np.maximum(exact, 1)).max() < 1.4e-7


def test_the_numbers_reach_as_far_as_64_bits_do() -> None:
    ends = normal(np.array([0, 1, 2**63 - 1, 2**63, 2**63 + 1, 2**64 - 1], np.uint64))
    far = np.float32(9.080155)
    assert ends.tolist() == [far, far, 0.0, -far, -far, 0.0]
    assert far == pytest.approx(-ndtri(2.0**-64))
    assert np.signbit(ends).tolist() == [False] * 3 + [True] * 3


def test_the_numbers_are_symmetric_and_fall_from_word_to_word() -> None:
    words = np.sort(np.concatenate([borders(600), tails()]))
    numbers = normal(words)
    assert (np.diff(numbers) <= 0).all()
    assert np.array_equal(normal(words | ~LOW), -numbers)


def test_the_same_steps_in_torch_give_the_same_bits() -> None:
    """The steps that the module's docstring lists, written for another library."""
    words = np.concatenate([*WORDS.values(), ~WORDS["of random words"]])
    w = torch.from_numpy(words.view(np.int64))
    t = ((w & (2**63 - 1)) | 1).float().view(torch.int32)
    segment = (t >> 16).long() - 127 * 128
    c0, c1, c2 = (torch.from_numpy(c)[segment] for c in coefficients())
    t = (t & 0xFFFF).float()
    z = (c2 * t + c1) * t + c0
    expected = torch.where(w < 0, -z, z)
    assert np.array_equal(normal(words).view(np.int32), expected.view(torch.int32).numpy())


def test_the_coefficients_stay_as_they_are() -> None:
    """Their bits are the format: a certificate's votes follow from them."""
    assert [len(c) for c in coefficients()] == [8065] * 3
    bits = b"".join(c.astype("<f4").tobytes() for c in coefficients())
    assert hashlib.sha256(bits).hexdigest() == DIGEST
