"""Looks at votes in their order: where a bound lies above the true share, and how often it ever does."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsmooth_core.config import InputError
from diffsmooth_core.statistics import anytime_lower, clopper_pearson_lower, course
from diffsmooth_core.statistics.peeking import claims, first, simulate

BOUNDS = (clopper_pearson_lower, anytime_lower)


@given(
    st.lists(st.integers(0, 7), min_size=1, max_size=40),
    st.integers(7, 9),
    st.floats(0.02, 0.98),
    st.floats(1e-6, 0.5),
)
def test_a_claim_is_false_at_the_looks_whose_bound_is_above_the_share(
    agreeing: list[int], every: int, p: float, alpha: float
) -> None:
    """Look by look against the two bounds themselves; they are rounded down, so a tie decides nothing."""
    for bound, claimed in zip(BOUNDS, claims(agreeing, p, alpha, every), strict=True):
        assert claimed.shape == (len(agreeing),)
        for look, (k, found) in enumerate(zip(np.cumsum(agreeing), claimed, strict=True), 1):
            lower = bound(int(k), every * look, alpha)
            assert found == (lower > p) or lower == pytest.approx(p, rel=1e-9)


@given(
    st.lists(st.lists(st.booleans(), min_size=30, max_size=30), min_size=1, max_size=4), st.floats(0.3, 0.9)
)
def test_single_votes_and_counts_of_several_say_the_same_of_the_looks_that_they_share(
    rows: list[list[bool]], p: float
) -> None:
    single, together = np.array(rows), np.array(rows).reshape(len(rows), 6, 5).sum(-1)
    for one, several in zip(claims(single, p, 0.2), claims(together, p, 0.2, every=5), strict=True):
        assert (one[:, 4::5] == several).all()


@pytest.mark.parametrize(("p", "alpha"), [(0.676, 0.1), (0.9, 0.001), (0.5, 0.05)])
def test_unanimous_votes_are_above_the_share_from_where_the_closed_forms_say(p: float, alpha: float) -> None:
    """alpha^(1/n) > p for the fixed end; for all looks together, with k = n the mixture is
    M_n(p) = (1 - p^(n+1)) / ((n+1) (1-p) p^n), which has to reach 1/alpha."""
    naive, anytime = claims([True] * 200, p, alpha)
    mixture = [(1 - p ** (n + 1)) / ((n + 1) * (1 - p) * p**n) for n in range(1, 201)]
    assert first(naive) == math.floor(math.log(alpha) / math.log(p)) + 1
    assert first(anytime) == 1 + next(i for i, m in enumerate(mixture) if m >= 1 / alpha)
    assert naive[first(naive) :].all()
    assert anytime[first(anytime) :].all()
    assert not any(mask.any() for mask in claims([False] * 200, p, alpha))


@pytest.mark.parametrize("p", [0.676, 0.5])
def test_over_all_sequences_looking_is_false_as_often_as_computed(p: float) -> None:
    """Every sequence of 14 votes by its probability: as often as the distribution of the count, carried from
    look to look, has it. Once at the end, and always with the anytime bound, that is at most alpha."""
    n, alpha = 14, 0.1
    every = np.array(list(product([0, 1], repeat=n)))
    chance = np.prod(np.where(every, p, 1 - p), axis=1)
    naive, anytime = claims(every, p, alpha)
    for bound, claimed in zip(BOUNDS, (naive, anytime), strict=True):
        against = [
            max((d for d in range(look + 1) if bound(look - d, look, alpha) > p), default=-1)
            for look in range(1, n + 1)
        ]
        ever = course(p, range(1, n + 1), against, [-1] * n).reached
        assert float(chance[claimed.any(1)].sum()) == pytest.approx(ever, rel=1e-9)
    assert chance[naive[:, -1]].sum() <= alpha
    assert chance[anytime.any(1)].sum() <= alpha < chance[naive.any(1)].sum()


@pytest.mark.parametrize(("p", "alpha"), [(0.676, 0.1), (0.5, 0.4), (0.9, 0.3)])
def test_the_fewest_votes_that_claim_are_those_of_the_bounds_at_any_number(p: float, alpha: float) -> None:
    for n in range(30, 260, 3):
        votes = np.arange(n + 1)[:, None]
        for bound, claimed in zip(BOUNDS, claims(votes, p, alpha, every=n), strict=True):
            fewest = int(claimed[:, 0].argmax())
            assert claimed[fewest:].all()
            assert bound(fewest - 1, n, alpha) <= p < bound(fewest, n, alpha)


@pytest.mark.parametrize("p", [0.01, 0.676, 0.999])
def test_votes_that_hardly_agree_claim_nothing_however_many_they_are(p: float) -> None:
    """Where the share found is below p, M_n(p) < 1, also where its parts are too small for a float."""
    for agreeing in (0, int(900 * p)):
        naive, anytime = claims([agreeing] * 1000, p, 0.1, every=1000)
        assert not naive.any()
        assert not anytime.any()


def test_the_first_look_is_counted_from_one() -> None:
    assert first(np.array([False, True, False, True])) == 2
    assert first(np.array([True])) == 1
    assert first(np.array([False, False])) is None
    assert first(np.array([], bool)) is None


@pytest.mark.parametrize(
    ("asked", "fixed", "naive", "anytime", "shares"),
    [
        ((0.5, 1000, 0.05, 10, 300, 3), 15, (82, 6011), (7, 612), 2500.9903072548545),
        ((0.676, 100, 0.1, 1, 500, 0), 32, (151, 11282), (33, 2485), 3404.739931687062),
        ((0.9, 200, 0.01, 7, 400, 1), 6, (13, 179), (3, 44), 1264.2338645076393),
    ],
)
def test_a_simulation_is_the_same_again(
    asked: tuple[float, int, float, int, int, int],
    fixed: int,
    naive: tuple[int, int],
    anytime: tuple[int, int],
    shares: float,
) -> None:
    """Claims at the last look and at all looks together, and the sum of the running shares, as they were
    before votes in order were looked at by the same function."""
    found = simulate(*asked)
    assert found.fixed == fixed
    assert (found.naive[-1], found.naive.sum()) == naive
    assert (found.anytime[-1], found.anytime.sum()) == anytime
    assert found.looks.tolist() == list(range(asked[3], asked[1] + 1, asked[3]))
    assert found.shares.sum() == pytest.approx(shares, rel=1e-12)


def test_what_cannot_be_simulated_or_looked_at_is_said() -> None:
    for share in (0.0, 1.0, math.nan):
        for begin in (lambda: simulate(share, 100, 0.001, 1), lambda: claims([1, 0], share, 0.1)):  # noqa: B023
            with pytest.raises(InputError, match=f"the true share p must lie between 0 and 1, got {share:g}"):
                begin()
    with pytest.raises(InputError, match="alpha must lie between 0 and 1, got 1"):
        claims([1, 0], 0.5, 1.0)
    with pytest.raises(InputError, match="look less often"):
        simulate(0.5, 10**6, 0.001, 1)
    assert len(simulate(0.5, 10**6, 0.001, every=10**4, runs=100).looks) == 100, "only looks take memory"
    for n, every, runs in ((100, 0, 9), (100, -1, 9), (100, 101, 9), (100, 10, 0), (100, 10, -1)):
        with pytest.raises(InputError, match=f"{runs} runs of {n} votes with a look every {every} cannot"):
            simulate(0.5, n, 0.1, every, runs)
    assert simulate(0.5, 100, 0.1, every=100, runs=1).looks.tolist() == [100]
