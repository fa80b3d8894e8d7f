"""Printed numbers beside recomputed ones: what is the same, what differs, what is in conflict."""

from __future__ import annotations

import pytest

from diffsmooth_core.exchange.published import ACR, BENIGN, CERTIFIED, MeasuredSetting, Value
from diffsmooth_core.exchange.recomputed import recomputed
from diffsmooth_core.runs.results import Result

SETTING = MeasuredSetting("a paper", dataset="cifar10")
# 60 of 100 are right with radius 0.5, 20 with 1.0, 10 wrong with 2.0, 10 abstain: ACR (30 + 20) / 100
RESULTS = [
    Result(i, 3, *((3, 0.5) if i < 60 else (3, 1.0) if i < 80 else (5, 2.0) if i < 90 else (-1, 0.0)))
    for i in range(100)
]


@pytest.mark.parametrize(
    ("radius", "printed", "mark"),
    [
        (0.0, 80.0, "equal"),
        (0.5, 80.04, "equal"),
        (0.75, 20.06, "differs"),
        (0.75, 12.7, "differs"),  # the interval of 20 of 100 is 12.67 to 29.18
        (0.75, 12.6, "conflict"),
        (0.75, 29.3, "conflict"),
        (1.0, 20.0, "equal"),
        (2.0, 0.0, "equal"),
        (2.0, 10.0, "conflict"),  # what is wrong does not count
    ],
)
def test_an_accuracy_is_marked_by_its_interval(radius: float, printed: float, mark: str) -> None:
    (check,) = recomputed(RESULTS, [Value(SETTING, CERTIFIED, printed, radius)])
    assert check.mark == mark
    assert (check.radius, check.printed) == (radius, printed)


@pytest.mark.parametrize(
    ("printed", "mark"),
    # the credited radii have mean .5 and standard error .0318 (30 of 0, 60 of .5, 20 of 1 less 10)
    [(0.5, "equal"), (0.5004, "equal"), (0.501, "differs"), (0.44, "differs"), (0.43, "conflict")],
)
def test_an_acr_is_marked_by_its_standard_error(printed: float, mark: str) -> None:
    (check,) = recomputed(RESULTS, [Value(SETTING, ACR, printed)])
    assert check.recomputed == pytest.approx(0.5)
    assert check.high - check.recomputed == pytest.approx(1.96 * 0.0318, rel=0.01)
    assert check.mark == mark


def test_what_cannot_be_recomputed_is_left_out_and_one_picture_is_no_conflict() -> None:
    assert recomputed(RESULTS, [Value(SETTING, BENIGN, 90.0)]) == []
    (check,) = recomputed(RESULTS[:1], [Value(SETTING, ACR, 3.0)])
    assert check.mark == "differs"
