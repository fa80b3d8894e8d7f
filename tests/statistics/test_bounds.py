"""Clopper-Pearson and the anytime bound: published values, an independent oracle, exact coverage."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, norm

from diffsmooth_core.config import InputError
from diffsmooth_core.statistics import (
    anytime_lower,
    anytime_upper,
    certified_radius,
    clopper_pearson_lower,
    clopper_pearson_upper,
    votes_to_certify,
)

counts = st.integers(1, 20_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
alphas = st.floats(1e-9, 0.5)

# (n, k, alpha, bound, radius / sigma) from statsmodels; radius 0 is an abstention.
STATSMODELS = [
    (10, 3, 0.001, 0.02103797132098684, 0.0),
    (10, 10, 0.001, 0.5011872336272722, 0.0029759577713821916),
    (100, 30, 0.001, 0.17060950639655972, 0.0),
    (100, 70, 0.001, 0.5434438503415362, 0.10911371188280175),
    (100, 100, 0.001, 0.933254300796991, 1.5004750241206364),
    (1000, 300, 0.001, 0.25618505324981367, 0.0),
    (1000, 700, 0.001, 0.6534720352918644, 0.39471134460417756),
    (1000, 999, 0.001, 0.9908045023646124, 2.3576505705951547),
    (1000, 1000, 0.001, 0.9931160484209338, 2.4632626147808114),
    (1000, 999, 0.01, 0.9933803316043514, 2.4772655231347285),
    (1000, 1000, 0.01, 0.995405417351527, 2.604935141811568),
    (10000, 9990, 0.001, 0.9975883080325683, 2.818598300398245),
    (10000, 10000, 0.001, 0.9993094630025899, 3.1985775147383384),
    (100000, 99900, 0.001, 0.998650992446753, 3.0002009876683666),
    (100000, 100000, 0.001, 0.9999309248330094, 3.8114565633899145),
    (100000, 70000, 0.05, 0.6976071151003527, 0.5175306628808187),
    (100000, 99900, 0.05, 0.9988193140308266, 3.0405618401839924),
    (100000, 100000, 0.05, 0.9999700431259806, 4.013150257220773),
]


@pytest.mark.parametrize(("n", "k", "alpha", "bound", "radius"), STATSMODELS)
def test_clopper_pearson_gives_statsmodels_values(
    n: int, k: int, alpha: float, bound: float, radius: float
) -> None:
    assert clopper_pearson_lower(k, n, alpha) == pytest.approx(bound, abs=1e-12)
    assert certified_radius(clopper_pearson_lower(k, n, alpha), 1.0) == pytest.approx(radius, abs=1e-12)


def test_clopper_pearson_gives_all_golden_values(golden_dir: Path) -> None:
    cases = json.loads((golden_dir / "clopper_pearson.json").read_text())
    assert len(cases) == 150
    for case in cases:
        bound = clopper_pearson_lower(case["nA"], case["n"], case["alpha"])
        assert bound == pytest.approx(case["pA_lower"], abs=1e-12), case
        assert (bound <= 0.5) == case["abstain"], case
        assert certified_radius(bound, 1.0) == pytest.approx(case["radius_over_sigma"], abs=1e-12), case


@given(counts, alphas)
def test_clopper_pearson_agrees_with_scipys_binomial_test(kn: tuple[int, int], alpha: float) -> None:
    k, n = kn
    oracle = binomtest(k, n, alternative="greater").proportion_ci(1 - alpha, method="exact").low
    # 1 - (1 - alpha) loses digits of a tiny alpha in the oracle, not here
    assert clopper_pearson_lower(k, n, alpha) == pytest.approx(oracle, rel=1e-6, abs=1e-12)


def test_clopper_pearson_at_its_end_points() -> None:
    assert clopper_pearson_lower(0, 1000, 0.001) == 0.0
    assert clopper_pearson_lower(1000, 1000, 0.001) == pytest.approx(0.001 ** (1 / 1000), rel=1e-15)
    assert clopper_pearson_lower(9, 9, 0.001) < 0.5 < clopper_pearson_lower(10, 10, 0.001)
    assert clopper_pearson_lower(65, 100, 0.001) < 0.5 < clopper_pearson_lower(66, 100, 0.001)


@pytest.mark.parametrize(("n", "ceiling"), [(100, 1.50), (1000, 2.46), (10_000, 3.20), (100_000, 3.81)])
def test_a_unanimous_vote_sets_the_largest_radius(n: int, ceiling: float) -> None:
    assert certified_radius(clopper_pearson_lower(n, n, 0.001), 1.0) == pytest.approx(ceiling, abs=0.005)


@pytest.mark.parametrize("bound", [clopper_pearson_lower, anytime_lower])
@given(kn=counts, alpha=alphas)
def test_bounds_lie_below_the_share_and_move_the_right_way(bound, kn, alpha) -> None:  # type: ignore[no-untyped-def]
    k, n = kn
    here = bound(k, n, alpha)
    assert 0 <= here <= k / n
    assert bound(k, n, alpha / 2) <= here + 1e-14, "a smaller failure probability costs"
    if k < n:
        assert bound(k + 1, n, alpha) > here, "another vote for the class helps"
    assert bound(k, n + 1, alpha) <= here + 1e-14, "another vote against it does not"


@pytest.mark.parametrize("n", [10, 37, 250])
@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.3])
def test_clopper_pearson_covers_exactly(n: int, alpha: float) -> None:
    """P(bound > p) by enumeration: at most alpha at every p, and almost alpha just below a bound."""
    bounds = np.array([clopper_pearson_lower(k, n, alpha) for k in range(n + 1)])
    for p in np.concatenate([np.linspace(0.01, 0.99, 99), bounds[1:], bounds[1:] * (1 - 1e-9)]):
        miss = binom.pmf(np.arange(n + 1), n, p)[bounds > p].sum()
        assert miss <= alpha * (1 + 1e-9), p
    tight = bounds[n // 2] * (1 - 1e-9)
    assert binom.pmf(np.arange(n + 1), n, tight)[bounds > tight].sum() == pytest.approx(alpha, rel=1e-4)


@pytest.mark.parametrize(("n", "cost"), [(1000, 2.36), (10_000, 3.12), (100_000, 3.74)])
def test_what_looking_at_any_time_costs_a_unanimous_vote(n: int, cost: float) -> None:
    assert norm.ppf(anytime_lower(n, n, 0.001)) == pytest.approx(cost, abs=0.005)


def test_the_anytime_bound_needs_thirteen_votes_at_least() -> None:
    assert anytime_lower(12, 12, 0.001) < 0.5 < anytime_lower(13, 13, 0.001)


@given(counts, alphas)
def test_the_anytime_bound_is_never_above_clopper_pearson(kn: tuple[int, int], alpha: float) -> None:
    assert anytime_lower(*kn, alpha) <= clopper_pearson_lower(*kn, alpha) + 1e-14


@pytest.mark.parametrize(("k", "n"), [(1, 1), (3, 10), (60, 100), (970, 1000), (1000, 1000)])
def test_the_anytime_bound_solves_its_equation(k: int, n: int) -> None:
    """At L the mean likelihood ratio over q uniform on (L, 1) is 1/alpha: integrated numerically."""
    alpha = 0.01
    p = anytime_lower(k, n, alpha)
    q = np.linspace(p, 1, 2_000_001)[1:-1]
    with np.errstate(divide="ignore"):
        log_ratio = k * np.log(q / p) + (n - k) * np.log((1 - q) / (1 - p))
    assert np.exp(log_ratio).mean() == pytest.approx(1 / alpha, rel=2e-3)


@pytest.mark.parametrize(("p", "alpha"), [(0.5, 0.05), (0.8, 0.05), (0.5, 0.001), (0.95, 0.01)])
def test_the_anytime_bound_holds_at_every_n_at_once(p: float, alpha: float) -> None:
    """The probability that it ever exceeds p within 300 votes, computed exactly, is at most alpha;
    Clopper-Pearson looked at after every vote fails several times as often."""

    def ever_exceeds(bound) -> float:  # type: ignore[no-untyped-def]
        alive = np.zeros(302)  # P(k votes so far and the bound never above p)
        alive[0], missed, threshold = 1.0, 0.0, 1
        for n in range(1, 301):
            alive[1:] = alive[1:] * (1 - p) + alive[:-1] * p
            alive[0] *= 1 - p
            threshold = max(threshold, math.floor(p * n))
            while threshold <= n and bound(threshold, n, alpha) <= p:
                threshold += 1
            missed += alive[threshold:].sum()
            alive[threshold:] = 0
        return missed

    assert alpha / 4 < ever_exceeds(anytime_lower) <= alpha
    assert ever_exceeds(clopper_pearson_lower) > 2 * alpha


def test_the_anytime_bound_is_stable_at_a_million_votes() -> None:
    n = 10**6
    for k in (1, 1000, n // 2, 9 * n // 10, n - 1, n):
        bound = anytime_lower(k, n, 0.001)
        assert math.isfinite(bound)
        assert bound <= clopper_pearson_lower(k, n, 0.001) + 1e-14
    # Five to six standard errors below the share, whatever the k in the middle.
    assert (0.9 - anytime_lower(9 * n // 10, n, 0.001)) * 1000 / 0.3 == pytest.approx(4.9, abs=0.2)


@pytest.mark.parametrize("bound", [clopper_pearson_lower, anytime_lower])
@pytest.mark.parametrize(
    ("k", "n", "alpha", "named"),
    [
        (-1, 10, 0.1, "k=-1"),
        (11, 10, 0.1, "k=11"),
        (0, 0, 0.1, "n=0"),
        (1, 2, 0.0, "0"),
        (1, 2, 1.0, "1"),
        (1, 2, math.nan, "nan"),
    ],
)
def test_impossible_counts_and_levels_are_named(bound, k, n, alpha, named) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=named):
        bound(k, n, alpha)


@pytest.mark.parametrize("alpha", [0.001, 0.05])
@pytest.mark.parametrize("p", [0.55, 0.6, 2 / 3, 0.75, 0.9, 1.0])
def test_votes_to_certify_against_trying_every_n(p: float, alpha: float) -> None:
    found = votes_to_certify(p, alpha)
    assert found is not None
    tried = next(n for n in range(1, 10_000) if clopper_pearson_lower(math.floor(p * n), n, alpha) > 0.5)
    assert tried - 2 / (p - 0.5) - 1 <= found <= tried
    assert p < 1 or found == tried


def test_votes_to_certify_wants_a_bound_above_one_half() -> None:
    """Three votes that agree have the probability 1/8 under 1/2, which is not below alpha = 1/8."""
    assert clopper_pearson_lower(3, 3, 0.125) == 0.5
    assert votes_to_certify(1.0, 0.125) == 4


def test_votes_to_certify_has_no_answer_without_a_majority_or_within_the_limit() -> None:
    assert votes_to_certify(0.5, 0.001) is None
    assert votes_to_certify(0.2, 0.001) is None
    assert votes_to_certify(0.51, 0.001, limit=10_000) is None
    assert votes_to_certify(0.51, 0.001, limit=100_000) == pytest.approx(3.09**2 / 4 / 0.01**2, rel=0.02)


@pytest.mark.parametrize("alpha", [1e-17, 1e-100, 1e-308])
@pytest.mark.parametrize("n", [10, 1000, 100_000])
def test_bounds_are_finite_at_the_smallest_levels(n: int, alpha: float) -> None:
    for k in sorted({0, 1, n // 3, n - 1, n}):
        for lower, upper in ((clopper_pearson_lower, clopper_pearson_upper), (anytime_lower, anytime_upper)):
            assert 0 <= lower(k, n, alpha) <= k / n <= upper(k, n, alpha) <= 1
        if k:
            log_tail = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
            union = (
                math.log(alpha) - log_tail
            ) / k  # C(n,k) p^k bounds the tail, so the exact bound is above
            assert math.log(clopper_pearson_lower(k, n, alpha)) >= union - 1e-9
