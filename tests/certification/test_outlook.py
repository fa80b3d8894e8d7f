"""How many votes a new run would need: against the exact power of each rule and bound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from diffsmooth_core.certification.decision import decide
from diffsmooth_core.certification.outlook import reason, rule_of_a_new_run, votes_needed
from diffsmooth_core.config import STOPPING, SmoothingConfig

CONFIG = SmoothingConfig(sigma=0.5, n=1000, target_radius=0.05, beta=0.01)
NAMES = ("ant", "bee", "cow")


def power(shares: tuple[float, float, float], config: SmoothingConfig) -> float:
    """The probability that all n votes certify class 0, from the decisions of 1,500 drawn outcomes."""
    counts = np.random.default_rng(3).multinomial(config.n, shares, 1500)
    found, times = np.unique(counts, axis=0, return_counts=True)
    won = [decide((1, 0, 0), tuple(map(int, row)), config).label == 0 for row in found]
    return float(times[won].sum() / 1500)


@pytest.mark.parametrize("stopping", STOPPING)
@pytest.mark.parametrize("bound", ["one-class", "two-class"])
def test_the_suggested_number_of_votes_certifies_in_nine_runs_of_ten(stopping: str, bound: str) -> None:
    if (stopping, bound) == ("sequential", "two-class"):
        return
    config = replace(CONFIG, stopping=stopping, bound=bound)
    counts = (600, 250, 150) if bound == "one-class" else (425, 300, 275)
    needed = votes_needed(counts, 0, config)
    assert needed is not None
    found = power(tuple(c / sum(counts) for c in counts), replace(config, n=needed))  # type: ignore[arg-type]
    assert (0.85 if stopping == "sequential" else 0.87) < found < 0.94


def test_a_two_class_abstention_without_a_majority_is_told_how_many_votes_certify() -> None:
    config = replace(CONFIG, bound="two-class", n=200)
    assert decide((10, 0, 0), (85, 60, 55), config).radius == 0
    said = reason((10, 0, 0), (85, 60, 55), 0, 0.3, "spent", config, NAMES)
    assert "85 of 200 noisy copies voted for ant, more than for any other class" in said
    needed = votes_needed((85, 60, 55), 0, config)
    assert needed is not None
    assert 500 < needed < 2000
    assert f"about {needed:,} votes" in said
    certified = replace(config, n=2000)
    assert decide((10, 0, 0), (850, 600, 550), certified).label == 0


def test_who_would_be_given_up_again_is_advised_a_fixed_number_of_votes() -> None:
    config = replace(CONFIG, stopping="decided", target_radius=0.5)
    assert rule_of_a_new_run((110, 90), 0, "hopeless", config) == "fixed"
    assert rule_of_a_new_run((110, 90), 0, "spent", config) == "decided"
    said = reason((9, 1), (110, 90), 0, 0.4, "hopeless", config, NAMES)
    assert "a new run of a fixed number of votes would certify with probability 90 %" in said


def test_an_abstention_of_the_test_speaks_of_the_target_and_of_no_bound() -> None:
    config = replace(CONFIG, stopping="sequential", target_radius=0.25)
    said = reason((9, 1), (720, 280), 0, 0.0, "spent", config, NAMES)
    assert "does not show radius 0.25" in said
    assert "would show radius 0.25 with probability 90 %" in said
    assert "bound" not in said
    assert votes_needed((690, 310), 0, config) is None, "a share below the tested one never passes"


def test_a_second_try_says_its_risk_of_both_written_out() -> None:
    said = reason((9, 1), (540, 460), 0, 0.48, "spent", replace(CONFIG, alpha=1e-5), NAMES)
    assert "that one of the two is wrong has probability 2α = 0.00002 at most." in said


def test_a_share_that_leads_without_a_majority_is_not_promised_anything() -> None:
    said = reason((9, 1, 0), (450, 300, 250), 0, 0.4, "spent", CONFIG, NAMES)
    assert "if its true share is not above ½ either, no number of votes certifies it" in said
    assert float(binom.sf(499, 1000, 0.45)) < 0.01
