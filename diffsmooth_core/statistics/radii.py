"""From bounds to radii, and from a set's radii to the field's two summary numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

_DOWN = 1 - 2e-15  # the quantile's relative error and two roundings


def certified_radius(p_lower: float, sigma: float) -> float:
    """sigma * Phi^-1(p_lower) in [0,1] pixel units, L2, rounded down; 0 where p_lower is not above 1/2.

    Source: Cohen et al. 2019, theorem 1 with p_B bounded by 1 - p_A.
    """
    return float(sigma * ndtri(p_lower)) * _DOWN if p_lower > 0.5 else 0.0


def guaranteed_share(p_lower: float, sigma: float, length: float) -> float:
    """Phi(Phi^-1(p_lower) - length/sigma): the least share of votes that a class whose share is p_lower or
    more keeps after any change of the picture of that L2 length; 1/2 at the certified radius.

    Source: Salman et al. 2019, lemma 2: Phi^-1 of a share is 1/sigma-Lipschitz.
    """
    return float(ndtr(ndtri(p_lower) - length / sigma))


def two_class_radius(p_a_lower: float, p_b_upper: float, sigma: float) -> float:
    """Equation (1): sigma/2 (Phi^-1(p_A) - Phi^-1(p_B)), rounded down; 0 where p_A is not above p_B.

    The bounds have to hold simultaneously, as those of `two_class_bounds` do.
    """
    if not p_a_lower > p_b_upper:
        return 0.0
    a, b = float(ndtri(p_a_lower)), float(ndtri(p_b_upper))
    return max(0.0, sigma / 2 * (a - b - 2e-15 * (abs(a) + abs(b)))) * _DOWN


def certified_accuracy(radii: npt.ArrayLike, correct: npt.ArrayLike, at: float) -> float:
    """The share of images that are classified correctly with a radius of at least `at`.

    radii: (images,), abstentions 0; correct: (images,) of truth values, False for abstentions.
    """
    radius, right = np.asarray(radii, float), np.asarray(correct, bool)
    return float(np.mean(right & (radius >= at)))


def average_certified_radius(radii: npt.ArrayLike, correct: npt.ArrayLike) -> float:
    """ACR: the mean radius, wrong or abstained images counting 0 (Zhai et al. 2020)."""
    return float(np.mean(np.asarray(radii, float) * np.asarray(correct, bool)))
