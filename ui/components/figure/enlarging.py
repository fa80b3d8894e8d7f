"""A chart for a projector: everything that has a size in pixels is as much larger as the page's letters."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

LARGER = 22 / 16  # as in assets/style.css
PIXELS = {
    "fontSize",
    "lineHeight",
    "itemGap",
    "nameGap",
    "margin",
    "padding",
    "top",
    "bottom",
    "left",
    "right",
    "width",
    "height",
    "symbolSize",
    "borderRadius",
}


def enlarged(chart: dict[str, Any] | go.Figure) -> Any:
    """The chart with letters, lines and distances LARGER. What has no size of its own in an ECharts
    specification grows with the page's letters without this."""
    if isinstance(chart, go.Figure):
        letters = {"size": round(LARGER * 12)}
        figure = go.Figure(chart)
        figure.update_layout(height=LARGER * (chart.layout.height or 450), font=letters, legend_font=letters)
        figure.update_xaxes(tickfont=letters, title_font=letters)
        figure.update_yaxes(tickfont=letters, title_font=letters)
        return figure
    return {key: _enlarged(key, value) for key, value in chart.items()}


def _enlarged(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return enlarged(value)
    if isinstance(value, list | tuple):
        return [_enlarged(key, one) for one in value]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return LARGER * value if number and key in PIXELS else value
