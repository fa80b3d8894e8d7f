"""Attacks on the smoothed classifier, and decision regions around a picture."""

from diffsmooth_core.attacks.plane import RESOLUTIONS, Plane, Regions, RegionsConfig, Stage, regions_stream
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
    "Regions",
    "RegionsConfig",
    "Stage",
    "attack_stream",
    "regions_stream",
]
