"""Every stopping rule and bound as it is decided: exact probabilities of a false certificate and of giving
up."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import norm

from diffsmooth_core.certification.decision import Decision, decide, next_look
from diffsmooth_core.config import BOUNDS, GIVE_UP, STOPPING, InputError, SmoothingConfig

CONFIG = SmoothingConfig(sigma=0.5, n=250, alpha=0.05, beta=0.1, target_radius=0.25)


def looks(config: SmoothingConfig) -> list[int]:
    found = [0]
    while found[-1] < config.n:
        found.append(next_look(found[-1], config))
    return found


def endings(p: float, config: SmoothingConfig) -> dict[tuple[int, int], tuple[Decision, float]]:
    """Every outcome of two classes: k of n votes at which a run ends, with its decision and its probability
    where each vote is for the candidate with probability p; exact, one vote at a time."""
    running, found = np.zeros(config.n + 1), {}
    running[0] = 1
    for before, look in pairwise(looks(config)):
        for _ in range(look - before):
            running[1:] = running[1:] * p + running[:-1] * (1 - p)  # votes against
            running[0] *= p
        for against in np.flatnonzero(running).tolist():
            decision = decide((1, 0), (look - against, against), config)
            if decision.ending:
                found[look - against, look] = decision, float(running[against])
                running[against] = 0
    assert not running.any()
    return found


RULES = [
    replace(CONFIG, stopping=stopping, bound=bound)
    for stopping in STOPPING
    for bound in BOUNDS
    if (stopping, bound) != ("sequential", "two-class")
]


@pytest.mark.parametrize("config", RULES, ids=lambda c: f"{c.stopping}, {c.bound}")
@pytest.mark.parametrize("radius", [0.05, 0.249999])
def test_no_rule_is_false_more_often_than_alpha(config: SmoothingConfig, radius: float) -> None:
    """A half-space at distance `radius`, which is the true radius: the probability of a larger one."""
    ends = endings(float(norm.cdf(radius / config.sigma)), config).values()
    assert sum(p for _, p in ends) == pytest.approx(1, abs=1e-12)
    false = sum(p for decision, p in ends if decision.radius > radius)
    assert false <= config.alpha
    if config.bound == "one-class" and radius > 0.2:
        assert false > config.alpha / 10, "a rule that is never wrong gives votes away"


@pytest.mark.parametrize(
    "config", [c for c in RULES if c.stopping in GIVE_UP], ids=lambda c: f"{c.stopping}, {c.bound}"
)
def test_a_picture_with_the_target_radius_is_given_up_no_more_often_than_beta(
    config: SmoothingConfig,
) -> None:
    """Not counted is what could not have reached the target any more, whatever the votes to come."""
    never = replace(config, beta=1e-12)
    given_up = sum(
        p
        for (k, n), (decision, p) in endings(float(norm.cdf(0.5)), config).items()
        if decision.ending == "hopeless" and decide((1, 0), (k, n - k), never).ending is None
    )
    assert config.beta / 20 < given_up <= config.beta


def test_only_a_test_of_one_class_above_zero_can_be_sequential() -> None:
    with pytest.raises(InputError, match="bound is 'two-class'"):
        replace(CONFIG, stopping="sequential", bound="two-class")
    with pytest.raises(InputError, match="1,000,000 votes at most and n is 1,000,001"):
        replace(CONFIG, stopping="sequential", n=1_000_001)
    with pytest.raises(InputError, match="target_radius is 0"):
        replace(CONFIG, stopping="sequential", target_radius=0.0)
