"""A proportion with its confidence interval, as tables and pages show it."""

from __future__ import annotations

from dataclasses import dataclass

from diffsmooth_core.statistics.bounds import clopper_pearson_lower, clopper_pearson_upper

RISK = 0.05  # largest probability that the interval misses the true share


@dataclass(frozen=True)
class Proportion:
    """k of n, with the two-sided 95 % Clopper-Pearson confidence interval [low, high] of the true share."""

    k: int
    n: int
    low: float
    high: float

    @classmethod
    def of(cls, k: int, n: int) -> Proportion:
        """The proportion k of n. For n = 0 the interval is [0, 1]. Raises InputError unless 0 <= k <= n."""
        if k == n == 0:
            return cls(0, 0, 0.0, 1.0)
        return cls(k, n, clopper_pearson_lower(k, n, RISK / 2), clopper_pearson_upper(k, n, RISK / 2))

    @property
    def share(self) -> float:
        """k/n, for n above 0."""
        return self.k / self.n
