"""Several certificates at once: how sure one is of all of them together."""

from __future__ import annotations

from diffsmooth_core.config import InputError


def family_wise_level(alpha: float, certificates: int) -> float:
    """The probability that any of so many certificates at level alpha claims too much, at most.

    The union bound: it holds whatever the certificates have to do with each other, so also for the best
    of several settings, picked afterwards.
    """
    _check(alpha, certificates)
    return min(1.0, alpha * certificates)


def bonferroni_alpha(alpha: float, certificates: int) -> float:
    """The level of each certificate at which all of them hold together with probability 1 - alpha."""
    _check(alpha, certificates)
    return alpha / certificates


def _check(alpha: float, certificates: int) -> None:
    if certificates < 1:
        raise InputError(f"a family has one certificate or more, got {certificates}")
    if not 0 < alpha < 1:
        raise InputError(f"alpha must lie between 0 and 1, got {alpha:g}")
