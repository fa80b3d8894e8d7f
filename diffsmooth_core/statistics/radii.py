"""Certified radii from confidence bounds, and certified accuracy and ACR from the radii of a set of
images."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

_DOWN = 1 - 2e-15  # rounds down by more than the quantile's relative error and two roundings


def certified_radius(p_lower: float, sigma: float) -> float:
    """sigma * Phi^-1(p_lower) in [0,1] pixel units, L2, rounded down; 0 where p_lower is not above 1/2.

    Source: Cohen et al. 2019, theorem 1 with p_B bounded by 1 - p_A.
    """
    return float(sigma * ndtri(p_lower)) * _DOWN if p_lower > 0.5 else 0.0


def share_for_radius(radius: float, sigma: float) -> float:
    """Phi(radius/sigma), the probability that a radius above 0 takes, rounded up: its `certified_radius` is
    at least `radius`. 1 where no smaller number is close enough."""
    share, step = float(ndtr(radius / sigma)), 2.0**-53
    while share < 1 and certified_radius(share, sigma) < radius:
        share, step = min(1.0, share + step), 2 * step
    return share


def guaranteed_share(p_lower: float, sigma: float, length: float) -> float:
    """A lower bound of a class's probability after any change of the image with L2 norm `length`.

    If the probability is at least p_lower before the change, it is at least Phi(Phi^-1(p_lower) -
    length/sigma) after it; this is 1/2 at the certified radius. length and sigma are in [0,1] pixel units.
    Source: Salman et al. 2019, lemma 2: Phi^-1 of the probability is 1/sigma-Lipschitz in the image.
    """
    return float(ndtr(ndtri(p_lower) - length / sigma))


def two_class_radius(p_a_lower: float, p_b_upper: float, sigma: float) -> float:
    """Equation (1): sigma/2 (Phi^-1(p_A) - Phi^-1(p_B)), L2 in [0,1] pixel units, rounded down.

    0 where p_A is not above p_B. The two bounds must hold simultaneously, as those of `two_class_bounds` do.
    """
    if not p_a_lower > p_b_upper:
        return 0.0
    a, b = float(ndtri(p_a_lower)), float(ndtri(p_b_upper))
    if math.isinf(a - b):  # no bound leaves that, but the largest radius that unanimous votes leave possible
        return math.inf
    return max(0.0, sigma / 2 * (a - b - 2e-15 * (abs(a) + abs(b)))) * _DOWN


def certified_accuracy(radii: npt.ArrayLike, correct: npt.ArrayLike, at: float) -> float:
    """The share of images that are classified correctly and have a radius of at least `at`.

    radii: (images,), 0 for abstentions; correct: (images,) booleans, False for abstentions.
    """
    radius, right = np.asarray(radii, float), np.asarray(correct, bool)
    return float(np.mean(right & (radius >= at)))


def average_certified_radius(radii: npt.ArrayLike, correct: npt.ArrayLike) -> float:
    """ACR: the mean radius, where misclassified images and abstentions count as 0 (Zhai et al. 2020).

    radii and correct as for `certified_accuracy`.
    """
    return float(np.mean(np.asarray(radii, float) * np.asarray(correct, bool)))
