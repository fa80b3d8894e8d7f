"""A chart for a projector has larger letters and the same numbers."""

from __future__ import annotations

import plotly.graph_objects as go

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.figures import finish
from ui import charts
from ui.components import figure
from ui.components.figure.enlarging import LARGER, enlarged


def test_every_size_grows_and_no_number_does() -> None:
    points = [(26, 0.9, 0.7, 0.6), (52, 0.92, 0.8, 0.75)]
    chart = charts.trace(points, SmoothingConfig(n=1000), True)
    large = enlarged(chart)
    assert large["title"]["textStyle"]["fontSize"] == LARGER * chart["title"]["textStyle"]["fontSize"]
    assert large["grid"]["bottom"] == LARGER * chart["grid"]["bottom"]
    assert large["series"][1]["lineStyle"]["width"] == LARGER * 2.5
    assert large["xAxis"]["max"] == 1000
    assert large["animation"] is False
    assert figure.as_csv(large) == figure.as_csv(chart)


def test_a_plotly_figure_grows_too_and_the_one_that_was_given_stays() -> None:
    chart = finish(go.Figure(go.Scatter(x=[0, 1], y=[0.2, 0.4], name="run")), 260, "radius")
    large = enlarged(chart)
    assert (large.layout.height, chart.layout.height) == (LARGER * 260, 260)
    assert large.layout.xaxis.tickfont.size == round(LARGER * 12)
    assert figure.as_csv(large) == figure.as_csv(chart)
