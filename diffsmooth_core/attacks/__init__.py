"""Attacks on the smoothed classifier, and decision regions around a picture."""

from diffsmooth_core.attacks.ascent import distance
from diffsmooth_core.attacks.drawn import tried, try_config
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
    shortest,
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
    "distance",
    "regions_stream",
    "shortest",
    "tried",
    "try_config",
]
