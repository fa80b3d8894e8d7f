"""Lower confidence bounds for a vote's probability, from k of n independent votes."""

from __future__ import annotations

import math

from scipy.optimize import brentq
from scipy.special import betainc, betaln
from scipy.stats import beta

from diffsmooth_core.config import InputError


def _check(k: int, n: int, alpha: float) -> None:
    if n < 1 or not 0 <= k <= n:
        raise InputError(f"counts must satisfy 0 <= k <= n and n >= 1, got k={k}, n={n}")
    if not 0 < alpha < 1:
        raise InputError(f"alpha must lie between 0 and 1, got {alpha:g}")


def clopper_pearson_lower(k: int, n: int, alpha: float) -> float:
    """The one-sided Clopper-Pearson bound: P(bound > p) <= alpha for a binomial k, n fixed beforehand.

    k = 0 gives 0 and k = n gives alpha^(1/n). Source: Clopper and Pearson 1934; Cohen et al. 2019.
    """
    _check(k, n, alpha)
    if k == 0:
        return 0.0
    if k == n:
        return float(alpha ** (1 / n))
    return float(beta.ppf(alpha, k, n - k + 1))


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

    def excess(p: float) -> float:  # log M_n(p) - log(1/alpha), falling in p up to k/n
        log_mixture = beta.logsf(p, 1 + k, 1 + n - k) + betaln(1 + k, 1 + n - k)
        log_null = k * math.log(p) + (n - k + 1) * math.log1p(-p)
        return float(log_mixture - log_null + math.log(alpha))

    upper = k / n if k < n else 1 - 1e-15
    if excess(upper) >= 0:  # only within rounding of p = 1
        return upper
    lower = 1e-300
    return float(brentq(excess, lower, upper, xtol=1e-15, rtol=1e-14))


def votes_to_certify(p: float, alpha: float, limit: int = 10_000_000) -> int | None:
    """The smallest n whose Clopper-Pearson bound exceeds 1/2 if the share p of votes held.

    p * n is taken as a real number: rounding it down to whole votes makes the condition come and go
    with n, and may ask for up to about 2/(p - 1/2) votes more. None where p is not above 1/2 or
    `limit` votes would not do.
    """

    def certifies(n: int) -> bool:  # the tail of Binomial(n, 1/2) from p n on
        return float(betainc(p * n, n - p * n + 1, 0.5)) < alpha

    if p <= 0.5 or not certifies(limit):
        return None
    low, high = 0, limit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if certifies(middle) else (middle, high)
    return high
