"""What stopping early costs: simulated certifications with a known true share, and how often each stopping
rule makes a false claim."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincc, betaln

from diffsmooth_core.config import InputError

Array = npt.NDArray[np.float64]
Looks = npt.NDArray[np.bool_]
MOST = 20_000_000  # runs times looks at most, so that they fit into memory


@dataclass(frozen=True)
class Peeking:
    """How many of `runs` simulated certifications with true share p claimed a lower bound above p.

    `looks` (L,) are the numbers of votes at which a rule looks at the result. `fixed` counts the runs in
    which Clopper-Pearson, used once at the last look, is false. `naive` and `anytime` (L,) count those in
    which Clopper-Pearson, or the anytime bound, was false at this look or any earlier one. `shares` (at most
    50,L) are the running shares of votes of the first runs.
    """

    p: float
    alpha: float
    runs: int
    looks: npt.NDArray[np.int64]
    fixed: int
    naive: npt.NDArray[np.int64]
    anytime: npt.NDArray[np.int64]
    shares: Array


def simulate(p: float, n: int, alpha: float, every: int, runs: int = 1000, seed: int = 0) -> Peeking:
    """Draw `runs` sequences of n votes with true share p, and look at the result after every `every` votes.

    A claim is false where the lower bound is above p, see `claims`; for p = 1/2 this would be a false
    certificate. Raises InputError unless p and alpha lie strictly between 0 and 1, and for numbers of votes
    or runs that cannot be simulated.
    """
    _check(p, alpha)
    if not 1 <= every <= n or runs < 1 or runs * (n // every) > MOST:
        raise InputError(
            f"{runs} runs of {n} votes with a look every {every} cannot be simulated here; look less often"
        )
    looks = np.arange(every, n + 1, every)
    steps = np.random.default_rng(seed).binomial(every, p, (runs, len(looks)))
    naive, anytime = claims(steps, p, alpha, every)
    shares = steps[:50].cumsum(1) / looks
    return Peeking(p, alpha, runs, looks, int(naive[:, -1].sum()), _ever(naive), _ever(anytime), shares)


def claims(agreeing: npt.ArrayLike, p: float, alpha: float, every: int = 1) -> tuple[Looks, Looks]:
    """At which looks the bound for a fixed end, and the anytime bound, lie above the true share p: two masks
    (...,L).

    agreeing (...,L) are the votes for the class among each `every` votes, in the order in which they were
    cast: of single votes, which ones are for it. One looks after each. The Clopper-Pearson bound is above p
    where P(at least as many votes) < alpha, and the anytime bound where the mixture M_n(p) of `anytime_lower`
    has reached 1/alpha. Raises InputError unless p and alpha lie strictly between 0 and 1.
    """
    _check(p, alpha)
    k = np.asarray(agreeing, np.int64).cumsum(-1)
    against = every * np.arange(1, k.shape[-1] + 1) - k
    tail = np.where(k > 0, betainc(np.maximum(k, 1), against + 1, p), 1.0)
    with np.errstate(divide="ignore"):  # of few votes among many nothing may be left; their logarithm is -inf
        log_mixture = np.log(betaincc(k + 1, against + 1, p)) + betaln(k + 1, against + 1)
    log_null = k * np.log(p) + (against + 1) * np.log1p(-p)
    return tail < alpha, log_mixture - log_null >= -np.log(alpha)


def first(claimed: Looks) -> int | None:
    """The first look (from 1) of a mask (L,) at which there was a claim, None where there was none."""
    return int(claimed.argmax()) + 1 if claimed.any() else None


def _check(p: float, alpha: float) -> None:
    if not 0 < p < 1:
        raise InputError(f"the true share p must lie between 0 and 1, got {p:g}")
    if not 0 < alpha < 1:
        raise InputError(f"alpha must lie between 0 and 1, got {alpha:g}")


def _ever(claimed: Looks) -> npt.NDArray[np.int64]:
    """claimed (runs,L) -> (L,): the number of runs with a claim at this look or any earlier one."""
    return np.logical_or.accumulate(claimed, axis=1).sum(0)  # type: ignore[no-any-return]
