"""A chart's letters have a size of their own, larger on a projector, and its numbers stay."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.figures import Line, certified_accuracy, finish
from ui import charts
from ui.components import figure
from ui.components.figure.enlarging import LARGER, LETTERS, enlarged, with_letters


def test_every_text_has_a_size_of_its_own_and_no_number_changes() -> None:
    points = [(26, 0.9, 0.7, 0.6), (52, 0.92, 0.8, 0.75)]
    chart = charts.trace(points, SmoothingConfig(n=1000), True)
    sized = with_letters(chart)
    for part in (sized["xAxis"]["axisLabel"], sized["yAxis"]["nameTextStyle"], sized["legend"]["textStyle"]):
        assert part["fontSize"] == LETTERS
    assert sized["title"] == chart["title"], "it has one of its own"
    larger = with_letters(
        {"xAxis": {"axisLabel": {"fontSize": 14}}, "legend": {"textStyle": {"fontSize": 15}}}
    )
    assert larger["xAxis"]["axisLabel"]["fontSize"] == 14
    assert larger["legend"]["textStyle"]["fontSize"] == 15
    assert sized["xAxis"]["max"] == 1000
    assert figure.as_csv(sized) == figure.as_csv(chart)
    two = with_letters(charts.votes(None, SmoothingConfig(), ("cat", "dog")))
    assert [axis["axisLabel"]["fontSize"] for axis in two["yAxis"]] == [LETTERS, LETTERS]
    assert [axis["axisLabel"]["show"] for axis in two["yAxis"]] == [True, False], "what it says stays"


def test_a_plotly_figure_grows_too_and_the_one_that_was_given_stays() -> None:
    chart = finish(go.Figure(go.Scatter(x=[0, 1], y=[0.2, 0.4], name="run")), 260, "radius")
    large = enlarged(chart)
    assert (large.layout.height, chart.layout.height) == (LARGER * 260, 260)
    assert large.layout.xaxis.tickfont.size == round(LARGER * 12)
    assert figure.as_csv(large) == figure.as_csv(chart)


def test_margins_marks_and_lines_grow_with_the_letters_and_what_is_measured_does_not() -> None:
    published = Line("theirs", table=[(0.0, 0.5), (0.5, 0.25)], marks={0.5: "1"}, size="500 pictures")
    chart = certified_accuracy([published, Line("ours", table=[(0.0, 0.4)])])
    chart.add_histogram(x=[0.1, 0.2], xbins={"start": 0, "end": 1, "size": 0.05})
    chart.add_bar(x=[1, 2], y=["a", "b"], width=0.5, marker={"line": {"width": [3, 0]}})
    chart.add_vline(0.5, line={"width": 1.5})
    large = enlarged(chart)
    theirs, ours, histogram, bar = large.data
    assert large.layout.margin.t == pytest.approx(LARGER * chart.layout.margin.t)
    assert large.layout.margin.t > 0.6 * large.layout.yaxis.tickfont.size, "Plotly hides a label that is cut"
    assert theirs.marker.size == pytest.approx(LARGER * 9)
    assert theirs.marker.line.width == theirs.line.width == pytest.approx(LARGER * 2)
    assert theirs.textfont.size == pytest.approx(LARGER * 14)
    assert (ours.marker.symbol, ours.line.dash) == ("diamond", "solid")
    assert bar.marker.line.width == pytest.approx((LARGER * 3, 0))
    assert large.layout.shapes[0].line.width == pytest.approx(LARGER * 1.5)
    assert (histogram.xbins.size, bar.width, tuple(bar.x)) == (0.05, 0.5, (1, 2))
    assert large.layout.yaxis.range == (0, 100.5)
    assert figure.as_csv(large) == figure.as_csv(chart)
