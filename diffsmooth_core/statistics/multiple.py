"""Several certificates at once: the probability that all of them hold together."""

from __future__ import annotations

from diffsmooth_core.config import InputError


def family_wise_level(alpha: float, certificates: int) -> float:
    """An upper bound of the probability that at least one of several certificates at level alpha is wrong.

    This is the union bound. It needs no independence between the certificates, so it also covers the best of
    several settings when that is chosen after seeing the results. Raises InputError unless 0 < alpha < 1 and
    there is at least one certificate.
    """
    _check(alpha, certificates)
    return min(1.0, alpha * certificates)


def bonferroni_alpha(alpha: float, certificates: int) -> float:
    """The level for each certificate at which all hold together with probability at least 1 - alpha.

    Raises InputError unless 0 < alpha < 1 and there is at least one certificate.
    """
    _check(alpha, certificates)
    return alpha / certificates


def _check(alpha: float, certificates: int) -> None:
    if certificates < 1:
        raise InputError(f"a family has one certificate or more, got {certificates}")
    if not 0 < alpha < 1:
        raise InputError(f"alpha must lie between 0 and 1, got {alpha:g}")
