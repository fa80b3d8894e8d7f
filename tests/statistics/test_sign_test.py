"""The sign test against SciPy's exact binomial test."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from diffsmooth_core.config import InputError
from diffsmooth_core.statistics import sign_test

COUNTS = st.integers(0, 100_000)


@given(COUNTS, COUNTS)
def test_it_is_the_exact_binomial_test(first: int, second: int) -> None:
    expected = binomtest(first, first + second, 0.5).pvalue if first + second else 1.0
    assert sign_test(first, second) == pytest.approx(expected, rel=1e-9, abs=1e-300)
    assert sign_test(first, second) == sign_test(second, first)


@pytest.mark.parametrize(
    ("first", "second", "p"), [(0, 0, 1), (1, 0, 1), (2, 2, 1), (4, 0, 1 / 8), (9, 1, 22 / 1024)]
)
def test_small_splits(first: int, second: int, p: float) -> None:
    assert sign_test(first, second) == pytest.approx(p, rel=1e-14)


def test_a_negative_count_is_named() -> None:
    with pytest.raises(InputError, match="-1"):
        sign_test(-1, 4)
