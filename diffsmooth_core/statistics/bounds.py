"""Confidence bounds for a vote's probability, from k of n independent votes, rounded outward."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, localcontext

from scipy.special import betainc, betaincc, betaincinv, betaln, gammaln

from diffsmooth_core.config import InputError

_ULPS = 1e-12  # relative error granted to the special functions: a hundred times what they have


def _check(k: int, n: int, alpha: float) -> None:
    if n < 1 or not 0 <= k <= n:
        raise InputError(f"counts must satisfy 0 <= k <= n and n >= 1, got k={k}, n={n}")
    if not 0 < alpha < 1:
        raise InputError(f"alpha must lie between 0 and 1, got {alpha:g}")


def clopper_pearson_lower(k: int, n: int, alpha: float) -> float:
    """The one-sided Clopper-Pearson bound: P(bound > p) <= alpha for a binomial k, n fixed beforehand.

    The largest p at which k or more of n votes have probability alpha at most. k = 0 gives 0 and
    k = n gives alpha^(1/n). Source: Clopper and Pearson 1934; Cohen et al. 2019.
    """
    _check(k, n, alpha)
    if k == 0:
        return 0.0
    if k == n:
        p = float(alpha ** (1 / n))
        with localcontext(prec=60):
            while Decimal(p) ** n > Decimal(alpha):
                p = math.nextafter(p, 0)
        return p
    p, step = float(betaincinv(k, n - k + 1, alpha)), 1e-15
    while betainc(k, n - k + 1, p) > alpha * (1 - _ULPS):
        p, step = p * (1 - step), 2 * step
    return p


def clopper_pearson_upper(k: int, n: int, alpha: float) -> float:
    """P(bound < p) <= alpha: the lower bound of the votes against, from one."""
    return _complement(clopper_pearson_lower(n - k, n, alpha))


def anytime_lower(k: int, n: int, alpha: float) -> float:
    """A lower bound that holds at every n simultaneously, so that one may look at any time.

    The one-sided mixture over q > p of the likelihood ratio of q to p with a uniform prior,

        M_n(p) = [1 - I_p(1+k, 1+n-k)] B(1+k, 1+n-k) / ((1-p) p^k (1-p)^(n-k)),

    is a supermartingale under every p0 <= p; by Ville's inequality it reaches 1/alpha with
    probability at most alpha. The bound is the smallest p with M_n(p) < 1/alpha; the running
    maximum over n is valid as well.
    """
    _check(k, n, alpha)
    if k == 0:
        return 0.0
    log_beta, log_alpha = float(betaln(1 + k, 1 + n - k)), math.log(alpha)
    margin = _ULPS + 8e-16 * float(gammaln(n + 2))  # outward: twice what log_beta and log_null are off

    def excess(p: float) -> float:  # log M_n(p) - log(1/alpha), falling in p up to k/n
        log_null = k * math.log(p) + (n - k + 1) * math.log1p(-p)
        return math.log(betaincc(1 + k, 1 + n - k, p)) + log_beta - log_null + log_alpha - margin

    from scipy.optimize import brentq  # as slow to import as all the rest

    share = upper = k / n if k < n else 1 - 1e-15
    if excess(upper) >= 0:  # only within rounding of p = 1
        return upper
    width = math.sqrt(2 * share * (1 - share) * (math.log(n + 1) - log_alpha) / n) + 1 / n
    while (lower := max(share - width, share * math.exp(-width * n))) > 0 and excess(lower) <= 0:
        upper, width = lower, 2 * width
    return float(brentq(excess, max(lower, 5e-324), upper, xtol=1e-300, rtol=1e-14)) * (1 - 2e-14)


def anytime_upper(k: int, n: int, alpha: float) -> float:
    """An upper bound that holds at every n simultaneously: the lower one of the votes against, from one."""
    return _complement(anytime_lower(n - k, n, alpha))


def two_class_bounds(counts: Sequence[int], candidate: int, alpha: float) -> tuple[float, float]:
    """Simultaneous bounds for equation (1): p_A from below, and every other class's p from above.

    counts: votes by class, n fixed beforehand and `candidate` chosen from other votes. The runner-up is
    picked from these very counts, so a bound for it alone would not hold: alpha/2 goes to the candidate and
    alpha/2 is shared by all the others (Bonferroni), whose largest upper bound is returned. The sum of all
    shares being one, 1 - p_A bounds them too. Proof: the union bound over k events of Clopper-Pearson.
    """
    n, others = sum(counts), len(counts) - 1
    p_a = clopper_pearson_lower(counts[candidate], n, alpha / 2)
    runner_up = max(count for label, count in enumerate(counts) if label != candidate)
    return p_a, min(clopper_pearson_upper(runner_up, n, alpha / 2 / others), _complement(p_a))


def _complement(p: float) -> float:
    """1 - p, rounded up."""
    return min(1.0, math.nextafter(1 - p, 2))


def votes_to_certify(p: float, alpha: float, limit: int = 10_000_000, above: float = 0.5) -> int | None:
    """The smallest n whose Clopper-Pearson bound exceeds `above` if the share p of votes held.

    p * n is taken as a real number: rounding it down to whole votes makes the condition come and go
    with n, and may ask for up to about 2/(p - above) votes more. None where p is not above `above` or
    `limit` votes would not do.
    """

    def certifies(n: int) -> bool:  # the tail of Binomial(n, above) from p n on
        return float(betainc(p * n, n - p * n + 1, above)) < alpha

    if p <= above or not certifies(limit):
        return None
    low, high = 0, limit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if certifies(middle) else (middle, high)
    return high
