"""Gaussian noise in whole steps of a picture of 8 bits, from 64-bit words and integer thresholds.

The noise is Gaussian noise rounded to multiples of 1/255, with P(noise <= i) = Phi((2i+1) / (510 sigma)) for
every whole i: a 64-bit word is compared with these numbers times 2^64. They are computed in integers, so that
every machine has the same, and rounded to integers, which is all that sets the noise apart from exact
Gaussian noise.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import takewhile

import numpy as np
import numpy.typing as npt

from diffsmooth_core.certification.normal import Words
from diffsmooth_core.config import InputError

Steps = npt.NDArray[np.int32]

LEVELS = 255  # decoded images are multiples of 1/LEVELS
_WIDEST = 100.0  # the largest sigma: thresholds of a larger one take a minute to compute
_BITS = 192  # binary places in which thresholds are computed
_DENSITY = 0x662114CF50D942343F2CF1402EAE38BFD3829F30512706D8  # of a standard normal at 0, times 2^_BITS
_GUIDE = 16  # first bits of a word, which nearly always decide its noise
_UNDECIDED = np.iinfo(np.int32).min


def clip_range(sigma: float) -> tuple[int, int]:
    """The least and largest step of a noisy copy: -255k and 255(k+1) with k = max(1, floor(6 sigma))."""
    k = max(1, math.floor(6 * sigma))
    return -k * LEVELS, (k + 1) * LEVELS


def _tail(numerator: int, denominator: int) -> int:
    """2^64 (1 - Phi(numerator / denominator)) to the nearest integer, for quotients from 0 to 10.

    The series Phi(x) = 1/2 + phi(0) sum_k (-1)^k x^(2k+1) / (2^k k! (2k+1)) in fixed point. Its terms reach
    2^70 and each is off by less than 2^-_BITS, so that more than 100 correct places are left.
    """
    x = (numerator << _BITS) // denominator
    square = x * x >> _BITS
    term, total, k = x, x, 0
    while term:
        k += 1
        term = -(term * square >> _BITS) // (2 * k)
        total += term // (2 * k + 1)
    tail = (1 << _BITS - 1) - (total * _DENSITY >> _BITS)
    return (tail >> _BITS - 65) + 1 >> 1


class RoundedGaussian:
    """Noise of standard deviation sigma, in [0,1] pixel units, in steps of 1/255.

    `thresholds` (2*reach,) are 2^64 P(noise <= i) to the nearest integer, for i from -reach to reach-1.
    Beyond `reach` either way there is no noise: it would be clipped, or it has a probability below 2^-65.
    Raises InputError for a sigma above 100.
    """

    def __init__(self, sigma: float) -> None:
        if not sigma <= _WIDEST:
            raise InputError(
                f"noise 'sound' is for a sigma up to {_WIDEST:g}, got {sigma:g}; use noise 'fresh'"
            )
        numerator, denominator = sigma.as_integer_ratio()
        needed = range(clip_range(sigma)[1])
        above = (_tail((2 * i + 1) * denominator, 2 * LEVELS * numerator) for i in needed)
        tails = list(takewhile(bool, above))  # 2^64 P(noise > i) = 2^64 P(noise <= -i-1)
        self.sigma, self.reach = sigma, len(tails)
        self.thresholds = np.array([*reversed(tails), *(2**64 - tail for tail in tails)], np.uint64)
        first: Words = np.arange(2**_GUIDE, dtype=np.uint64) << np.uint64(64 - _GUIDE)
        least, most = self._reached(first), self._reached(first | np.uint64(2 ** (64 - _GUIDE) - 1))
        self._guide = np.where(least == most, least, _UNDECIDED)

    def _reached(self, words: Words) -> Steps:
        return (np.searchsorted(self.thresholds, words, side="right") - self.reach).astype(np.int32)

    def fill(self, words: Words, out: Steps) -> None:
        """Fill `out` (k,) with the noise of `words` (k,), in steps."""
        np.take(self._guide, (words >> np.uint64(64 - _GUIDE)).view(np.int64), out=out, mode="clip")
        undecided = np.flatnonzero(out == _UNDECIDED)
        out[undecided] = self._reached(words[undecided])

    def total_variation(self, values: int) -> float:
        """At most how far the joint law of so many values of noise lies from that of exact Gaussian noise
        that is rounded to steps and clipped, in total variation.

        Take both from one uniform number: they differ only where it falls between an exact threshold and its
        rounding, at most 2^-65 apart, or beyond the last threshold, with probability 2^-65 at either end. The
        probabilities add up over thresholds and values.
        """
        return min(1.0, math.nextafter(values * (self.reach + 1) / 2**64, math.inf))


@lru_cache(maxsize=16)
def rounded_gaussian(sigma: float) -> RoundedGaussian:
    """The noise of a sigma, with its thresholds kept: they take a tenth of a second to compute."""
    return RoundedGaussian(sigma)
