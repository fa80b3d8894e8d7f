"""What the votes imply (Algorithm 5): candidate class, bound, radius, and whether to cast more votes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from diffsmooth_core.certification.target_test import next_frequent_look, target_test
from diffsmooth_core.config import ABSTAIN, ANYTIME, GIVE_UP, InputError, SmoothingConfig, minimum_votes
from diffsmooth_core.plugins import plugin_names, plugins_of
from diffsmooth_core.statistics import (
    Bound,
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

    p_a_lower bounds the candidate's probability, p_b_upper that of every other class; they are 0 and 1 where
    a test has not shown the target radius. `ending` says why voting ends: the target radius was reached, is
    given up, or all n votes are cast; None while it goes on.
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


@dataclass(frozen=True)
class StoppingRule:
    """A stopping rule of a plug-in, which ends once the target radius is reached.

    lower and upper bound a class's probability from k of n votes at a level, and hold at every look together;
    `looks` gives the next number of votes at which the run may end, above n.
    """

    lower: Bound
    upper: Bound
    looks: Callable[[int], int]


def _brought(config: SmoothingConfig) -> StoppingRule | None:
    """The rule of a plug-in, where the configuration names one. Raises InputError where that rule cannot be
    had: any other bound would not hold at its looks."""
    if config.stopping not in plugin_names("stopping"):
        return None
    rule: StoppingRule | None = plugins_of("stopping", StoppingRule).get(config.stopping)
    if rule is None:
        raise InputError(f"the plug-in of stopping {config.stopping!r} is broken; repair its package")
    return rule


NOTHING = Decision(ABSTAIN, 0.0, 0.0, 1.0, None)  # before the first estimation vote


def next_look(n: int, config: SmoothingConfig) -> int:
    """The smallest number of votes above n at which a run may end.

    It depends on n and the config only, so that a run ends at the same vote for any batch size.
    """
    if config.stopping == "fixed":
        return config.n
    if config.stopping == "adaptive":
        return next((size for size in round_sizes(config) if size > n), config.n)
    rule = _brought(config)
    return next_frequent_look(n, config.n) if rule is None else min(config.n, rule.looks(n))


def a_bound(config: SmoothingConfig) -> float:
    """The failure probability allowed for one bound: alpha, or half of it where the other half bounds p_B."""
    return config.alpha / 2 if config.bound == "two-class" else config.alpha


def level(config: SmoothingConfig) -> float:
    """The failure probability allowed for one bound at one look: the rounds of "adaptive" share it."""
    return a_bound(config) / config.rounds if config.stopping == "adaptive" else a_bound(config)


def bounds_of(config: SmoothingConfig) -> tuple[Bound, Bound]:
    """The lower and the upper bound that a stopping rule uses: they hold at every look, or are
    Clopper-Pearson's."""
    if config.stopping in ANYTIME:
        return anytime_lower, anytime_upper
    if rule := _brought(config):
        return rule.lower, rule.upper
    return clopper_pearson_lower, clopper_pearson_upper


def decide(counts0: Sequence[int], counts: Sequence[int], config: SmoothingConfig) -> Decision:
    """The part of Algorithm 5 after the votes. counts0 selects the candidate; only counts bound its
    probability.

    By default the bound is Clopper-Pearson at n votes. With `stopping` "target" or "decided" it is the
    anytime bound, which holds at every look. With "adaptive" it is Clopper-Pearson at alpha divided by the
    number of rounds, so that the union bound covers every look (Horvath et al. 2022; their rounds draw new
    votes, but since the sizes are fixed in advance, the union bound also allows keeping the earlier votes).
    With "sequential" nothing is bounded but the target radius tested: it is certified, or nothing is. With
    `bound` "two-class" the radius is equation (1).
    """
    candidate, n = selected(counts0), sum(counts)
    if not n:
        return NOTHING
    if config.stopping == "sequential":
        return _tested(candidate, counts[candidate], n, config)
    p_a, p_b, radius = _bounded(counts, candidate, config)
    label = candidate if radius else ABSTAIN
    return Decision(label, radius, p_a, p_b, _ending(counts, candidate, radius, config))


def decide_schema_2(counts0: Sequence[int], counts: Sequence[int], config: SmoothingConfig) -> Decision:
    """`decide` as certificates of schema 2 have it: in their two-class bound, which needed a fixed n, all
    other classes shared a half of alpha, so that their radius is smaller than it has to be."""
    decision = decide(counts0, counts, config)
    if config.bound != "two-class" or not any(counts):
        return decision
    candidate = selected(counts0)
    runner_up = max(count for label, count in enumerate(counts) if label != candidate)
    shared = clopper_pearson_upper(runner_up, sum(counts), config.alpha / 2 / (len(counts) - 1))
    p_b = min(shared, clopper_pearson_upper(sum(counts) - counts[candidate], sum(counts), config.alpha / 2))
    radius = two_class_radius(decision.p_a_lower, p_b, config.sigma)
    return replace(decision, label=candidate if radius else ABSTAIN, p_b_upper=p_b, radius=radius)


def _bounded(counts: Sequence[int], candidate: int, config: SmoothingConfig) -> tuple[float, float, float]:
    """The lower bound of p_A, the upper bound of p_B, and the radius that follows."""
    lower, upper = bounds_of(config)
    if config.bound == "two-class":
        p_a, p_b = two_class_bounds(counts, candidate, 2 * level(config), lower, upper)
        return p_a, p_b, two_class_radius(p_a, p_b, config.sigma)
    p_a = lower(counts[candidate], sum(counts), level(config))
    return p_a, 1 - p_a, certified_radius(p_a, config.sigma)


def _ending(counts: Sequence[int], candidate: int, radius: float, config: SmoothingConfig) -> Ending | None:
    n = sum(counts)
    if config.stopping != "fixed" and radius and radius >= config.target_radius:
        return "reached"
    if n >= config.n:
        return "spent"
    if config.stopping in GIVE_UP:
        agreeing = [c + (config.n - n) * (label == candidate) for label, c in enumerate(counts)]
        best = _bounded(agreeing, candidate, config)[2]  # if all remaining votes were for the candidate
        for reach in (best, _largest(counts, candidate, config)):
            if not reach or reach < config.target_radius:
                return "hopeless"
    return None


def _largest(counts: Sequence[int], candidate: int, config: SmoothingConfig) -> float:
    """The largest radius that the votes leave possible, at level beta. A picture with the target radius falls
    below it, and is given up, with probability at most beta.

    Here the other class with the most votes is bounded from below, and its probability may be overestimated
    for any of them: they share their half of beta.
    """
    k, n, (lower, upper) = counts[candidate], sum(counts), bounds_of(config)
    beta = config.beta / config.rounds if config.stopping == "adaptive" else config.beta
    if config.bound == "two-class":
        runner_up = max(count for label, count in enumerate(counts) if label != candidate)
        p_b = lower(runner_up, n, beta / 2 / (len(counts) - 1))
        return two_class_radius(upper(k, n, beta / 2), p_b, config.sigma)
    return certified_radius(upper(k, n, beta), config.sigma)


def _tested(candidate: int, k: int, n: int, config: SmoothingConfig) -> Decision:
    """The outcome of "sequential" with k of n votes for the candidate."""
    test = target_test(config)
    if test.reached(k, n):
        return Decision(candidate, config.target_radius, test.share, 1 - test.share, "reached")
    return replace(NOTHING, ending="spent" if n >= config.n else "hopeless" if test.lost(k, n) else None)


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
    if config.stopping == "sequential":
        target_test(config)
        return
    if config.stopping == "adaptive" and round_sizes(config)[0] < (least := minimum_votes(level(config))):
        raise InputError(
            f"rounds = {config.rounds} with n = {config.n} starts with {round_sizes(config)[0]} votes and "
            f"{least} are needed to certify at all; use fewer rounds or more votes"
        )
    largest = _bounded((config.n, 0), 0, config)[2]
    if not largest or largest < config.target_radius:
        raise InputError(
            f"target_radius {config.target_radius:g} is out of reach: {config.n} unanimous votes at sigma "
            f"{config.sigma:g} give {largest:.3f}; lower it or use more votes"
        )
