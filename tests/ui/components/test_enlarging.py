"""A chart's letters have a size of their own, larger on a projector, and its numbers stay."""

from __future__ import annotations

import plotly.graph_objects as go

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.figures import finish
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
