"""The parts that charts share."""

from __future__ import annotations

import pytest

from ui import echarts


@pytest.mark.parametrize(
    ("longest", "intervals", "end", "step"),
    [(0.0, 3, 0.25, 0.25), (0.7, 3, 0.75, 0.25), (0.76, 3, 1.0, 0.5), (4.0, 6, 4.0, 1.0), (4.1, 6, 5.0, 1.0)],
)
def test_an_axis_of_lengths_ends_with_a_tick_at_or_above_the_longest(
    longest: float, intervals: int, end: float, step: float
) -> None:
    axis = echarts.length_axis(longest, intervals)
    assert (axis["max"], axis["interval"]) == (end, step)


def test_only_the_left_of_two_charts_names_the_rows() -> None:
    left, right = echarts.row_axes(("A", "B"), fontWeight=600)
    assert left["axisLabel"] == {"show": True, "fontWeight": 600}
    assert right["axisLabel"]["show"] is False
    assert left["data"] == right["data"] == ["A", "B"]


@pytest.mark.parametrize("axis", ["xAxis", "yAxis"])
def test_the_line_that_a_bound_has_to_exceed_is_at_a_half(axis: str) -> None:
    line = echarts.half_line(axis, "end")
    assert line["data"] == [{axis: 0.5}]
    assert line["label"]["formatter"] == "½"


def test_a_line_has_its_dash_only_where_it_is_given_one() -> None:
    assert echarts.line("a", "red", 2.0, [])["lineStyle"] == {"width": 2.0}
    assert echarts.line("a", "red", 2.0, [[0, 1]], "dashed")["lineStyle"]["type"] == "dashed"
