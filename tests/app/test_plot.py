"""What a chart's CSV holds: every point, with the words of its axes in place of their numbers."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
import plotly.graph_objects as go

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.audit.results import Result
from diffsmooth_core.experiments import Cell, Sweep, grid
from ui import audit_charts, charts, compare_charts, plot

NAMES = ("cat", "dog")


def lines(drawn: dict[str, Any] | go.Figure) -> list[list[str]]:
    header, *rows = csv.reader(plot.table(drawn).splitlines())
    assert header == ["series", "x", "y", "value"]
    return rows


def test_bars_have_their_class_beside_their_votes() -> None:
    spec = charts.tallies((("Before", "", (3, 1), 4), ("After", "", (0, 4), 4)), NAMES)
    assert lines(spec) == [
        ["Before", "3", "cat", ""], ["Before", "1", "dog", ""],
        ["After", "0", "cat", ""], ["After", "4", "dog", ""],
    ]  # fmt: skip


def test_a_trace_has_every_point_of_every_line() -> None:
    points = ((10, 0.9, 0.5, 0.4), (20, 0.95, 0.7, 0.6))
    found = lines(charts.trace(points, SmoothingConfig(n=20), True, "#123456"))
    assert found[:2] == [["share p̂", "10", "0.9", ""], ["share p̂", "20", "0.95", ""]]
    assert ["fixed-n bound", "20", "0.7", ""] in found
    assert ["anytime bound", "20", "0.6", ""] in found


def test_a_heat_map_has_both_settings_beside_its_radius() -> None:
    configs = grid("sigma_local", SmoothingConfig(n0=10, n=100, alpha=0.01))
    found = Sweep(tuple(Cell(config, (10, 0), (100, 0)) for config in configs), 1, 1)
    rows = lines(compare_charts.heat(found, NAMES))
    radii = {(f"{c.config.sigma_local:g}", f"{c.config.sigma:g}"): c.decision.radius for c in found.cells}
    assert {(x, y): float(value) for _, x, y, value in rows} == {
        place: float(f"{radius:.7g}") for place, radius in radii.items()
    }


def test_a_label_of_two_lines_is_one_cell_and_a_missing_point_is_empty() -> None:
    configs = grid("budget", SmoothingConfig(n0=10, n=100, m=2))
    found = Sweep(tuple(Cell(config, (0, 0), (0, 0)) for config in configs), 0, 1)
    assert lines(compare_charts.curve(found, "budget", NAMES))[0] == [
        "radius", f"{configs[0].m} {configs[0].n:,}", "", "",
    ]  # fmt: skip


def test_plotly_figures_give_points_values_and_cells_but_no_shading() -> None:
    run = audit_charts.of("a\nrun", [Result(0, 1, 1, 0.5, 0.9), Result(1, 1, 0, 0.5, 0.8)])
    rows = lines(audit_charts.certified_accuracy([run]))
    assert ["a run", "0", "50", ""] in rows
    assert {name for name, *_ in rows} == {"a run", "a run, band"}
    bounds = lines(audit_charts.bounds([Result(0, 1, 1, 0.5, 0.9)]))
    assert bounds == [["Certified and right", "0.9", "", ""]]
    figure = go.Figure(go.Heatmap(x=["a", "b"], y=["c"], z=np.array([[1.0, 2.0]]), name="right"))
    assert lines(figure) == [["right", "a", "c", "1"], ["right", "b", "c", "2"]]
    figure.data[0].hoverinfo = "skip"
    assert lines(figure) == []
