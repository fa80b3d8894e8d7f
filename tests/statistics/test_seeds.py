"""What trying seeds costs: the best, what is false, and what a ledger leaves of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from diffsmooth_core.config import InputError
from diffsmooth_core.statistics import certified_radius, clopper_pearson_lower
from diffsmooth_core.statistics.seeds import grind


def test_the_best_grows_with_every_seed_and_what_is_false_is_counted() -> None:
    votes = [60, 85, 70, 100, 85]
    found = grind(votes, 100, 0.01, 0.7, 0.5)
    radius = {k: certified_radius(clopper_pearson_lower(k, 100, 0.01), 0.5) for k in votes}
    assert found.best.tolist() == [radius[60], radius[85], radius[85], radius[100], radius[100]]
    assert clopper_pearson_lower(85, 100, 0.01) > 0.7 > clopper_pearson_lower(70, 100, 0.01)
    assert found.false.tolist() == [0, 1, 1, 2, 3]
    assert found.corrected[0] == found.best[0]
    assert found.corrected[3] == certified_radius(clopper_pearson_lower(100, 100, 0.01 / 4), 0.5)


@pytest.mark.parametrize(("alpha", "share", "n"), [(0.05, 0.665, 100), (0.01, 0.5, 50), (0.001, 0.9, 200)])
def test_the_chance_of_a_false_one_is_exact_and_below_alpha(alpha: float, share: float, n: int) -> None:
    found = grind([0], n, alpha, share, 0.25)
    exact = sum(binom.pmf(k, n, share) for k in range(n + 1) if clopper_pearson_lower(k, n, alpha) > share)
    assert found.chance == pytest.approx(exact, rel=1e-9)
    assert 0 < found.chance <= alpha
    assert found.any_false(1) == pytest.approx(found.chance)
    assert found.any_false(1000) == pytest.approx(1 - (1 - exact) ** 1000)
    assert found.any_false(7) <= 7 * alpha


def test_drawn_votes_are_false_as_often_as_promised() -> None:
    """A thousand seeds at alpha .05: the false ones are binomial, and the ledger's reading is not false."""
    votes = np.random.default_rng(1).binomial(100, 0.665, 1000)
    found = grind(votes.tolist(), 100, 0.05, 0.665, 0.25)
    assert binom.ppf(0.001, 1000, found.chance) <= found.false[-1] <= binom.ppf(0.999, 1000, found.chance)
    true = certified_radius(0.665, 0.25)
    assert found.best[-1] > true > found.corrected[-1]


def test_with_so_few_votes_nothing_can_be_false() -> None:
    assert grind([3], 3, 0.001, 0.6, 0.25).chance == 0.0


@pytest.mark.parametrize(
    ("votes", "share", "said"),
    [
        ([5], 0.0, "got 0"),
        ([5], 1.0, "got 1"),
        ([11], 0.5, "0 to 10 votes"),
        ([-1], 0.5, "0 to 10"),
        ([], 0.5, "0 seeds"),
    ],
)
def test_what_cannot_be_ground_is_said(votes: list[int], share: float, said: str) -> None:
    with pytest.raises(InputError, match=said):
        grind(votes, 10, 0.01, share, 0.25)
