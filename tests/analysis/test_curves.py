"""The difference of two curves: of runs exactly, of tables where both know, and where they cross."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsmooth_core.analysis.curves import RunCurve, TableCurve, difference
from diffsmooth_core.runs.results import Result
from diffsmooth_core.statistics import certified_accuracy


def run(*radii: float | None) -> RunCurve:
    """A run with these radii; None is a picture that is wrong."""
    return RunCurve([Result(i, 0, 1 if r is None else 0, r or 1.5) for i, r in enumerate(radii)])


def test_two_runs_are_compared_at_every_step_and_cross_where_the_lead_changes() -> None:
    found = difference(run(1.0, 1.0, None, None), run(0.25, 0.5, 0.5, None))
    assert found.radii == (0.0, 0.25, 0.5, 1.0)
    assert found.shares == (-0.25, -0.25, 0.0, 0.5)
    assert found.crossings == (0.25,)
    assert found.margin == pytest.approx(2 * math.sqrt(math.log(80) / 8))


RADII = st.lists(st.none() | st.floats(0.01, 3), min_size=1, max_size=8)


@given(RADII, RADII)
def test_the_difference_is_that_of_the_certified_accuracies(one: list[float], other: list[float]) -> None:
    first, second = run(*one), run(*other)
    found = difference(first, second)

    def accuracy(curve: RunCurve, at: float) -> float:
        return certified_accuracy([r.radius for r in curve.results], [r.correct for r in curve.results], at)

    for radius, share in zip(found.radii, found.shares, strict=True):
        assert share == pytest.approx(accuracy(first, radius) - accuracy(second, radius))
    back = difference(second, first)
    assert (back.radii, back.crossings) == (found.radii, found.crossings)
    assert back.shares == pytest.approx([-share for share in found.shares])


def test_a_table_is_compared_at_its_radii_alone() -> None:
    table = TableCurve({0.0: 0.75, 0.5: 0.5, 1.0: 0.25}, 500)
    found = difference(run(0.5, 0.5, 2.0, None), table)
    assert (found.radii, found.shares) == ((0.0, 0.5, 1.0), (0.0, 0.25, 0.0))
    assert found.crossings == ()
    other = TableCurve({0.5: 0.75, 0.75: 0.5, 1.0: 0.125})
    found = difference(table, other)
    assert (found.radii, found.shares) == ((0.5, 1.0), (-0.25, 0.125))
    assert found.crossings == (0.5,)
    assert found.margin is None, "how many pictures it is of is not known"
    assert difference(table, TableCurve({0.1: 0.5})).radii == ()
