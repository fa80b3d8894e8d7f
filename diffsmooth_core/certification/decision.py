"""What the votes imply (Algorithm 5): candidate class, bound, radius, and whether to cast more votes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from diffsmooth_core.config import ABSTAIN, GIVE_UP, InputError, SmoothingConfig, minimum_votes
from diffsmooth_core.statistics import (
    anytime_lower,
    anytime_upper,
    certified_radius,
    clopper_pearson_lower,
    clopper_pearson_upper,
    sign_test,
    two_class_bounds,
    two_class_radius,
)

Ending = Literal["reached", "hopeless", "spent"]
GROWTH = 4  # each adaptive round ends with this many times the votes of the previous one


@dataclass(frozen=True)
class Decision:
    """The result of the votes so far. label is a class id, or ABSTAIN with radius 0.0; radius is L2, [0,1]
    units.

    p_a_lower bounds the candidate's probability, p_b_upper that of every other class. `ending` says why
    voting ends: the target radius was reached, cannot be reached, or all n votes are cast; None while it goes
    on.
    """

    label: int
    radius: float
    p_a_lower: float
    p_b_upper: float
    ending: Ending | None


def selected(counts0: Sequence[int]) -> int:
    """The candidate class: the most frequent of the selection votes."""
    return max(range(len(counts0)), key=lambda c: int(counts0[c]))


def round_sizes(config: SmoothingConfig) -> tuple[int, ...]:
    """The total number of votes at each look of adaptive sampling; the last is n."""
    return tuple(max(1, config.n // GROWTH ** (config.rounds - 1 - i)) for i in range(config.rounds))


NOTHING = Decision(ABSTAIN, 0.0, 0.0, 1.0, None)  # before the first estimation vote


def next_look(n: int, config: SmoothingConfig) -> int:
    """The smallest number of votes above n at which a run may end.

    It depends on n and the config only, so that a run ends at the same vote for any batch size.
    """
    if config.stopping == "fixed":
        return config.n
    if config.stopping == "adaptive":
        return next((size for size in round_sizes(config) if size > n), config.n)
    step = int(max(10, 10 ** (len(str(n)) - 3)))
    return min((n // step + 1) * step, config.n)


def level(config: SmoothingConfig) -> float:
    """The failure probability allowed for one bound of p_A.

    It is alpha/2 for a two-class bound, whose other half bounds p_B; alpha divided by the number of rounds
    for adaptive sampling; and alpha otherwise.
    """
    if config.bound == "two-class":
        return config.alpha / 2
    return config.alpha / config.rounds if config.stopping == "adaptive" else config.alpha


def _lower(k: int, n: int, config: SmoothingConfig) -> float:
    if config.stopping in ("target", "decided"):
        return anytime_lower(k, n, config.alpha)
    return clopper_pearson_lower(k, n, level(config))


def _upper(k: int, n: int, config: SmoothingConfig) -> float:
    if config.stopping == "decided":
        return anytime_upper(k, n, config.beta)
    return clopper_pearson_upper(k, n, config.beta / config.rounds)


def decide(counts0: Sequence[int], counts: Sequence[int], config: SmoothingConfig) -> Decision:
    """The part of Algorithm 5 after the votes. counts0 selects the candidate; only counts bound its
    probability.

    By default the bound is Clopper-Pearson at n votes. With `stopping` "target" or "decided" it is the
    anytime bound, which holds at every look. With "adaptive" it is Clopper-Pearson at alpha divided by the
    number of rounds, so that the union bound covers every look (Horvath et al. 2022; their rounds draw new
    votes, but since the sizes are fixed in advance, the union bound also allows keeping the earlier votes).
    With `bound` "two-class" the radius is equation (1).
    """
    candidate, n = selected(counts0), sum(counts)
    if not n:
        return Decision(ABSTAIN, 0.0, 0.0, 1.0, None)
    if config.bound == "two-class":
        p_a, p_b = two_class_bounds(counts, candidate, config.alpha)
        radius = two_class_radius(p_a, p_b, config.sigma)
    else:
        p_a = _lower(counts[candidate], n, config)
        p_b, radius = 1 - p_a, certified_radius(p_a, config.sigma)
    label = candidate if radius else ABSTAIN
    return Decision(label, radius, p_a, p_b, _ending(counts[candidate], n, radius, config))


def _ending(k: int, n: int, radius: float, config: SmoothingConfig) -> Ending | None:
    if config.stopping != "fixed" and radius and radius >= config.target_radius:
        return "reached"
    if n >= config.n:
        return "spent"
    if config.stopping in GIVE_UP:
        best = _lower(k + config.n - n, config.n, config)  # if all remaining votes were for the candidate
        for bound in (best, _upper(k, n, config)):
            if not (reach := certified_radius(bound, config.sigma)) or reach < config.target_radius:
                return "hopeless"
    return None


def predicted(counts: Sequence[int], alpha: float) -> int:
    """The part of PREDICT (Cohen et al. 2019) after the votes: the class with the most votes, or ABSTAIN.

    Abstains where a two-sided binomial test at level alpha does not separate the two leading classes. The
    probability of returning a class other than the smoothed classifier's is at most alpha.
    """
    second, first = (int(c) for c in np.argsort(counts, kind="stable")[-2:])
    return first if sign_test(int(counts[first]), int(counts[second])) <= alpha else ABSTAIN


def check_reachable(config: SmoothingConfig) -> None:
    """Raise InputError where a run that may end early could not reach its target even with unanimous votes,
    or has too few votes in its first round to certify anything."""
    if config.stopping == "fixed":
        return
    if config.stopping == "adaptive" and round_sizes(config)[0] < (least := minimum_votes(level(config))):
        raise InputError(
            f"rounds = {config.rounds} with n = {config.n} starts with {round_sizes(config)[0]} votes and "
            f"{least} are needed to certify at all; use fewer rounds or more votes"
        )
    largest = certified_radius(_lower(config.n, config.n, config), config.sigma)
    if not largest or largest < config.target_radius:
        raise InputError(
            f"target_radius {config.target_radius:g} is out of reach: {config.n} unanimous votes at sigma "
            f"{config.sigma:g} give {largest:.3f}; lower it or use more votes"
        )
