"""After an abstention: what a new run would need, in numbers and in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from scipy.special import bdtrik, ndtri

from diffsmooth_core.certification.decision import Ending, bounds_of, level
from diffsmooth_core.certification.target_test import target_test
from diffsmooth_core.config import MOST_TESTED, InputError, SmoothingConfig
from diffsmooth_core.statistics import clopper_pearson_lower, course, share_for_radius, smallest
from diffsmooth_core.wording import written

POWER = 0.9  # probability with which a new run of the suggested size certifies, if the shares are as counted
LIMIT = 10_000_000
TRIES = 8  # sizes of a sequential run that are tried


def rule_of_a_new_run(counts: Sequence[int], candidate: int, ending: Ending, config: SmoothingConfig) -> str:
    """The stopping rule that a new run should have: this one's, or a fixed number of votes where a run with
    these shares would be given up again because its target is too large for them."""
    share = counts[candidate] / sum(counts)
    beyond = config.stopping == "sequential" and share <= share_for_radius(config.target_radius, config.sigma)
    return "fixed" if ending == "hopeless" or beyond else config.stopping


def votes_needed(counts: Sequence[int], candidate: int, config: SmoothingConfig) -> int | None:
    """About how many votes n a run by this configuration's rule and bound needs to certify with probability
    POWER, if every class's true share is that of the counts (k,); None where LIMIT votes do not do.

    With "sequential" what is certified is its target radius; otherwise it is any radius. A run can certify
    before its last look too, which only helps; it is counted for "sequential", where it matters.
    """
    n = sum(counts)
    share = counts[candidate] / n
    second = max((count for label, count in enumerate(counts) if label != candidate), default=0) / n
    if config.stopping == "sequential":
        return _votes_of_a_test(share, config)
    lower, upper = bounds_of(config)
    alpha = level(config)

    def certifies(size: int) -> bool:
        if config.bound == "one-class":
            return lower(_quantile(size, share, 1 - POWER), size, alpha) > 0.5
        # In one run of ten the two counts are nearer to each other than this; both take half of it.
        spread = float(ndtri(POWER)) * math.sqrt(size * (share + second - (share - second) ** 2)) / 2
        k, most = max(0, math.floor(size * share - spread)), min(size, math.ceil(size * second + spread))
        return lower(k, size, alpha) > upper(most, size, alpha)

    return smallest(certifies, LIMIT)


def _quantile(n: int, p: float, below: float) -> int:
    """The largest k that n votes with probability p reach with probability at least 1 - below."""
    if p <= 0 or p >= 1:
        return round(n * p)
    return min(n, max(0, math.floor(float(bdtrik(below, n, p))) + 1))


def _votes_of_a_test(share: float, config: SmoothingConfig) -> int | None:
    """`votes_needed` of "sequential": the exact probability that the test is passed, from the size that a
    fixed number of votes would need upwards."""
    target = share_for_radius(config.target_radius, config.sigma)
    if not target < share < 1:
        return None

    def fixed(size: int) -> bool:
        return clopper_pearson_lower(_quantile(size, share, 1 - POWER), size, config.alpha) >= target

    size = smallest(fixed, LIMIT)
    for _ in range(TRIES):
        if size is None or size > MOST_TESTED:
            return None
        try:
            test = target_test(replace(config, n=size))
        except InputError:  # too few votes to pass
            pass
        else:
            found = course(share, (*test.against,), (*test.against.values(),), (*test.for_it.values(),))
            if found.reached >= POWER:
                return size
        size = math.ceil(1.08 * size)
    return None


def advice(counts: Sequence[int], candidate: int, ending: Ending, config: SmoothingConfig) -> str:
    """What a new run would need, in a sentence that goes on after a colon, and what a second try costs."""
    rule = replace(config, stopping=rule_of_a_new_run(counts, candidate, ending, config))
    needed = votes_needed(counts, candidate, rule)
    if needed is None:
        most = MOST_TESTED if rule.stopping == "sequential" else LIMIT
        return f"if that share held, no new run of up to {most:,} votes would be likely to certify it."
    how = "" if rule.stopping == config.stopping else " of a fixed number of votes"
    what = f"show radius {config.target_radius:g}" if rule.stopping == "sequential" else "certify"
    return (
        f"if that share held, a new run{how} would {what} with probability {100 * POWER:.0f} % if it had "
        f"about {needed:,} votes. It needs another seed and is a second try with a risk of its own: that one "
        f"of the two is wrong has probability 2α = {written(2 * config.alpha)} at most."
    )


def reason(
    counts0: Sequence[int],
    counts: Sequence[int],
    candidate: int,
    p_a_lower: float,
    ending: Ending,
    config: SmoothingConfig,
    names: Sequence[str],
) -> str:
    """Why a run with these votes abstains, in words that are true of its stopping rule and bound."""
    n, k, name = sum(counts), counts[candidate], names[candidate]
    leader = max(range(len(counts)), key=lambda label: counts[label])
    votes = f"{k:,} of {n:,} noisy copies voted for {name}"
    if leader != candidate and (2 * counts[leader] > n or config.bound == "two-class"):
        return (
            f"Selection put up {name}, which then got {k:,} of {n:,} votes, while {names[leader]} got "
            f"{counts[leader]:,}: more selection votes than n₀ = {sum(counts0):,} would be likelier to "
            "choose the class that leads."
        )
    outlook = advice(counts, candidate, ending, config)
    if config.bound == "two-class":
        return (
            f"{votes}, more than for any other class, but the bound of its share is not above that of the "
            f"runner-up's: {outlook}"
        )
    if 2 * k <= n:
        return (
            f"Only {votes}, the selected class, which is not a majority: if its true share is not above ½ "
            "either, no number of votes certifies it."
        )
    short = (
        f"does not show radius {config.target_radius:g}"
        if config.stopping == "sequential"
        else f"gives a lower bound of {math.floor(p_a_lower * 1e4) / 1e4:.4f}, not above ½"
    )
    return f"{votes}, a majority, but that {short}: {outlook}"
