"""Charts and the way out of them: each is drawn as SVG, and saved as PNG, SVG or CSV from below it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

_HERE = Path(__file__).parent
_save = st.components.v2.component(
    "diffsmooth_plot",
    html='<div class="save"></div>',
    css=(_HERE / "plot.css").read_text(),
    js=(_HERE / "plot.js").read_text(),
)
Spec = Mapping[str, Any]


def echarts(spec: Spec, key: str, height: int, alt: str) -> None:
    """An ECharts specification as a chart, which keeps its nodes from tick to tick."""
    with st.container(key=f"plot-{key}", gap=None):
        st.echarts_chart(spec, key=key, height=height, alt=alt, renderer="svg")
        _saving(key, alt, spec)


def plotly(figure: go.Figure, key: str, alt: str, **selection: Any) -> None:
    """A Plotly figure as a chart; `selection` is what `st.plotly_chart` takes where marks can be chosen."""
    with st.container(key=f"plot-{key}", gap=None):
        st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt, **selection)
        _saving(key, alt, figure)


def _saving(key: str, alt: str, drawn: Spec | go.Figure) -> None:
    _save(data={"name": f"diffsmooth-{key}", "alt": alt, "csv": table(drawn)}, key=f"save-{key}")


def table(drawn: Spec | go.Figure) -> str:
    """A chart's points as CSV: the series' name, its place on both axes, and a value where there is one."""
    rows = _of_plotly(drawn) if isinstance(drawn, go.Figure) else _of_echarts(drawn)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("series", "x", "y", "value"), *rows])
    return text.getvalue()


def _of_echarts(spec: Spec) -> Iterator[list[str]]:
    """Every point that a specification draws; a category stands for its number."""
    for series in spec["series"]:
        categories = [_categories(spec, series, letter) for letter in "xy"]
        for i, point in enumerate(series.get("data", ())):
            value = point["value"] if isinstance(point, dict) else point
            if not isinstance(value, (list, tuple)):  # along a category axis, which has its place
                value = (value, i) if categories[1] else (i, value)
            place = [
                names[at] if names and isinstance(at, int) else at
                for names, at in zip(categories, value, strict=False)
            ]
            yield _line(series.get("name", ""), *place, *value[2:3])


def _categories(spec: Spec, series: Spec, letter: str) -> list[str] | None:
    """Those of a series' axis, where it has them."""
    axes = spec[f"{letter}Axis"]
    axis = axes[series.get(f"{letter}AxisIndex", 0)] if isinstance(axes, list) else axes
    return axis["data"] if axis.get("type") == "category" else None


def _of_plotly(figure: go.Figure) -> Iterator[list[str]]:
    """Every point of every trace; a histogram has its values along x alone. Shading, which says nothing when
    it is pointed at, has as many cells as pixels and is left out."""
    for trace in figure.data:
        if trace.type != "heatmap":
            for x, y in zip_longest(trace.x, () if trace.y is None else trace.y):
                yield _line(trace.name, x, y)
        elif trace.hoverinfo != "skip":
            for y, row in zip(trace.y, trace.z, strict=True):
                for x, value in zip(trace.x, row, strict=True):
                    yield _line(trace.name, x, y, value)


def _line(series: str | None, x: Any, y: Any, value: Any = None) -> list[str]:
    return [_cell(cell) for cell in (series, x, y, value)]


def _cell(value: Any) -> str:
    """A number with the digits that a chart can show, or a label on one line."""
    if value is None or isinstance(value, str):
        return " ".join((value or "").split())
    return f"{value:.7g}"
