"""The group-sequential test: its error against exact fractions and votes taken one by one."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from diffsmooth_core.config import InputError
from diffsmooth_core.statistics import course, most_allowed

LOOKS = (7, 15, 16, 30, 44, 60)


def spent_exactly(share: Fraction, looks: tuple[int, ...], allowed: list[int]) -> list[Fraction]:
    """The probability, by each look, that a count was small enough by then: fractions, one vote at a time."""
    running, found, total = {0: Fraction(1)}, [], Fraction(0)
    for before, look in pairwise((0, *looks)):
        for _ in range(look - before):
            after: dict[int, Fraction] = {}
            for k, p in running.items():
                after[k] = after.get(k, Fraction(0)) + p * (1 - share)
                after[k + 1] = after.get(k + 1, Fraction(0)) + p * share
            running = after
        most = allowed[len(found)]
        total += sum((p for k, p in running.items() if k <= most), Fraction(0))
        running = {k: p for k, p in running.items() if k > most}
        found.append(total)
    return found


@pytest.mark.parametrize("share", [0.5, 0.25, 0.69, 0.03])
@pytest.mark.parametrize("level", [0.001, 0.05, 0.4])
def test_the_error_is_spent_as_far_as_whole_votes_allow_and_never_overspent(
    share: float, level: float
) -> None:
    """Exact fractions: at each look the spent error is at most level (n_j/n)^(1/2), and one vote more, at any
    look, would overspend it."""
    allowed = list(most_allowed(share, level, LOOKS))
    budget = [Fraction(level) * Fraction((look / LOOKS[-1]) ** 0.5) for look in LOOKS]
    spent = spent_exactly(Fraction(share), LOOKS, allowed)
    assert all(found <= most for found, most in zip(spent, budget, strict=True))
    for j in range(len(LOOKS)):
        more = [*allowed[:j], allowed[j] + 1, *allowed[j + 1 :]]
        assert spent_exactly(Fraction(share), LOOKS, more)[j] > budget[j] * (1 - Fraction(1, 10**6))


def one_by_one(
    p: float, looks: tuple[int, ...], against: tuple[int, ...], for_it: tuple[int, ...]
) -> tuple[float, float, float]:
    """`course` again, one vote at a time over all counts."""
    running = np.zeros(looks[-1] + 2)
    running[0], reached, given_up, votes, j = 1.0, 0.0, 0.0, 0.0, 0
    k = np.arange(len(running))
    for n in range(1, looks[-1] + 1):
        running[1:] = running[1:] * (1 - p) + running[:-1] * p
        running[0] *= 1 - p
        if n == looks[j]:
            won, lost = n - k <= against[j], k <= for_it[j]
            reached, given_up = reached + running[won].sum(), given_up + running[lost].sum()
            ends = won | lost | (n == looks[-1])
            votes += n * running[ends].sum()
            running[ends], j = 0, j + 1
    return float(reached), float(given_up), float(votes)


@pytest.mark.parametrize(("p", "n"), [(0.7, 2000), (0.75, 2000), (0.95, 300), (0.5, 300)])
def test_how_runs_end_agrees_with_votes_taken_one_by_one(p: float, n: int) -> None:
    looks = tuple(range(20, n + 1, 20))
    against, for_it = most_allowed(0.3, 0.001, looks), most_allowed(0.7, 0.05, looks)
    found = course(p, looks, against, for_it)
    expected = one_by_one(p, looks, against, for_it)
    assert (found.reached, found.given_up, found.votes) == pytest.approx(expected, rel=1e-9, abs=1e-15)
    if p == 0.7:
        assert 0.0009 < course(p, looks, against, (-1,) * len(looks)).reached <= 0.001
        assert 0.045 < course(p, looks, (-1,) * len(looks), for_it).given_up <= 0.05


@given(st.integers(1, 400), st.floats(0.01, 0.99), st.floats(1e-6, 0.5))
def test_a_single_look_is_the_exact_binomial_test(n: int, share: float, level: float) -> None:
    (most,) = most_allowed(share, level, (n,))
    assert most < 0 or binom.cdf(most, n, share) <= level
    assert binom.cdf(most + 1, n, share) > level * (1 - 2e-6)


def test_a_count_that_was_small_enough_stays_so_and_the_level_is_nearly_used_at_many_votes() -> None:
    looks = tuple(range(100, 100_001, 100))
    allowed = most_allowed(0.3, 0.001, looks)
    assert all(before <= after for before, after in pairwise(allowed))
    assert course(0.7, looks, allowed, (-1,) * len(looks)).reached == pytest.approx(0.001, rel=1e-2)


@pytest.mark.parametrize(
    ("share", "level", "looks", "named"),
    [
        (0.0, 0.1, (5,), "share .* got 0"),
        (0.5, 1.0, (5,), "level .* got 1"),
        (0.5, 0.1, (), r"looks .* got \(\)"),
        (0.5, 0.1, (0, 5), r"looks .* got \(0, 5\)"),
        (0.5, 0.1, (5, 5), r"looks .* got \(5, 5\)"),
    ],
)
def test_what_cannot_be_tested_is_named(
    share: float, level: float, looks: tuple[int, ...], named: str
) -> None:
    with pytest.raises(InputError, match=named):
        most_allowed(share, level, looks)
    if looks and looks[0]:
        with pytest.raises(InputError, match="p must lie strictly between 0 and 1, got 1"):
            course(1.0, looks, (-1,) * len(looks), (-1,) * len(looks))
