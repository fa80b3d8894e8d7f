"""Parts that ECharts specifications share, as dictionaries. ECharts keeps its nodes from one drawing to the
next, so charts that are drawn while votes come in do not flicker."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ui.colours import ABSTAIN

Spec = dict[str, Any]

CERTIFIED_TINT = "rgba(19,160,120,0.07)"  # over the part of a chart that is certified
ABOVE_BAR = {  # the label of a row, above its bar and not beside it
    "inside": True,
    "align": "left",
    "verticalAlign": "bottom",
    "margin": 0,
    "padding": [0, 0, 13, 0],
    "width": 165,
    "overflow": "truncate",
}
TROUGH = "rgba(139,144,152,0.12)"  # behind a bar, over its full possible length


def heading(text: str, left: int | str) -> Spec:
    """The title of a chart, `left` from its edge."""
    return {
        "text": text,
        "left": left,
        "top": 4,
        "padding": 0,
        "textStyle": {"fontSize": 14, "fontWeight": 600},
    }


def legend(left: int, top: int) -> Spec:
    """A row of the series' names, below the title."""
    return {"top": top, "left": left}


def plot_area(left: int, right: int, top: int, bottom: int) -> Spec:
    """The plot area's margins in pixels; the labels of the axes must fit into them."""
    return {"left": left, "right": right, "top": top, "bottom": bottom, "outerBoundsMode": "none"}


def axis_name(name: str, gap: int) -> Spec:
    """The name of an axis, centred and `gap` pixels away from it."""
    return {"name": name, "nameLocation": "middle", "nameGap": gap}


def number_axis(name: str, low: float, high: float) -> Spec:
    """A horizontal axis of numbers, without lines across the chart."""
    return {"type": "value", "min": low, "max": high, **axis_name(name, 26), "splitLine": {"show": False}}


def share_axis() -> Spec:
    """A vertical axis for shares of votes."""
    return {"type": "value", "min": 0, "max": 1, "interval": 0.25}


def length_axis(longest: float, intervals: int) -> Spec:
    """An axis from 0 to a tick at or above the longest length, with at most `intervals` intervals."""
    step = 0.25
    while intervals * step < longest:
        step *= 2
    return {"type": "value", "min": 0, "max": step * max(1, math.ceil(longest / step)), "interval": step}


def row_axes(labels: Sequence[str], **label: Any) -> list[Spec]:
    """The vertical axes of two bar charts side by side, which have the same rows: the left one names them."""
    return [
        {
            "gridIndex": i,
            "type": "category",
            "inverse": True,
            "data": list(labels),
            "axisTick": {"show": False},
            "axisLine": {"show": False},
            "axisLabel": {"show": i == 0, **label},
        }
        for i in range(2)
    ]


def bars(name: str, panel: int, width: str, data: list[Spec]) -> Spec:
    """The bars of one of two bar charts side by side, each in its trough."""
    return {
        "type": "bar",
        "name": name,
        "xAxisIndex": panel,
        "yAxisIndex": panel,
        "barWidth": width,
        "showBackground": True,
        "backgroundStyle": {"color": TROUGH, "borderRadius": 3},
        "data": data,
    }


def line(name: str, colour: str, width: float, data: Sequence[Any], dash: str = "") -> Spec:
    """A line through points, which are not marked themselves."""
    style = {"width": width} | ({"type": dash} if dash else {})
    return {
        "type": "line",
        "name": name,
        "color": colour,
        "showSymbol": False,
        "lineStyle": style,
        "data": list(data),
    }


def half_label(position: str) -> Spec:
    return {"position": position, "formatter": "½", "color": ABSTAIN, "fontSize": 15}


def half_line(axis: str, position: str) -> Spec:
    """The line at ½ that a bound has to exceed, across `axis` ("xAxis" or "yAxis")."""
    return mark_lines(
        [{axis: 0.5}], lineStyle={"color": ABSTAIN, "type": "solid", "width": 1.5}, label=half_label(position)
    )


def mark_lines(data: Sequence[Mapping[str, Any]], **look: Any) -> Spec:
    """Straight lines across the chart that belong to a series and do not react to the pointer."""
    return {"silent": True, "symbol": "none", "data": list(data), **look}


def certified_area(areas: Sequence[Any]) -> Spec:
    """The part of a chart in which something is certified, pale."""
    return {"silent": True, "itemStyle": {"color": CERTIFIED_TINT}, "data": list(areas)}
