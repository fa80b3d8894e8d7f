"""Bounds, radii, certified accuracy and ACR. NumPy and SciPy only."""

from diffsmooth_core.statistics.bounds import anytime_lower, clopper_pearson_lower, votes_to_certify
from diffsmooth_core.statistics.radii import (
    average_certified_radius,
    certified_accuracy,
    certified_radius,
)

__all__ = [
    "anytime_lower",
    "average_certified_radius",
    "certified_accuracy",
    "certified_radius",
    "clopper_pearson_lower",
    "votes_to_certify",
]
