"""Figures of the Results page beside certified accuracy over the radius."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import plotly.graph_objects as go

from diffsmooth_core.analysis.curves import Difference
from diffsmooth_core.figures import LINES, PUBLISHED, RADIUS, Line, certified_accuracy, finish
from diffsmooth_core.statistics import share_for_radius


def height(lines: int) -> int:
    """Of a chart with so many lines in its legend, in pixels."""
    return 380 + 16 * lines


def shares(lines: Sequence[tuple[Line, float]]) -> go.Figure:
    """Each line with its σ: the share of pictures that are right, over the lower bound of p_A that a radius
    takes, from ½ to 1."""
    moved = [
        replace(
            line,
            points=[(share_for_radius(radius, sigma), found) for radius, found in line.points],
            table=[(share_for_radius(radius, sigma), share) for radius, share in line.table],
            marks={share_for_radius(radius, sigma): mark for radius, mark in line.marks.items()},
        )
        for line, sigma in lines
    ]
    figure = certified_accuracy(moved, height(len(lines)))
    figure.update_xaxes(
        range=[0.495, 1.005], rangemode="normal", title="lower bound of the share of votes p_A"
    )
    for trace in figure.data:
        if trace.hovertemplate:
            trace.hovertemplate = trace.hovertemplate.replace(
                "at radius %{x:.2f}", "with p_A of at least %{x:.3f}"
            )
    return figure


def difference(found: Difference) -> go.Figure:
    """The difference in points of percentage over the radius, with its band and a line at 0."""
    figure = go.Figure()
    points = [100 * share for share in found.shares]
    if found.margin is not None:
        ends = [point + 100 * found.margin for point in points]
        ends += [point - 100 * found.margin for point in reversed(points)]
        figure.add_scatter(
            x=[*found.radii, *reversed(found.radii)],
            y=ends,
            fill="toself",
            fillcolor="rgba(14,136,125,0.16)",
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            name="95 % band of the difference",
        )
    figure.add_scatter(
        x=found.radii,
        y=points,
        mode="lines" if len(points) > 20 else "lines+markers",
        name="difference",
        line={"color": LINES[0], "width": 2.5, "shape": "vh" if len(points) > 20 else "linear"},
        hovertemplate="%{y:+.1f} points at radius %{x:.2f}<extra></extra>",
    )
    figure.add_hline(0, line={"color": PUBLISHED, "width": 1})
    figure.update_yaxes(ticksuffix=" points")
    figure.update_xaxes(rangemode="tozero")
    return finish(figure, height(1), RADIUS)
