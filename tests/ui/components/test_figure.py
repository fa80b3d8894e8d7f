"""The numbers below a chart: what is drawn, in words."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.certification.ballots import Ballots
from diffsmooth_core.datasets.sources import class_names
from diffsmooth_core.experiments import Cell, Sweep, grid
from diffsmooth_core.figures import LINES, Line, bounds, certified_accuracy, line_of
from diffsmooth_core.runs.results import Result
from tests.ui.conftest import progress
from ui import charts, echarts
from ui.compare import charts as compare
from ui.components import figure

CAT, DOG = 3, 5
CONFIG = SmoothingConfig(n=1000)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.83339999, "0.8333"),
        (-0.12345, "-0.1235"),
        (0.00056789, "0.0005678"),
        (12345, "12,345"),
        (1234.5678, "1,234"),
        (3.0, "3"),
        (0.1 + 0.2, "0.3000"),
        (None, "–"),
        (float("nan"), "–"),
        ("0.83\nship", "0.83 ship"),
    ],
)
def test_no_number_is_rounded_up(value: object, said: str) -> None:
    assert figure.text(value) == said


def test_counts_of_classes_stand_side_by_side() -> None:
    votes = progress(CONFIG, [(CAT, 99), (DOG, 1)], [(CAT, 900)])
    (table,) = figure.tables(charts.votes(votes, CONFIG, class_names("cifar10")))
    assert table.columns == ("", "Selection votes", "Estimation votes")
    assert table.rows[CAT] == ("cat", "99", "900")
    assert table.rows[DOG] == ("dog", "1", "0")


def test_a_long_line_keeps_its_ends() -> None:
    points = [(10 * i, 0.9, 0.7, 0.6) for i in range(1, 101)]
    (table,) = figure.tables(charts.trace(points, CONFIG, True))
    assert table.columns == ("estimation votes", "share p̂", "fixed-n bound", "anytime bound")
    assert (table.rows[0][0], table.rows[-1][0]) == ("10", "1,000")
    assert len(table.rows) == figure.ROWS
    assert table.left_out == 75


def test_every_picture_of_a_histogram_is_in_one_row() -> None:
    results = [Result(i, 0, 0, 0.3, p_a_lower=(i + 0.5) / 40) for i in range(40)]
    (table,) = figure.tables(bounds(results))
    assert table.columns[1] == "Certified and right"
    assert [row[1] for row in table.rows] == ["2"] * 20
    assert table.rows[-1][0] == "0.95 to 1.00"


def test_a_map_has_a_column_a_row_of_it() -> None:
    drawn = go.Figure(go.Heatmap(x=["σ = 0", "σ = 1"], y=["none", "mean"], z=[[81.25, 40.0], [10.0, 12.5]]))
    (table,) = figure.tables(drawn)
    assert table.columns == ("", "none", "mean")
    assert table.rows == (("σ = 0", "81.25", "10"), ("σ = 1", "40", "12.5"))


def test_marks_are_named_with_their_places_and_shades_are_left_out() -> None:
    drawn = go.Figure().add_scatter(x=[1, 2], y=[3, 4], hoverinfo="skip")
    drawn.add_scatter(x=[0.5], y=[0.25], name="clean").add_scatter(x=[1.0], y=[2.0], name="noisy")
    drawn.update_layout(xaxis_title="first", yaxis_title="second")
    (table,) = figure.tables(drawn)
    assert table.columns == ("", "first", "second")
    assert table.rows == (("clean", "0.5", "0.25"), ("noisy", "1", "2"))


def lines(drawn: dict[str, Any] | go.Figure) -> list[list[str]]:
    header, *rows = csv.reader(figure.as_csv(drawn).splitlines())
    assert header == ["series", "x", "y"]
    return rows


def test_saved_bars_have_their_votes_beside_their_class() -> None:
    spec = charts.tallies((("Before", "", (3, 1), 4), ("After", "", (0, 4), 4)), ("cat", "dog"))
    assert lines(spec) == [
        ["Before", "cat", "3"],
        ["Before", "dog", "1"],
        ["After", "cat", "0"],
        ["After", "dog", "4"],
    ]


def test_a_saved_trace_has_every_point_of_every_line() -> None:
    points = tuple((10 * i, 0.9, 0.5 + i / 1000, 0.4) for i in range(1, 101))
    found = lines(charts.trace(points, SmoothingConfig(n=1000), True))
    assert sum(name == "fixed-n bound" for name, *_ in found) == 100
    assert ["fixed-n bound", "20", "0.502"] in found


def test_a_saved_heat_map_has_both_settings_beside_its_radius() -> None:
    configs = grid("sigma_local", SmoothingConfig(n0=10, n=100, alpha=0.01))
    found = Sweep(
        tuple(Cell(config, *map(Ballots.in_class_order, ((10, 0), (100, 0)))) for config in configs), 1, 1
    )
    rows = lines(compare.heat(found, ("cat", "dog"), 0))
    radii = {(f"{c.config.sigma_local:g}", f"{c.config.sigma:g}"): c.decision.radius for c in found.cells}
    assert {(x, name.rpartition(" = ")[2]): float(y) for name, x, y in rows} == {
        place: float(f"{radius:.7g}") for place, radius in radii.items()
    }


def test_a_saved_figure_keeps_its_band_and_no_shading() -> None:
    run = line_of("a\nrun", [Result(0, 1, 1, 0.5, 0.9), Result(1, 1, 0, 0.5, 0.8)])
    drawn = certified_accuracy([run])
    rows = lines(drawn)
    assert ["a run", "0", "50"] in rows
    assert {name for name, *_ in rows} == {"a run", "a run, simultaneous 95 % band"}
    assert not any("band" in column for table in figure.tables(drawn) for column in table.columns)
    shading = go.Figure(go.Heatmap(x=["a"], y=["b"], z=np.array([[1.0]]), hoverinfo="skip"))
    assert lines(shading) == []


def test_a_legend_shows_what_is_drawn() -> None:
    line, upright = {"type": "line", "data": [1, 2]}, {"showSymbol": False}
    series = [
        line | {"name": "nothing", "data": [None, None]},
        line | {"name": "marked"},
        line | {"name": "bare"} | upright,
        line | {"name": "area", "areaStyle": {}} | upright,
        line | {"name": "not yet", "data": []},
        {"type": "scatter", "name": "dots", "data": []},
        {"type": "scatter", "name": "diamonds", "symbol": "diamond", "data": []},
    ]
    found = figure.legend({"legend": {"top": 3}, "series": series})
    assert found["top"] == 3
    assert "icon" not in found, "it would be the same for dashed lines and solid ones"
    assert found["data"] == [
        {"name": "marked"},
        {"name": "bare", "itemStyle": {"opacity": 0}},
        {"name": "area", "icon": "rect"},
        {"name": "not yet"},
        {"name": "dots", "icon": "circle"},
        {"name": "diamonds", "icon": figure.ICONS["diamond"]},
        {"name": "nothing", "icon": "none"},
    ]


def test_published_numbers_are_told_from_our_own_without_colour() -> None:
    points = [(0.0, 0.5), (0.5, 0.25)]
    ours = [Line(f"ours {i}", table=points) for i in range(2)]
    papers = [Line(f"paper {i}", table=points, size="500 pictures") for i in range(8)]
    traces = certified_accuracy([papers[0], *ours, *papers[1:]]).data
    published = [trace for trace in traces if trace.name.startswith("paper")]
    own = [trace for trace in traces if trace.name.startswith("ours")]
    assert {trace.line.color for trace in published}.isdisjoint(trace.line.color for trace in own)
    assert all(trace.marker.symbol.endswith("-open") and trace.line.dash == "dot" for trace in published)
    assert all(trace.marker.symbol == "diamond" and trace.line.dash == "solid" for trace in own)
    assert len({trace.marker.symbol for trace in published}) == len(papers)
    assert [trace.line.color for trace in own] == list(LINES[:2])


@pytest.mark.parametrize("longest", [0.0, 0.3, 0.9, 1.0, 1.01, 1.6, 3.2, 7.9])
@pytest.mark.parametrize("intervals", [3, 6])
def test_the_last_label_of_an_axis_of_lengths_is_as_far_away_as_the_others(
    longest: float, intervals: int
) -> None:
    axis = echarts.length_axis(longest, intervals)
    count = axis["max"] / axis["interval"]
    assert axis["max"] >= longest
    assert count == int(count)
    assert 1 <= count <= intervals
