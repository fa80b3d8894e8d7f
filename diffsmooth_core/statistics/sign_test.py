"""The exact sign test: are two outcomes equally likely?"""

from __future__ import annotations

from scipy.special import betainc

from diffsmooth_core.config import InputError


def sign_test(first: int, second: int) -> float:
    """The p-value of the exact two-sided binomial test for p = 1/2, from the counts of the two outcomes.

    It is the probability of counts at least as unequal: twice P(Binomial(first + second, 1/2) >= larger),
    where that tail is I_1/2(larger, smaller + 1). Equal counts, also 0 and 0, give 1. Raises InputError for a
    negative count.
    """
    if min(first, second) < 0:
        raise InputError(f"counts cannot be negative, got {first} and {second}")
    if first == second:
        return 1.0
    return min(1.0, 2 * float(betainc(max(first, second), min(first, second) + 1, 0.5)))
