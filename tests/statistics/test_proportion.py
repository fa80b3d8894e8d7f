"""A share's interval against SciPy's, and at its ends."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

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
