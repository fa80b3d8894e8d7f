"""What trying seeds costs: the best of many certificates of one picture, and how often one is false."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import bdtrc

from diffsmooth_core.config import InputError
from diffsmooth_core.statistics.bounds import clopper_pearson_lower
from diffsmooth_core.statistics.radii import certified_radius


@dataclass(frozen=True)
class Grinding:
    """The certificates of one picture under seeds 0, 1, ..., of n votes each, at level alpha.

    Of the first k seeds, `best` (K,) is the largest radius, 0 where all abstain; `corrected` (K,) the radius
    of the same votes at level alpha/k, at which the best of k holds with probability 1 - alpha (Bonferroni);
    `false` (K,) counts those whose lower bound is above the class's true share. `chance` is the probability
    that a single one's is.
    """

    alpha: float
    best: npt.NDArray[np.float64]
    corrected: npt.NDArray[np.float64]
    false: npt.NDArray[np.int64]
    chance: float

    def any_false(self, seeds: int) -> float:
        """The probability that one of so many seeds gives a false certificate, 1 - (1 - chance)^seeds. It is
        at most `seeds` times alpha, the level at which the best of them holds."""
        return float(-np.expm1(seeds * np.log1p(-self.chance)))


def grind(votes: Sequence[int], n: int, alpha: float, share: float, sigma: float) -> Grinding:
    """What certificates with `votes` of n for a class whose true share is known would claim, one a seed.

    Raises InputError for a share outside (0, 1) or votes outside 0..n.
    """
    if not 0 < share < 1:
        raise InputError(f"the true share must lie between 0 and 1, got {share:g}")
    if not votes or min(votes) < 0 or max(votes) > n:
        raise InputError(f"every seed needs from 0 to {n} votes; got {len(votes)} seeds")
    bound = np.array([clopper_pearson_lower(k, n, alpha) for k in range(n + 1)])
    radius = np.array([certified_radius(p, sigma) for p in bound])
    counts = np.asarray(votes)
    most = np.maximum.accumulate(counts)
    corrected = [
        certified_radius(clopper_pearson_lower(int(k), n, alpha / seeds), sigma)
        for seeds, k in enumerate(most, 1)
    ]
    above = int(
        np.searchsorted(bound, share, side="right")
    )  # the fewest votes whose bound is above the share
    chance = float(bdtrc(above - 1, n, share)) if above <= n else 0.0
    return Grinding(alpha, radius[most], np.array(corrected), np.cumsum(bound[counts] > share), chance)
