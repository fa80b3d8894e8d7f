"""Bounds, radii, certified accuracy and ACR. NumPy and SciPy only."""

from diffsmooth_core.statistics.bounds import (
    anytime_lower,
    anytime_upper,
    clopper_pearson_lower,
    clopper_pearson_upper,
    two_class_bounds,
    votes_to_certify,
)
from diffsmooth_core.statistics.multiple import bonferroni_alpha, family_wise_level
from diffsmooth_core.statistics.proportion import Proportion
from diffsmooth_core.statistics.radii import (
    average_certified_radius,
    certified_accuracy,
    certified_radius,
    guaranteed_share,
    two_class_radius,
)
from diffsmooth_core.statistics.sign_test import sign_test

__all__ = [
    "Proportion",
    "anytime_lower",
    "anytime_upper",
    "average_certified_radius",
    "bonferroni_alpha",
    "certified_accuracy",
    "certified_radius",
    "clopper_pearson_lower",
    "clopper_pearson_upper",
    "family_wise_level",
    "guaranteed_share",
    "sign_test",
    "two_class_bounds",
    "two_class_radius",
    "votes_to_certify",
]
