"""The numbers below a chart: what is drawn, in words."""

from __future__ import annotations

import re
from pathlib import Path

import plotly.graph_objects as go
import pytest

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.audit.results import Result
from diffsmooth_core.datasets.sources import class_names
from ui import audit_charts, charts, figure

from .conftest import progress

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
    (table,) = figure.tables(charts.trace(points, CONFIG, True, "#123456"))
    assert table.columns == ("estimation votes", "share p̂", "fixed-n bound", "anytime bound")
    assert (table.rows[0][0], table.rows[-1][0]) == ("10", "1,000")
    assert len(table.rows) == figure.ROWS
    assert table.left_out == 75


def test_every_picture_of_a_histogram_is_in_one_row() -> None:
    results = [Result(i, 0, 0, 0.3, p_a_lower=(i + 0.5) / 40) for i in range(40)]
    (table,) = figure.tables(audit_charts.bounds(results))
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


def test_no_chart_is_drawn_without_its_numbers() -> None:
    for path in Path(figure.__file__).parent.glob("*.py"):
        if path.name != "figure.py":
            assert not re.search(r"\bst\.\w+_chart\(", path.read_text()), path.name
