"""From bounds to radii, and from a set's radii to the field's two summary numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import norm


def certified_radius(p_lower: float, sigma: float) -> float:
    """sigma * Phi^-1(p_lower) in [0,1] pixel units, L2; 0 where p_lower is not above 1/2.

    Source: Cohen et al. 2019, theorem 1 with p_B bounded by 1 - p_A.
    """
    return float(sigma * norm.ppf(p_lower)) if p_lower > 0.5 else 0.0


def certified_accuracy(radii: npt.ArrayLike, correct: npt.ArrayLike, at: float) -> float:
    """The share of images that are classified correctly with a radius of at least `at`.

    radii: (images,), abstentions 0; correct: (images,) of truth values, False for abstentions.
    """
    radius, right = np.asarray(radii, float), np.asarray(correct, bool)
    return float(np.mean(right & (radius >= at)))


def average_certified_radius(radii: npt.ArrayLike, correct: npt.ArrayLike) -> float:
    """ACR: the mean radius, wrong or abstained images counting 0 (Zhai et al. 2020)."""
    return float(np.mean(np.asarray(radii, float) * np.asarray(correct, bool)))
