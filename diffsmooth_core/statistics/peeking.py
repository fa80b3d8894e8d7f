"""What looking early costs: certifications of a known share, repeated, and how often each rule is wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincc, betaln

from diffsmooth_core.config import InputError

Array = npt.NDArray[np.float64]
MOST = 20_000_000  # votes times runs over the distance of looks


@dataclass(frozen=True)
class Peeking:
    """Of `runs` certifications with true share p, how many had by each look (L,) claimed more than p.

    fixed: Clopper-Pearson once, at the last look; naive: Clopper-Pearson at every look so far; anytime: the
    anytime bound at every look so far. `shares` (runs_shown,L) are the running shares of votes of some runs.
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
    """Draw `runs` sequences of n votes with share p and look every `every` votes.

    A claim is false where a bound lies above p: for p = 1/2 that is a certificate that must not be. A
    Clopper-Pearson bound lies above p where so many votes have a probability below alpha, an anytime bound
    where the mixture has reached 1/alpha. Raises InputError.
    """
    if not 0 < p < 1:
        raise InputError(f"the true share p must lie between 0 and 1, got {p:g}")
    if not 0 < alpha < 1:
        raise InputError(f"alpha must lie between 0 and 1, got {alpha:g}")
    if not 1 <= every <= n or runs < 1 or runs * (n // every) > MOST:
        raise InputError(
            f"{runs} runs of {n} votes with a look every {every} cannot be simulated here; look less often"
        )
    looks = np.arange(every, n + 1, every)
    steps = np.random.default_rng(seed).binomial(every, p, (runs, len(looks)))
    k = steps.cumsum(1)
    against = looks - k
    tail = np.where(k > 0, betainc(np.maximum(k, 1), against + 1, p), 1.0)
    log_mixture = np.log(np.maximum(betaincc(k + 1, against + 1, p), 1e-300)) + betaln(k + 1, against + 1)
    log_null = k * np.log(p) + (against + 1) * np.log1p(-p)
    naive, anytime = tail < alpha, log_mixture - log_null >= -np.log(alpha)
    return Peeking(
        p, alpha, runs, looks, int(naive[:, -1].sum()), _ever(naive), _ever(anytime), k[:50] / looks
    )


def _ever(claims: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Runs that have claimed by each look."""
    return np.logical_or.accumulate(claims, axis=1).sum(0)  # type: ignore[no-any-return]
