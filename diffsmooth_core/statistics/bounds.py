"""Confidence bounds for the probability of a vote, from k of n independent votes.

Numerical errors are rounded outward: lower bounds down, upper bounds up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext

from scipy.special import betainc, betaincc, betaincinv, betaln, gammaln

from diffsmooth_core.config import InputError

Bound = Callable[[int, int, float], float]  # of k, n and alpha


def _slack(n: int) -> float:
    """The relative error allowed for the special functions of n votes: several times their actual one, which
    grows with the root of n (measured up to n = 10^9, where it is 1.5e-11)."""
    return max(1e-12, 2e-15 * math.sqrt(n))


def _check(k: int, n: int, alpha: float) -> None:
    if n < 1 or not 0 <= k <= n:
        raise InputError(f"counts must satisfy 0 <= k <= n and n >= 1, got k={k}, n={n}")
    if not 0 < alpha < 1:
        raise InputError(f"alpha must lie between 0 and 1, got {alpha:g}")


def clopper_pearson_lower(k: int, n: int, alpha: float) -> float:
    """The one-sided Clopper-Pearson lower bound: P(bound > p) <= alpha for k ~ Binomial(n, p), n fixed in
    advance.

    It is the largest p for which P(at least k of n votes) <= alpha. k = 0 gives 0 and k = n gives
    alpha^(1/n). Raises InputError unless 0 <= k <= n, n >= 1 and 0 < alpha < 1. Source: Clopper and Pearson
    1934; Cohen et al. 2019.
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
    if math.isnan(p):  # of an alpha near 1e-308; at least k votes have a probability of at most C(n,k) p^k
        choose = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
        p = math.exp((math.log(alpha) - float(choose)) / k) * (1 - _slack(n))
    while betainc(k, n - k + 1, p) > alpha * (1 - _slack(n)):
        p, step = p * (1 - step), 2 * step
    return p


def clopper_pearson_upper(k: int, n: int, alpha: float) -> float:
    """The one-sided upper bound, P(bound < p) <= alpha: 1 minus the lower bound for the n - k other votes.

    Raises InputError as `clopper_pearson_lower` does.
    """
    return _complement(clopper_pearson_lower(n - k, n, alpha))


def anytime_lower(k: int, n: int, alpha: float) -> float:
    """A lower bound that holds at all n simultaneously, so that a run may be stopped at any time.

    The one-sided mixture over q > p of the likelihood ratio of q to p with a uniform prior,

        M_n(p) = [1 - I_p(1+k, 1+n-k)] B(1+k, 1+n-k) / ((1-p) p^k (1-p)^(n-k)),

    is a supermartingale under every p0 <= p; by Ville's inequality it reaches 1/alpha with
    probability at most alpha. The bound is the smallest p with M_n(p) < 1/alpha; the running
    maximum over n is valid as well. Raises InputError unless 0 <= k <= n, n >= 1 and 0 < alpha < 1.
    """
    _check(k, n, alpha)
    if k == 0:
        return 0.0
    log_beta, log_alpha = float(betaln(1 + k, 1 + n - k)), math.log(alpha)
    margin = _slack(n) + 8e-16 * float(gammaln(n + 2))  # twice the rounding error of log_beta and log_null

    def excess(p: float) -> float:  # log M_n(p) - log(1/alpha), falling in p up to k/n
        log_null = k * math.log(p) + (n - k + 1) * math.log1p(-p)
        return math.log(betaincc(1 + k, 1 + n - k, p)) + log_beta - log_null + log_alpha - margin

    from scipy.optimize import brentq  # imported here because it is slow to import

    share = upper = k / n if k < n else 1 - 1e-15
    if excess(upper) >= 0:  # only within rounding of p = 1
        return upper
    width = math.sqrt(2 * share * (1 - share) * (math.log(n + 1) - log_alpha) / n) + 1 / n
    while (lower := max(share - width, share * math.exp(-width * n))) > 0 and excess(lower) <= 0:
        upper, width = lower, 2 * width
    return float(brentq(excess, max(lower, 5e-324), upper, xtol=1e-300, rtol=1e-14, maxiter=5000)) * (
        1 - 2e-14
    )


def anytime_upper(k: int, n: int, alpha: float) -> float:
    """An upper bound that holds at all n simultaneously: 1 minus the lower bound for the n - k other votes.

    Raises InputError as `anytime_lower` does.
    """
    return _complement(anytime_lower(n - k, n, alpha))


def two_class_bounds(
    counts: Sequence[int],
    candidate: int,
    alpha: float,
    lower: Bound = clopper_pearson_lower,
    upper: Bound = clopper_pearson_upper,
) -> tuple[float, float]:
    """Simultaneous bounds for equation (1): p_A from below, and every other class's probability from above.

    counts (k,) are the votes by class; `candidate` was chosen from other votes. `lower` and `upper`
    are Clopper-Pearson's bounds, where n was fixed in advance, or the anytime bounds. Each takes alpha/2, so
    both hold together with probability at least 1 - alpha. The second is 1 - p_A where that is smaller.

    The runner-up need not be named beforehand, nor alpha/2 be divided by the number of classes. Let j be the
    other class with the largest probability p_j, which is fixed though nobody knows it, and U the upper
    bound, which grows with the count. The largest count of the other classes is at least that of j:
    max n_i >= n_j. So U(max n_i) >= U(n_j), and P(U(max n_i) < p_j) <= P(U(n_j) < p_j) <= alpha/2. For
    bounds that hold at all n at once, so does the inequality.
    """
    n = sum(counts)
    p_a = lower(counts[candidate], n, alpha / 2)
    runner_up = max(count for label, count in enumerate(counts) if label != candidate)
    return p_a, min(upper(runner_up, n, alpha / 2), _complement(p_a))


def _complement(p: float) -> float:
    """1 - p, rounded up."""
    return min(1.0, math.nextafter(1 - p, 2))


def votes_to_certify(p: float, alpha: float, limit: int = 10_000_000, above: float = 0.5) -> int | None:
    """The smallest n at which the Clopper-Pearson lower bound exceeds `above`, if a share p of the votes
    agrees.

    p * n is not rounded to whole votes: rounded down, the condition would alternate with n, and may need up
    to about 2/(p - above) more votes. None where p is not above `above`, or `limit` votes do not suffice.
    """

    def certifies(n: int) -> bool:  # P(Binomial(n, above) >= p n)
        return float(betainc(p * n, n - p * n + 1, above)) < alpha

    return smallest(certifies, limit) if p > above else None


def smallest(holds: Callable[[int], bool], limit: int) -> int | None:
    """The smallest n from 1 to `limit` for which `holds`, by bisection: if it holds for n, then for n + 1
    too. None where it does not hold for `limit`."""
    if not holds(limit):
        return None
    low, high = 0, limit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
