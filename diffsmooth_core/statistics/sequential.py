"""Looking at a count of votes again and again: the exact group-sequential test of a share, and how often any
rule with fixed looks ends how.

Both carry the distribution of the count, over the runs that still go on, from look to look (Armitage,
McPherson and Rowe 1969): the votes between two looks are added, the runs that end at a look are taken out.
Nothing is simulated, and nothing of a level is given away to a union bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from diffsmooth_core.config import InputError

Array = npt.NDArray[np.float64]
MARGIN = 1e-6  # the share of a level that is kept for rounding errors and for the tails that are cut off


@lru_cache(maxsize=256)
def most_allowed(share: float, level: float, looks: tuple[int, ...]) -> tuple[int, ...]:
    """For each look, the largest count of votes at which a class is shown to have a probability below
    `share`; -1 where no count shows it yet.

    `looks` are increasing numbers of votes, n the last of them. If the probability is `share` or more, the
    count is small enough at any of the looks with probability at most `level`, and at any of those up to n_j
    with probability at most level (n_j/n)^(1/2): the error is spent by a power of the votes (Lan and DeMets
    1983; Kim and DeMets 1987). The larger the probability, the rarer are small counts, so `share` itself is
    the worst case, for which the distribution of the count is exact. Raises InputError unless share and level
    lie strictly between 0 and 1 and the looks increase from 1 or more.
    """
    for name, value in (("share", share), ("level", level)):
        _check_probability(name, value)
    _check_looks(looks)
    cut = level * MARGIN / (8 * len(looks))
    allowed: list[int] = []
    most, spent, first, running = -1, 0.0, 0, np.ones(1)
    for look, (low, votes) in _steps(share, looks, cut):
        first, running = first + low, np.convolve(running, votes)
        budget = level * (1 - MARGIN) * (look / looks[-1]) ** 0.5
        most = max(most, first - 1 + int(np.searchsorted(spent + running.cumsum(), budget, "right")))
        ended = max(0, most + 1 - first)
        spent += float(running[:ended].sum())
        running = running[ended : len(running) - int(np.searchsorted(running[::-1].cumsum(), cut))]
        first += ended
        allowed.append(most)
    return tuple(allowed)


@dataclass(frozen=True)
class Course:
    """How runs end: the probability that they reach their target, that they are given up before the last
    look, and the expected number of votes."""

    reached: float
    given_up: float
    votes: float


def course(p: float, looks: Sequence[int], against: Sequence[int], for_it: Sequence[int]) -> Course:
    """How runs end whose class has the probability p, strictly between 0 and 1, exact up to rounding.

    A run reaches its target at the first look n_j with at most against[j] votes for other classes, and is
    given up at the first with at most for_it[j] votes for the class; -1 where that cannot happen. Raises
    InputError for a p, or looks, that cannot be.
    """
    _check_probability("p", p)
    _check_looks(looks)
    reached = given_up = votes = 0.0
    first, running = 0, np.ones(1)  # of votes for other classes
    for (look, (low, more)), most, fewest in zip(_steps(1 - p, looks, 1e-20), against, for_it, strict=True):
        first, running = _trimmed(first + low, np.convolve(running, more))
        start = min(max(0, most + 1 - first), len(running))
        stop = min(max(start, look - fewest - first), len(running)) if fewest >= 0 else len(running)
        won, lost = float(running[:start].sum()), float(running[stop:].sum())
        reached, given_up, votes = reached + won, given_up + lost, votes + look * (won + lost)
        first, running = first + start, running[start:stop]
        if not len(running):
            break
    return Course(reached, given_up, votes + looks[-1] * float(running.sum()))


def _steps(q: float, looks: Sequence[int], cut: float) -> Iterator[tuple[int, tuple[int, Array]]]:
    """Each look with the distribution of a count among the votes since the look before; q is a vote's
    probability to be counted."""
    known: dict[int, tuple[int, Array]] = {}
    for before, look in pairwise((0, *looks)):
        if (votes := look - before) not in known:
            known[votes] = _binomial(votes, q, cut)
        yield look, known[votes]


def _binomial(n: int, q: float, cut: float) -> tuple[int, Array]:
    """Binomial(n, q) as its smallest value and the probabilities from there on, without the values in either
    tail that have a probability of at most `cut` together."""
    k = np.arange(n + 1)
    logs = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + k * np.log(q) + (n - k) * np.log1p(-q)
    p = np.exp(logs)
    p /= p.sum()  # takes away most of the rounding error of the logarithms
    low, high = (int(np.searchsorted(tail.cumsum(), cut, "right")) for tail in (p, p[::-1]))
    return low, p[low : n + 1 - high]


def _trimmed(first: int, p: Array) -> tuple[int, Array]:
    """A distribution without the values at its ends that are too improbable to count."""
    kept = np.flatnonzero(p > 1e-30)
    return (first + int(kept[0]), p[kept[0] : kept[-1] + 1]) if len(kept) else (first, p[:0])


def _check_looks(looks: Sequence[int]) -> None:
    if not looks or looks[0] < 1 or any(later <= look for look, later in pairwise(looks)):
        raise InputError(f"looks must be numbers of votes that increase from 1 or more, got {looks!r:.60}")


def _check_probability(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise InputError(f"{name} must lie strictly between 0 and 1, got {value:g}")
