"""How surprising is a split into two if either side were equally likely?"""

from __future__ import annotations

from scipy.special import betainc

from diffsmooth_core.config import InputError


def sign_test(first: int, second: int) -> float:
    """The p-value of the exact two-sided binomial test of a share of 1/2: the probability of a split at
    least as uneven.

    One for no events at all. Source: twice the tail of Binomial(first + second, 1/2) from the larger count
    on, which is I_1/2(larger, smaller + 1).
    """
    if min(first, second) < 0:
        raise InputError(f"counts cannot be negative, got {first} and {second}")
    if first == second:
        return 1.0
    return min(1.0, 2 * float(betainc(max(first, second), min(first, second) + 1, 0.5)))
