"""The two-class bounds: that both hold together, by exact enumeration of three classes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import multinomial

from diffsmooth_core.statistics import (
    anytime_lower,
    anytime_upper,
    clopper_pearson_lower,
    clopper_pearson_upper,
    two_class_bounds,
)

Bounds = Callable[[int, int, float], float]
SHARES = [(0.5, 0.25, 0.25), (0.4, 0.3, 0.3), (0.6, 0.35, 0.05), (0.34, 0.33, 0.33), (0.9, 0.05, 0.05)]


def false(n: int, p: tuple[float, ...], alpha: float, lower: Bounds, upper: Bounds) -> np.ndarray:
    """(n+1,n+1): whether either bound is false with a votes for the first class and b for the second."""
    found = np.zeros((n + 1, n + 1), bool)
    for a in range(n + 1):
        for b in range(n + 1 - a):
            p_a, p_b = two_class_bounds((a, b, n - a - b), 0, alpha, cache(lower), cache(upper))
            found[a, b] = p_a > p[0] or p_b < max(p[1:])
    return found


@pytest.mark.parametrize("p", SHARES)
@pytest.mark.parametrize("alpha", [0.05, 0.3])
def test_clopper_pearsons_two_bounds_hold_together(p: tuple[float, ...], alpha: float) -> None:
    """The runner-up is chosen from the counts that bound it, and alpha/2 is not shared by the classes."""
    n = 40
    a, b = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    votes = np.stack([a, b, np.maximum(n - a - b, 0)], -1)
    chance = np.where(a + b <= n, multinomial.pmf(votes, n, p), 0.0)
    missed = chance[false(n, p, alpha, clopper_pearson_lower, clopper_pearson_upper)].sum()
    assert missed <= alpha
    assert missed > alpha / 8, "a bound that is never wrong is no tight one"


@pytest.mark.parametrize("p", SHARES[:3])
def test_the_anytime_bounds_hold_together_at_every_look(p: tuple[float, ...]) -> None:
    """The probability that either was false at any look up to 60 votes, exactly."""
    alpha, looks = 0.1, range(10, 61, 10)
    running, missed = np.zeros((61, 61)), 0.0
    running[0, 0] = 1
    for before, look in pairwise((0, *looks)):
        for _ in range(look - before):
            after = running * p[2]
            after[1:] += running[:-1] * p[0]
            after[:, 1:] += running[:, :-1] * p[1]
            running = after
        wrong = false(look, p, alpha, anytime_lower, anytime_upper)
        missed += running[: look + 1, : look + 1][wrong].sum()
        running[: look + 1, : look + 1][wrong] = 0
    assert alpha / 20 < missed <= alpha


def test_the_bound_does_not_depend_on_how_many_classes_there_are() -> None:
    few = two_class_bounds((460, 200, 340), 0, 0.001)
    many = two_class_bounds((460, 200, 340, *(0,) * 997), 0, 0.001)
    assert few == many == (clopper_pearson_lower(460, 1000, 0.0005), clopper_pearson_upper(340, 1000, 0.0005))
