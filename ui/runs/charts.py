"""A run's results as Plotly figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np
import plotly.graph_objects as go

from diffsmooth_core.analysis.stages import Stages
from diffsmooth_core.runs.results import OUTCOMES, Result, curve
from diffsmooth_core.statistics import Proportion
from ui.colours import ABSTAIN, class_colour, outcome_colour
from ui.text import unmarked

PUBLISHED = "#7d8691"  # hollow marks on grey dots, each setting with a mark of its own
MARKS = ("square", "circle", "triangle-up", "diamond", "triangle-down", "pentagon", "star", "hexagram")
LINES = ("#0e887d", "#d08a2e", "#b0406a", "#2f75c0", "#6f7f95", "#7a9a01", "#8e6210", "#7454ae")


@dataclass(frozen=True)
class Line:
    """A run in a plot of certified accuracy: a curve with a band, or points of a table, some with a mark of
    what to mind. `size` says of how many pictures and votes a published table is; our own have none."""

    name: str
    points: Sequence[tuple[float, Proportion]] = ()
    table: Sequence[tuple[float, float]] = ()  # radius, share
    marks: Mapping[float, str] = field(default_factory=dict)  # by radius
    size: str = ""


def line_of(name: str, results: Sequence[Result]) -> Line:
    """The curve of a run with these results."""
    return Line(name, curve(results) if results else ())


def certified_accuracy(lines: Sequence[Line], height: int = 260) -> go.Figure:
    """Certified accuracy over the radius, with bands of 95 % confidence."""
    figure = go.Figure()
    colours, marks = cycle(LINES), cycle(MARKS)
    for i, line in enumerate(lines):
        ours, name = not line.size, unmarked(line.name)
        colour = next(colours) if ours else PUBLISHED
        if line.points:
            x = [radius for radius, _ in line.points]
            ends = [100 * s.high for _, s in line.points] + [100 * s.low for _, s in line.points][::-1]
            figure.add_scatter(
                x=x + x[::-1],
                y=ends,
                fill="toself",
                fillcolor=_pale(colour),
                line={"width": 0},
                hoverinfo="skip",
                showlegend=False,
                legendgroup=str(i),
                name=f"{name}, band",
            )
            figure.add_scatter(
                x=x,
                y=[100 * s.share for _, s in line.points],
                mode="lines",
                name=name,
                legendgroup=str(i),
                line={"color": colour, "width": 2.5, "shape": "hv"},
                hovertemplate="%{y:.1f} % at radius %{x:.2f}<extra>" + name + "</extra>",
            )
        if line.table:
            look = (
                {"size": 8, "symbol": "diamond"}
                if ours
                else {"size": 9, "symbol": f"{next(marks)}-open", "line": {"width": 2}}
            )
            of = "" if ours else f", {line.size}"
            figure.add_scatter(
                x=[radius for radius, _ in line.table],
                y=[100 * share for _, share in line.table],
                mode="lines+markers+text",
                name=name,
                marker=look,
                line={"color": colour, "width": 2, "dash": "solid" if ours else "dot"},
                text=[line.marks.get(radius, "") for radius, _ in line.table],
                textposition="top right",
                textfont={"size": 14, "color": colour},
                hovertemplate="%{y:.1f} % at radius %{x:.2f}" + of + "<extra>" + name + "</extra>",
            )
    figure.update_traces(cliponaxis=False)
    figure.update_yaxes(range=[0, 100.5], dtick=20, ticksuffix=" %")
    figure.update_xaxes(rangemode="tozero")
    return _finish(figure, height, "radius, L2 in pixel values", legend=len(lines) > 1)


def _pale(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"


def bounds(results: Sequence[Result]) -> go.Figure:
    """How the lower bounds of p_A are distributed, by outcome, against ½."""
    figure = go.Figure()
    for outcome, title in OUTCOMES.items():
        values = [r.p_a_lower for r in results if r.outcome == outcome and r.p_a_lower is not None]
        if values:
            figure.add_histogram(
                x=values,
                xbins={"start": 0, "end": 1.0001, "size": 0.05},
                name=title,
                marker_color=outcome_colour(outcome),
                hovertemplate="%{y} pictures with a bound of %{x}<extra>" + title + "</extra>",
            )
    figure.add_vline(0.5, line={"color": ABSTAIN, "width": 1.5})
    figure.update_layout(barmode="stack")
    ticks = {"0": 0, "¼": 0.25, "½": 0.5, "¾": 0.75, "1": 1}
    figure.update_xaxes(range=[0, 1], tickvals=list(ticks.values()), ticktext=list(ticks))
    return _finish(figure, 260, "lower bound of the class's share p_A", "pictures", legend=True)


def votes(counts: Sequence[int], names: Sequence[str], chosen: int | None) -> go.Figure:
    """Estimation votes of each class as bars to click."""
    names = [unmarked(name) for name in names]
    order = sorted((k for k in range(len(counts)) if counts[k]), key=lambda k: counts[k])[-10:]
    figure = go.Figure(
        go.Bar(
            y=[names[k] for k in order],
            x=[counts[k] for k in order],
            orientation="h",
            text=[f"{counts[k]:,}" for k in order],
            textposition="auto",
            customdata=order,
            name="votes",
            marker={
                "color": [class_colour(k) for k in order],
                "line": {"width": [3 if k == chosen else 0 for k in order], "color": "#8b9098"},
            },
            hovertemplate="%{y}: %{x:,} votes<extra></extra>",
        )
    )
    figure.update_xaxes(showticklabels=False, showgrid=False)
    return _finish(figure, max(140, 46 + 30 * len(order)), "")


STAGES = {
    "clean": "The picture",
    "noisy": "With noise",
    "purified": "Purified",
    "local": "With local noise",
    "votes": "Votes",
}


def stages(found: Stages, names: Sequence[str]) -> go.Figure:
    """What the classifier sees at every stage: shares of the classes, in their colours."""
    names, shares = [unmarked(name) for name in names], {}
    for stage, title in STAGES.items():
        classes = getattr(found, stage)
        if classes is not None:
            shares[title] = np.bincount(np.ravel(classes), minlength=len(names)) / np.size(classes)
    titles = list(shares)
    seen = [k for k in range(len(names)) if max(share[k] for share in shares.values()) > 0.02]
    figure = go.Figure()
    for k in seen:
        percent = [100 * shares[t][k] for t in titles]
        figure.add_bar(
            y=titles,
            x=percent,
            orientation="h",
            name=names[k],
            marker_color=class_colour(k),
            text=[names[k] if p >= 22 else "" for p in percent],
            insidetextanchor="middle",
            textangle=0,
            textfont={"size": 11, "color": "white"},
            constraintext="none",
            hovertemplate="%{y}: %{x:.0f} % are taken for " + names[k] + "<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.3)
    figure.update_yaxes(autorange="reversed")
    ticks = (0, 25, 50, 75, 100)
    figure.update_xaxes(range=[0, 100], tickvals=ticks, ticktext=[f"{tick} %" for tick in ticks])
    return _finish(figure, 60 + 38 * len(titles), "", legend=True)


def _finish(figure: go.Figure, height: int, x: str, y: str = "", legend: bool = False) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 22, "t": 28 if legend else 8, "b": 8},
        showlegend=legend,
        legend={"orientation": "h", "traceorder": "normal", "y": 1, "yanchor": "bottom", "x": 0},
        xaxis_title=x,
        yaxis_title=y,
    )
    return figure
