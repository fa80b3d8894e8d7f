"""Figures of runs, away from the page."""

from __future__ import annotations

import subprocess
import sys

import pytest

from diffsmooth_core.config import ABSTAIN
from diffsmooth_core.figures import bounds, certified_accuracy, line_of, unmarked
from diffsmooth_core.runs.results import Result

RESULTS = [Result(0, 1, 1, 0.5, 0.9), Result(1, 1, 0, 0.3, 0.7), Result(2, 1, ABSTAIN, 0.0, 0.4)]


def test_a_run_is_drawn_without_the_page_and_plotly_only_then() -> None:
    code = """
import sys, diffsmooth_core.figures as f
assert "plotly" not in sys.modules
f.certified_accuracy([])
assert "streamlit" not in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_the_curve_is_the_share_that_is_right_with_its_radius() -> None:
    _, curve = certified_accuracy([line_of("one", RESULTS)]).data
    assert curve.y[0] == pytest.approx(100 / 3)
    assert [y for x, y in zip(curve.x, curve.y, strict=True) if x > 0.5] == [0.0] * sum(
        x > 0.5 for x in curve.x
    )


def test_every_bound_is_in_the_colour_of_its_outcome() -> None:
    drawn = {trace.name: (list(trace.x), trace.marker.color) for trace in bounds(RESULTS).data}
    assert drawn == {
        "Certified and right": ([0.9], "#0b8a5f"),
        "Certified but wrong": ([0.7], "#d9480f"),
        "Abstains": ([0.4], "#8b9098"),
    }


def test_names_are_no_markup_in_a_figure() -> None:
    assert "<" not in unmarked("<b>&</b>")
