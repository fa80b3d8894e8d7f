"""Bounds, radii, certified accuracy and ACR. NumPy and SciPy only."""

from diffsmooth_core.statistics.bounds import (
    Bound,
    anytime_lower,
    anytime_upper,
    clopper_pearson_lower,
    clopper_pearson_upper,
    smallest,
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
    share_for_radius,
    two_class_radius,
)
from diffsmooth_core.statistics.sequential import Course, course, most_allowed
from diffsmooth_core.statistics.sign_test import sign_test

__all__ = [
    "Bound",
    "Course",
    "Proportion",
    "anytime_lower",
    "anytime_upper",
    "average_certified_radius",
    "bonferroni_alpha",
    "certified_accuracy",
    "certified_radius",
    "clopper_pearson_lower",
    "clopper_pearson_upper",
    "course",
    "family_wise_level",
    "guaranteed_share",
    "most_allowed",
    "share_for_radius",
    "sign_test",
    "smallest",
    "two_class_bounds",
    "two_class_radius",
    "votes_to_certify",
]
