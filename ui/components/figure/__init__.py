"""A chart with its numbers as a table in an expander below it, and buttons to save it as PNG, SVG or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_FLOOR, Context
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from ui.components.figure.enlarging import enlarged, with_letters
from ui.session import state
from ui.text import no_formula

Spec = dict[str, Any]  # of ECharts

ROWS = 25  # of a table, at most
ICONS = {"diamond": "path://M5 0L10 5L5 10L0 5Z", "triangle": "path://M5 0L10 10H0Z"}  # not stretched
_FOUR_DIGITS = Context(prec=4, rounding=ROUND_FLOOR)
_HERE = Path(__file__).parent
_numbers = st.components.v2.component(
    "diffsmooth_figure",
    html='<details><summary></summary><div></div><p></p></details><div class="save"></div>',
    css=(_HERE / "figure.css").read_text(encoding="utf-8"),
    js="".join(
        (_HERE / name).read_text(encoding="utf-8")
        for name in ("../nodes.js", "focus.js", "saving.js", "figure.js")
    ),
)


@dataclass(frozen=True)
class Series:
    """A named series of a chart: y over x. `across` and `up` are the names of the axes, `said` are the labels
    at its marks where they are not y, and `shade` marks a series that is only a filled area, such as a
    band."""

    name: str
    across: str
    up: str
    x: tuple[Any, ...]
    y: tuple[Any, ...]
    said: tuple[Any, ...] = ()
    shade: bool = False


@dataclass(frozen=True)
class Table:
    """Series over the same x as a table with a column for each. `left_out` is the number of points omitted
    between the rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0


def show(
    chart: Spec | go.Figure, key: str, alt: str, height: int = 0, saved: Spec | None = None, **selection: Any
) -> None:
    """Draw an ECharts specification, `height` pixels high, or a Plotly figure, which has a height of its
    own, and what goes with it. `alt` says what is to be seen; `saved` is the specification with more points
    than are drawn, which are saved as CSV; `selection` is what `st.plotly_chart` takes where marks can be
    chosen."""
    with st.container(key=f"figure-{key}", gap=None):
        if isinstance(chart, go.Figure):
            drawn = enlarged(chart) if state.presenting() else chart
            st.plotly_chart(drawn, key=key, alt=alt, config={"displayModeBar": False}, **selection)
        else:
            spec = chart | {"legend": legend(chart)} if "legend" in chart else chart
            st.echarts_chart(with_letters(spec), key=key, alt=alt, height=height, renderer="svg")
        found = tables(chart)
        data = {
            "name": f"diffsmooth-{key}",
            "title": alt,
            "tables": tuple(asdict(table) for table in found),  # Streamlit imports pandas to look into a list
            "words": _words(found),
            "csv": as_csv(saved or chart),
        }
        _numbers(data=data, key=f"{key}-numbers")


def legend(spec: Spec) -> Spec:
    """The legend where the specification places it, of lines, areas and marks as they are drawn: dashes, a
    mark only where the line has marks, and last the names of lines without points."""

    def entry(series: Spec) -> Spec:
        data = series["data"]
        if 0 < len(data) == data.count(None):
            return {"icon": "none"}
        if "areaStyle" in series:
            return {"icon": "rect"}
        if series["type"] == "scatter":
            return {"icon": ICONS.get(series.get("symbol", "circle"), "circle")}
        marked = series.get("showSymbol", True) and series.get("symbol") != "none"
        return {} if marked else {"itemStyle": {"opacity": 0}}

    entries = [{"name": series["name"]} | entry(series) for series in spec["series"]]
    entries.sort(key=lambda entry: "none" in entry.values())
    return {
        "padding": 0,
        "itemGap": 9,
        "itemWidth": 24,
        "itemHeight": 8,
        "selectedMode": False,
        **spec["legend"],
        "data": entries,
    }


def _words(found: Sequence[Table]) -> str:
    """A note on how the table's numbers are rounded and which points it omits."""
    if not found:
        return "Nothing is drawn yet."
    thinned = f" Of longer lines {ROWS} points." if any(table.left_out for table in found) else ""
    return f"Rounded down to four digits.{thinned}"


def tables(chart: Spec | go.Figure) -> list[Table]:
    """The numbers of a chart: series over the same x side by side, and single marks one below the other."""
    found = [series for series in _of(chart) if not series.shade]
    together: dict[tuple[Any, ...], list[Series]] = {}
    for series in found:
        if len(series.x) > 1:
            together.setdefault(series.x, []).append(series)
    marks = [series for series in found if len(series.x) == 1]
    return [_table(group) for group in together.values()] + ([_marks(marks)] if marks else [])


def as_csv(chart: Spec | go.Figure) -> str:
    """Every point of a chart, bands as well, with seven digits."""
    lines = io.StringIO()
    rows = csv.writer(lines, lineterminator="\n")
    rows.writerow(("series", "x", "y"))
    for series in _of(chart):
        rows.writerows(
            (_cell(series.name), _cell(x), _cell(y)) for x, y in zip(series.x, series.y, strict=True)
        )
    return lines.getvalue()


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return no_formula(" ".join((value or "").split()))
    return f"{value:.7g}"


def _of(chart: Spec | go.Figure) -> Iterator[Series]:
    return _of_plotly(chart) if isinstance(chart, go.Figure) else _of_echarts(chart)


def _table(group: Sequence[Series]) -> Table:
    x = group[0].x
    kept = np.unique(np.linspace(0, len(x) - 1, min(ROWS, len(x))).round().astype(int))
    rows = tuple(tuple(map(text, (x[i], *((series.said or series.y)[i] for series in group)))) for i in kept)
    return Table((group[0].across, *(series.name for series in group)), rows, len(x) - len(kept))


def _marks(marks: Sequence[Series]) -> Table:
    width = 2 if all(mark.y[0] is None for mark in marks) else 3
    columns = ("", marks[0].across, marks[0].up)
    rows = ((mark.name, text(mark.x[0]), text(mark.y[0])) for mark in marks)
    return Table(columns[:width], tuple(row[:width] for row in rows))


def text(value: Any) -> str:
    """Words on one line; a whole number whole, another one rounded down to four digits."""
    if value is None or isinstance(value, str):
        return " ".join((value or "").split()) or "–"
    number = float(value)
    if not np.isfinite(number):
        return "–"
    return f"{int(number):,}" if number.is_integer() else f"{_FOUR_DIGITS.create_decimal(repr(number)):,f}"


def _of_echarts(spec: Spec) -> Iterator[Series]:
    """The series of a specification: over classes or settings, or points (x, y)."""
    titles = _listed(spec.get("title", {}))
    for series in spec["series"]:
        grid, data = series.get("xAxisIndex", 0), series["data"]
        x_axis, y_axis = (_listed(spec[axis])[grid] for axis in ("xAxis", "yAxis"))
        across, up = x_axis.get("name", ""), y_axis.get("name", "")
        name = series.get("name") or titles[min(grid, len(titles) - 1)].get("text", "")
        labels = tuple(map(text, x_axis.get("data") or y_axis.get("data", ())))
        if series["type"] == "heatmap":
            cells = {tuple(point["value"][:2]): point for point in data}
            for j, row in enumerate(y_axis["data"]):
                points = [cells.get((i, j), {"value": (i, j, None)}) for i in range(len(labels))]
                values = tuple(point["value"][2] for point in points)
                yield Series(f"{up} = {row}", across, up, labels, values, tuple(map(_said, points, values)))
        elif labels and series["type"] == "scatter":  # a mark on some of them
            places = {label: value for value, label in data}
            yield Series(name, across, up, labels, tuple(map(places.get, labels)))
        elif labels:
            values = tuple(point["value"] if isinstance(point, dict) else point for point in data)
            yield Series(name, across, up, labels[: len(data)], values, tuple(map(_said, data, values)))
        elif len({x for x, _ in data}) == 1:  # one point, or an upright line, whose name may have its place
            height = data[0][1] if len(data) == 1 else None
            yield Series(name.partition(":")[0], across, up, (data[0][0],), (height,))
        elif data:
            x, y = zip(*data, strict=True)
            yield Series(name, across, up, x, y)


def _listed(one: Any) -> list[Any]:
    return one if isinstance(one, list) else [one]


def _said(point: Any, value: Any) -> Any:
    """The label of a mark in the chart, or its value where it has none."""
    return point.get("label", {}).get("formatter", value) if isinstance(point, dict) else value


def _of_plotly(figure: go.Figure) -> Iterator[Series]:
    """The traces of a figure. Shading, which says nothing when it is pointed at, has as many cells as pixels
    and is left out."""
    across, up = (axis.title.text or "" for axis in (figure.layout.xaxis, figure.layout.yaxis))
    for trace in figure.data:
        name, x, y = trace.name or "", trace.x, trace.y
        shade = trace.hoverinfo == "skip"
        if trace.type == "heatmap":
            for row, values in () if shade else zip(y, trace.z, strict=True):
                yield Series(row, across, up, tuple(x), tuple(values))
        elif trace.type == "histogram":
            edges = np.arange(trace.xbins.start, trace.xbins.end + trace.xbins.size / 2, trace.xbins.size)
            spans = tuple(f"{low:.2f} to {high:.2f}" for low, high in pairwise(edges))
            yield Series(name, across, up, spans, tuple(np.histogram(x, edges)[0]))
        elif trace.type == "bar":
            yield Series(name, across, up, tuple(y), tuple(x))
        else:
            yield Series(name, across, up, tuple(x), tuple(y), shade=shade)
