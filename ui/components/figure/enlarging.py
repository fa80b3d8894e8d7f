"""A chart as large as the page's letters.

What ECharts draws the browser enlarges as a whole (assets/style.css), so that its letters are read at three
metres on a projector and in full screen; Plotly has to be told.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

LETTERS = 12  # pixels of a chart's text beside a page's letters of 16
LARGER = 20 / LETTERS  # of a Plotly figure on a projector
LENGTHS = {  # in pixels, by the part of a Plotly figure that has them
    "margin": ("l", "r", "t", "b"),
    "font": ("size",),
    "textfont": ("size",),
    "marker": ("size",),
    "line": ("width",),
}


def with_letters(spec: dict[str, Any]) -> dict[str, Any]:
    """The ECharts specification with the size of every text stated: otherwise Streamlit takes one that grows
    with the page's letters, and the browser would enlarge that once more."""
    size = {"fontSize": LETTERS}

    def axis(given: dict[str, Any]) -> dict[str, Any]:
        return given | {part: size | given.get(part, {}) for part in ("axisLabel", "nameTextStyle")}

    sized = {"textStyle": size, **spec}
    for name in ("xAxis", "yAxis"):
        if given := spec.get(name):
            sized[name] = list(map(axis, given)) if isinstance(given, list) else axis(given)
    for name in ("legend", "tooltip"):
        if given := spec.get(name):
            sized[name] = {"textStyle": size, **given}
    return sized


def enlarged(figure: go.Figure) -> go.Figure:
    """The Plotly figure with its height, margins, letters, marks and lines LARGER."""
    letters = {"size": round(LARGER * LETTERS)}
    traces = [_enlarged(trace.to_plotly_json()) for trace in figure.data]
    larger = go.Figure(traces, _enlarged(figure.layout.to_plotly_json()))
    larger.update_layout(height=LARGER * (figure.layout.height or 450), font=letters, legend_font=letters)
    return larger.update_xaxes(tickfont=letters, title_font=letters).update_yaxes(
        tickfont=letters, title_font=letters
    )


def _enlarged(part: Any, name: str = "") -> Any:
    """A part of a Plotly figure, which has this name there, with its lengths in pixels LARGER."""
    if isinstance(part, dict):
        lengths = LENGTHS.get(name, ())
        return {
            key: np.multiply(LARGER, inner).tolist() if key in lengths else _enlarged(inner, key)
            for key, inner in part.items()
        }
    if isinstance(part, list | tuple) and part and isinstance(part[0], dict):
        return [_enlarged(inner, name) for inner in part]
    return part
