"""Attacks on the smoothed classifier, and decision regions around a picture."""

from diffsmooth_core.attacks.plane import (
    RESOLUTIONS,
    Plane,
    RegionKind,
    Regions,
    RegionsConfig,
    regions_stream,
)
from diffsmooth_core.attacks.stream import (
    BACKWARDS,
    KINDS,
    AttackConfig,
    AttackProgress,
    Attempt,
    attack_stream,
)

__all__ = [
    "BACKWARDS",
    "KINDS",
    "RESOLUTIONS",
    "AttackConfig",
    "AttackProgress",
    "Attempt",
    "Plane",
    "RegionKind",
    "Regions",
    "RegionsConfig",
    "attack_stream",
    "regions_stream",
]
