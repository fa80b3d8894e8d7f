"""The stopping rule "sequential": at which looks how many votes show the target radius, and how many give it
up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.statistics import most_allowed, share_for_radius


@dataclass(frozen=True)
class TargetTest:
    """The exact group-sequential test of one setting.

    p_A is shown to be at least `share`, so that the radius is at least the target, at the first look n with
    at most against[n] votes against the candidate. The target is given up at the first with at most for_it[n]
    votes for it, or with more against it than the last look allows. -1 is no number of votes.
    """

    share: float
    against: dict[int, int]
    for_it: dict[int, int]

    def reached(self, k: int, n: int) -> bool:
        """Whether k of n votes for the candidate show the target radius."""
        return n - k <= self.against.get(n, -1)

    def lost(self, k: int, n: int) -> bool:
        """Whether k of n votes give the target up."""
        return k <= self.for_it.get(n, -1) or n - k > next(reversed(self.against.values()))


def next_frequent_look(n: int, last: int) -> int:
    """The look after n votes where many looks cost little: ten votes later, then up to a percent later."""
    step = int(max(10, 10 ** (len(str(n)) - 3)))
    return min((n // step + 1) * step, last)


def _looks(last: int) -> Iterator[int]:
    n = 0
    while n < last:
        yield (n := next_frequent_look(n, last))


def target_test(config: SmoothingConfig) -> TargetTest:
    """The test that belongs to a setting's n, target radius, sigma, alpha and beta.

    A false certificate has probability alpha at most; a picture with the target radius is given up before n
    votes with probability beta at most. Whether it is given up changes nothing about the first: the numbers
    of votes that certify are those of runs that are never given up. Raises InputError where even unanimous
    votes do not show the target.
    """
    return _test(config.n, config.sigma, config.target_radius, config.alpha, config.beta)


@lru_cache(maxsize=256)
def _test(n: int, sigma: float, target_radius: float, alpha: float, beta: float) -> TargetTest:
    share, looks = share_for_radius(target_radius, sigma), tuple(_looks(n))
    against = most_allowed(1 - share, alpha, looks) if share < 1 else (-1,)
    if against[-1] < 0:
        raise InputError(
            f"target_radius {target_radius:g} is out of reach: {n} unanimous votes at sigma {sigma:g} do not "
            "show it; lower it or use more votes"
        )
    for_it = most_allowed(share, beta, looks)
    return TargetTest(share, dict(zip(looks, against, strict=True)), dict(zip(looks, for_it, strict=True)))
