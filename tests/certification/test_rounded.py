"""Noise in whole steps: its thresholds against 50 digits, and its law."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy.stats import norm

from diffsmooth_core.certification.rounded import RoundedGaussian, rounded_gaussian
from diffsmooth_core.config import InputError


def exact(i: int, sigma: float) -> mpmath.mpf:
    """2^64 P(noise <= i) = 2^64 Phi((2i+1) / (510 sigma)), to 50 digits."""
    with mpmath.workdps(50):
        return 2**64 * mpmath.ncdf(mpmath.mpf(2 * i + 1) / (510 * mpmath.mpf(sigma)))


@pytest.mark.parametrize("sigma", [0.001, 0.004, 0.12, 0.5, 2.0])
def test_thresholds_are_the_nearest_integers_to_the_exact_ones(sigma: float) -> None:
    gaussian = rounded_gaussian(sigma)
    thresholds, reach = gaussian.thresholds.tolist(), gaussian.reach
    assert thresholds == sorted(thresholds)
    for i in {-reach, -reach + 1, -reach // 2, -2, -1, 0, 1, reach // 2, reach - 2, reach - 1} & set(
        range(-reach, reach)
    ):
        assert abs(thresholds[i + reach] - exact(i, sigma)) <= 0.5, i
    assert [2**64 - t for t in reversed(thresholds)] == thresholds, "as often up as down"


@pytest.mark.parametrize(("sigma", "reach"), [(0.004, 9), (0.12, 280), (0.5, 1020), (2.0, 3315)])
def test_noise_reaches_to_where_it_is_clipped_or_as_good_as_impossible(sigma: float, reach: int) -> None:
    assert rounded_gaussian(sigma).reach == reach
    clipped = reach == 255 * (max(1, int(6 * sigma)) + 1)
    assert clipped or exact(-reach - 1, sigma) < 0.5 < exact(-reach, sigma)


@pytest.mark.parametrize("sigma", [0.001, 0.12, 0.5, 2.0])
def test_noise_is_the_number_of_thresholds_reached(sigma: float) -> None:
    """At every threshold and just below it, where a word decides, and for random words."""
    gaussian = rounded_gaussian(sigma)
    at = gaussian.thresholds
    random = np.random.Generator(np.random.Philox(key=2)).integers(0, 2**64, 4096, dtype=np.uint64)
    words = np.concatenate([at, at - np.uint64(1), random, np.array([0, 2**64 - 1], np.uint64)])
    noise = np.empty(len(words), np.int32)
    gaussian.fill(words, noise)
    thresholds, reach = at.tolist(), gaussian.reach
    assert noise.tolist() == [bisect_right(thresholds, word) - reach for word in words.tolist()]
    assert noise[-2:].tolist() == [-reach, reach]
    quantile = 255 * sigma * norm.ppf((random + 0.5) / 2.0**64)
    assert np.array_equal(noise[4 * reach : -2], np.rint(quantile))


@pytest.mark.parametrize("sigma", [0.004, 0.12, 0.5])
def test_the_distance_from_gaussian_noise_is_below_its_bound(sigma: float) -> None:
    """Half the sum of the differences between the probabilities of every step, in 50 digits."""
    gaussian = rounded_gaussian(sigma)
    reach = gaussian.reach
    with mpmath.workdps(50):
        cumulative = [mpmath.mpf(0), *(exact(i, sigma) for i in range(-reach, reach)), mpmath.mpf(2**64)]
        rounded = [0, *gaussian.thresholds.tolist(), 2**64]
        steps = [
            (b - a) - (d - c)
            for a, b, c, d in zip(cumulative, cumulative[1:], rounded, rounded[1:], strict=False)
        ]
        distance = sum(map(abs, steps)) / 2 / 2**64
    assert 0 < distance <= gaussian.total_variation(1) < 20 * distance
    many = 3072 * 100_000
    assert gaussian.total_variation(many) >= Fraction(many * (reach + 1), 2**64)
    assert gaussian.total_variation(2**70) == 1


def test_a_sigma_that_would_take_minutes_is_refused() -> None:
    with pytest.raises(InputError, match=r"sigma up to 100, got 1e\+308; use noise 'fresh'"):
        RoundedGaussian(1e308)
