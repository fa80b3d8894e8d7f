"""The bounds against exact arithmetic and enumeration: outward rounding, coverage, crossing probabilities."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom, binomtest, norm

from diffsmooth_core.config import InputError
from diffsmooth_core.statistics import (
    anytime_lower,
    anytime_upper,
    bonferroni_alpha,
    certified_radius,
    clopper_pearson_lower,
    clopper_pearson_upper,
    family_wise_level,
    two_class_bounds,
    two_class_radius,
)
from diffsmooth_core.statistics.peeking import simulate

small = st.integers(1, 120).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.sampled_from([1e-6, 0.001, 0.05, 0.3])


def tail(k: int, n: int, p: Fraction) -> Fraction:
    """P(k or more of n), in whole numbers."""
    return sum((math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1)), Fraction(0))


@given(small, levels)
def test_clopper_pearson_is_rounded_outward_and_no_further(kn: tuple[int, int], alpha: float) -> None:
    k, n = kn
    bound = clopper_pearson_lower(k, n, alpha)
    if k:
        assert tail(k, n, Fraction(bound)) <= Fraction(alpha)
        assert tail(k, n, Fraction(bound * (1 + 1e-11))) > Fraction(alpha)
    upper = clopper_pearson_upper(k, n, alpha)
    if k < n:
        assert tail(n - k, n, 1 - Fraction(upper)) <= Fraction(alpha)
    assert upper == pytest.approx(binomtest(k, n, alternative="less").proportion_ci(1 - alpha).high, rel=1e-6)


@given(small, levels)
def test_the_anytime_bound_is_rounded_outward(kn: tuple[int, int], alpha: float) -> None:
    """At the bound the mixture has reached 1/alpha: the integral of q^k (1-q)^(n-k) over q > p, exactly."""
    k, n = kn
    bound = anytime_lower(k, n, alpha)
    if k:
        p = Fraction(bound)
        mixture = Fraction(1, (n + 1) * math.comb(n, k)) * (1 - tail(k + 1, n + 1, p))
        assert mixture >= (1 - p) * p**k * (1 - p) ** (n - k) / Fraction(alpha)
    assert anytime_upper(k, n, alpha) == pytest.approx(1 - anytime_lower(n - k, n, alpha), abs=1e-15)


@given(st.floats(0.5, 1 - 1e-12, exclude_min=True), st.floats(0.01, 2))
def test_radii_are_rounded_down(p: float, sigma: float) -> None:
    radius = certified_radius(p, sigma)
    assert radius <= sigma * norm.ppf(p)
    assert radius == pytest.approx(sigma * norm.ppf(p), rel=1e-14)
    assert two_class_radius(p, 1 - p, sigma) == pytest.approx(radius, rel=1e-12)


@given(st.floats(0.5, 1 - 1e-9), st.floats(1e-15, 0.4), st.floats(0.01, 2))
def test_two_class_radii_are_rounded_down(p_a: float, gap: float, sigma: float) -> None:
    """Also where the two quantiles are nearly the same and their difference is mostly rounding."""
    p_b = p_a - gap
    radius = two_class_radius(p_a, p_b, sigma)
    with mpmath.workdps(40):
        a, b = (mpmath.sqrt(2) * mpmath.erfinv(2 * mpmath.mpf(p) - 1) for p in (p_a, p_b))
        assert 0 <= radius <= max(0, sigma / 2 * (a - b))
        assert radius == pytest.approx(float(sigma / 2 * (a - b)), rel=1e-9, abs=2e-14 * sigma)


@pytest.mark.parametrize("k", [100_000, 600_000, 700_000, 800_001, 900_000, 990_000, 999_000, 999_990])
def test_the_anytime_bound_is_rounded_outward_at_a_million_votes(k: int) -> None:
    """Its equation integrated to thirty digits, where a sum of logarithms loses ten of sixteen."""
    n, alpha = 10**6, 0.001
    with mpmath.workdps(30):
        p, share = mpmath.mpf(anytime_lower(k, n, alpha)), mpmath.mpf(k) / n
        above = 14 * mpmath.sqrt(share * (1 - share) / n) + mpmath.mpf(30) / n  # the rest is below 1e-30
        end = min(1 - mpmath.mpf("1e-30"), share + above)

        def ratio(q: mpmath.mpf) -> mpmath.mpf:
            return mpmath.exp(k * mpmath.log(q / p) + (n - k) * mpmath.log((1 - q) / (1 - p)))

        mixture = mpmath.quad(ratio, mpmath.linspace(p, end, 12)) / (1 - p)
        assert 1 <= mixture * mpmath.mpf(alpha) <= 1 + 1e-7


@pytest.mark.parametrize("alpha", [0.001, 0.05])
def test_clopper_pearson_covers_at_every_n_up_to_sixty(alpha: float) -> None:
    """P(bound > p) <= alpha where it is largest: just below each bound."""
    for n in range(1, 61):
        bounds = np.array([clopper_pearson_lower(k, n, alpha) for k in range(n + 1)])
        for k in range(1, n + 1):
            p = bounds[k] * (1 - 1e-12)
            assert binom.sf(int(np.searchsorted(bounds, p, side="right")) - 1, n, p) <= alpha * (1 + 1e-9)


def crossing(bound, p: float, n: int, alpha: float) -> float:  # type: ignore[no-untyped-def]
    """The probability that the bound is above p after any of n votes: a dynamic programme over the counts."""
    alive = np.zeros(n + 2)
    alive[0], missed, threshold = 1.0, 0.0, 1
    for votes in range(1, n + 1):
        alive[1:] = alive[1:] * (1 - p) + alive[:-1] * p
        alive[0] *= 1 - p
        threshold = max(threshold, math.floor(p * votes))
        while threshold <= votes and bound(threshold, votes, alpha) <= p:
            threshold += 1
        missed += alive[threshold:].sum()
        alive[threshold:] = 0
    return float(missed)


@pytest.mark.parametrize(
    ("p", "expected"), [(0.5, 0.00079), (0.8, 0.00083), (0.95, 0.00077), (0.99, 0.00056)]
)
def test_the_anytime_bound_is_crossed_within_5000_votes_with_probability_below_alpha(
    p: float, expected: float
) -> None:
    missed = crossing(anytime_lower, p, 5000, 0.001)
    assert missed <= 0.001
    assert missed == pytest.approx(expected, rel=0.08)  # of 6,000 votes


def test_peeking_fails_as_often_as_computed() -> None:
    """The simulation against the exact probabilities: naive looks fail often, the anytime bound does not."""
    found = simulate(0.5, 300, 0.05, every=1, runs=3000, seed=1)
    for shares, bound in ((found.naive, clopper_pearson_lower), (found.anytime, anytime_lower)):
        assert binomtest(int(shares[-1]), 3000, crossing(bound, 0.5, 300, 0.05)).pvalue > 1e-4
        assert (np.diff(shares) >= 0).all()
    assert found.naive[-1] > 3 * 0.05 * 3000
    assert binomtest(found.fixed, 3000, float(binom.sf(164, 300, 0.5))).pvalue > 1e-4
    assert found.shares.shape == (50, 300)
    assert found.looks[[0, -1]].tolist() == [1, 300]


@pytest.mark.parametrize("counts", [(460, 200, 170, 170), (30, 60, 10), (900, 1, 99, 0, 0), (7, 5)])
@pytest.mark.parametrize("alpha", [0.001, 0.05])
def test_half_of_alpha_goes_to_the_candidate_and_half_to_the_runner_up(
    counts: tuple[int, ...], alpha: float
) -> None:
    """Against SciPy's beta quantiles, for whichever class is the candidate."""
    n = sum(counts)
    for candidate, k in enumerate(counts):
        runner_up = max(counts[:candidate] + counts[candidate + 1 :])
        p_a, p_b = two_class_bounds(counts, candidate, alpha)
        assert p_a == pytest.approx(beta.ppf(alpha / 2, k, n - k + 1) if k else 0.0, rel=1e-9)
        second = beta.isf(alpha / 2, runner_up + 1, n - runner_up)
        assert p_b == pytest.approx(min(1 - p_a, second), rel=1e-9)


def test_no_class_has_more_than_the_candidate_leaves() -> None:
    """A bound for the runner-up alone may be looser than 1 - p_A, where bounds of another kind are given."""
    p_a, p_b = two_class_bounds((990, 10, 0), 0, 0.001, upper=lambda k, n, alpha: 0.5)
    assert p_b == pytest.approx(1 - p_a, abs=1e-15)


def test_the_two_class_form_certifies_where_no_class_has_a_majority() -> None:
    counts = [450, 120, 110, 110, 110, 100]
    assert clopper_pearson_lower(450, 1000, 0.001) < 0.5
    p_a, p_b = two_class_bounds(counts, 0, 0.001)
    assert p_b < p_a < 0.5
    assert two_class_radius(p_a, p_b, 0.5) == pytest.approx(0.25 * (norm.ppf(p_a) - norm.ppf(p_b)))
    assert two_class_radius(p_b, p_a, 0.5) == 0.0
    assert two_class_radius(1.0, 0.0, 0.5) == two_class_radius(1.0, 0.3, 0.5) == math.inf
    unanimous = two_class_bounds([1000, 0], 0, 0.001)
    assert unanimous[1] == pytest.approx(1 - unanimous[0], abs=1e-15), "with two classes p_B is 1 - p_A"


@given(small, levels)
def test_upper_and_lower_bounds_enclose_the_share(kn: tuple[int, int], alpha: float) -> None:
    k, n = kn
    for lower, upper in ((clopper_pearson_lower, clopper_pearson_upper), (anytime_lower, anytime_upper)):
        assert lower(k, n, alpha) <= k / n <= upper(k, n, alpha)


def test_the_anytime_bound_at_ten_million_votes() -> None:
    n = 10**7
    for share in (0.1, 0.5, 0.9, 0.999):
        k = int(share * n)
        error = (share - anytime_lower(k, n, 0.001)) / math.sqrt(share * (1 - share) / n)
        assert 4.5 < error < 6, "five standard errors or so, whatever the share"


def test_certificates_add_up_as_the_union_bound_says() -> None:
    assert family_wise_level(0.001, 500) == 0.5
    assert family_wise_level(0.001, 5000) == 1.0
    assert family_wise_level(bonferroni_alpha(0.001, 500), 500) == pytest.approx(0.001)
    with pytest.raises(InputError, match="one certificate or more, got 0"):
        family_wise_level(0.001, 0)


def exact_tail(k: int, n: int, p: float) -> mpmath.mpf:
    """P(Binomial(n, p) >= k) = I_p(k, n-k+1) to 40 digits, by its continued fraction (Lentz)."""
    with mpmath.workdps(50):
        a, b, x = mpmath.mpf(k), mpmath.mpf(n - k + 1), mpmath.mpf(p)
        logs = mpmath.loggamma(a + b) - mpmath.loggamma(a) - mpmath.loggamma(b)
        front = mpmath.exp(logs + a * mpmath.log(x) + b * mpmath.log(1 - x)) / a
        c, m, factor = mpmath.mpf(1), 0, mpmath.mpf(0)
        d = found = 1 / (1 - (a + b) * x / (a + 1))
        while abs(factor - 1) > mpmath.mpf(10) ** -40:
            m += 1
            even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            for step in (even, odd):
                d, c = 1 / (1 + step * d), 1 + step / c
                factor = c * d
                found *= factor
        return front * found


@pytest.mark.parametrize("n", [10**4, 10**7, 10**8, 10**9])
@pytest.mark.parametrize(("share", "alpha"), [(0.5, 0.001), (0.9, 1e-9)])
def test_clopper_pearson_is_rounded_down_at_any_number_of_votes(n: int, share: float, alpha: float) -> None:
    """The error of SciPy's incomplete beta function grows with n; the bound stays below the exact one, and
    near it."""
    k = round(share * n)
    tail = exact_tail(k, n, clopper_pearson_lower(k, n, alpha))
    assert 1 - 1e-8 < tail / mpmath.mpf(alpha) <= 1
