"""A proportion with its confidence interval, as tables and pages show it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from diffsmooth_core.statistics.bounds import clopper_pearson_lower, clopper_pearson_upper

RISK = 0.05  # largest probability that the interval misses the true share


@dataclass(frozen=True)
class Proportion:
    """k of n, with a 95 % confidence interval [low, high] of the true share: by itself (`of`), or together
    with those of a whole curve (`in_curve`)."""

    k: int
    n: int
    low: float
    high: float

    @classmethod
    def of(cls, k: int, n: int) -> Proportion:
        """The proportion k of n, with its two-sided Clopper-Pearson interval, [0, 1] for n = 0. Raises
        InputError unless 0 <= k <= n."""
        if k == n == 0:
            return cls(0, 0, 0.0, 1.0)
        return cls(k, n, clopper_pearson_lower(k, n, RISK / 2), clopper_pearson_upper(k, n, RISK / 2))

    @classmethod
    def in_curve(cls, k: int, n: int) -> Proportion:
        """The proportion of n independent pictures beyond one value of some quantity, k of n >= 1, with its
        interval in the band that holds the whole curve over all values with probability 95 %.

        The band is k/n plus and minus sqrt(log(2/0.05) / 2n) everywhere. Source: Dvoretzky, Kiefer and
        Wolfowitz 1956, with the constant of Massart 1990; it holds for discrete quantities as well.
        """
        margin = math.sqrt(math.log(2 / RISK) / (2 * n))
        return cls(k, n, max(0.0, k / n - margin), min(1.0, k / n + margin))

    @property
    def share(self) -> float:
        """k/n, for n above 0."""
        return self.k / self.n
