"""A share's interval against SciPy's, and at its ends."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from diffsmooth_core.config import InputError
from diffsmooth_core.statistics import Proportion


@pytest.mark.parametrize(("k", "n"), [(0, 5), (3, 8), (90, 100), (7, 7), (1, 10_000)])
def test_the_interval_is_the_exact_one_of_95_percent(k: int, n: int) -> None:
    found = Proportion.of(k, n)
    expected = binomtest(k, n).proportion_ci(0.95, method="exact")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert found.share == k / n


def test_of_no_events_nothing_is_known_and_impossible_counts_are_refused() -> None:
    nothing = Proportion.of(0, 0)
    assert (nothing.low, nothing.high) == (0.0, 1.0)
    with pytest.raises(InputError, match="k=3, n=2"):
        Proportion.of(3, 2)


@pytest.mark.parametrize("n", [40, 500])
def test_the_band_of_a_curve_holds_all_of_it_in_nineteen_runs_of_twenty(n: int) -> None:
    """Radii of n pictures, a third of them 0, whose true curve is known: the band misses it somewhere in
    at most one run of twenty, where intervals for one radius each miss it several times as often."""
    random, runs = np.random.default_rng(1), 1500
    missed = {"band": 0, "alone": 0}
    band = [Proportion.in_curve(k, n) for k in range(n + 1)]
    alone = [Proportion.of(k, n) for k in range(n + 1)]
    for _ in range(runs):
        radii = np.sort(np.maximum(random.random(n) - 1 / 3, 0))  # beyond r with probability 2/3 - r
        at = np.unique(radii)
        at = at[at > 0]
        above = n - np.searchsorted(radii, at, "left")  # just before the curve falls, and just after
        true = 2 / 3 - at
        for name, intervals in (("band", band), ("alone", alone)):
            low = np.array([intervals[k].low for k in above])
            high = np.array([intervals[k - 1].high for k in above])
            missed[name] += bool((low > true).any() or (high < true).any())
    assert binom.sf(missed["band"] - 1, runs, 0.05) > 1e-4
    assert missed["alone"] > 4 * missed["band"]
