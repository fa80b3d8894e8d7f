"""Attacks on the smoothed classifier, and decision regions around a picture."""

from diffsmooth_core.attacks.stream import (
    BACKWARDS,
    KINDS,
    AttackConfig,
    AttackProgress,
    Attempt,
    attack_stream,
)

__all__ = ["BACKWARDS", "KINDS", "AttackConfig", "AttackProgress", "Attempt", "attack_stream"]
