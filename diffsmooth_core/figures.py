"""Plotly figures of runs, for the page and for notebooks alike. Plotly is imported when one is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING

from diffsmooth_core.runs.results import OUTCOMES, Result, curve
from diffsmooth_core.statistics import Proportion

if TYPE_CHECKING:
    import plotly.graph_objects as go

OUTCOME_COLOURS = {"right": "#0b8a5f", "wrong": "#d9480f", "certified": "#2f75c0", "abstained": "#8b9098"}
PUBLISHED = "#7d8691"  # published numbers: hollow marks on dotted grey lines, another mark for each setting
MARKS = ("square", "circle", "triangle-up", "diamond", "triangle-down", "pentagon", "star", "hexagram")
LINES = ("#0e887d", "#d08a2e", "#b0406a", "#2f75c0", "#6f7f95", "#7a9a01", "#8e6210", "#7454ae")


@dataclass(frozen=True)
class Line:
    """A line in a plot of certified accuracy: a run's curve with its confidence band, or the points of a
    published table, some with a mark that refers to a note. `size` states the pictures and votes behind a
    published table; it is "" for runs of this program."""

    name: str
    points: Sequence[tuple[float, Proportion]] = ()
    table: Sequence[tuple[float, float]] = ()  # radius, share
    marks: Mapping[float, str] = field(default_factory=dict)  # by radius
    size: str = ""


RADIUS = "radius (L2, pixel values from 0 to 1)"  # the name of an axis
BAND = (
    "The pale band holds the whole true curve, at all radii together, with 95 % confidence (Dvoretzky, "
    "Kiefer and Wolfowitz), as far as the pictures are a random sample. An interval for one radius alone "
    "would be narrower, and would miss somewhere along the curve far more often than one time in twenty."
)


def line_of(name: str, results: Sequence[Result]) -> Line:
    """The curve of a run with these results."""
    return Line(name, curve(results) if results else ())


def certified_accuracy(lines: Sequence[Line], height: int = 260) -> go.Figure:
    """Certified accuracy over the radius, with simultaneous bands of 95 % confidence."""
    import plotly.graph_objects as go

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
                name=f"{name}, simultaneous 95 % band",
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
    return finish(figure, height, RADIUS, legend=len(lines) > 1)


def bounds(results: Sequence[Result]) -> go.Figure:
    """How the lower bounds of p_A are distributed, by outcome, against ½."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for outcome, title in OUTCOMES.items():
        values = [r.p_a_lower for r in results if r.outcome == outcome and r.p_a_lower is not None]
        if values:
            figure.add_histogram(
                x=values,
                xbins={"start": 0, "end": 1.0001, "size": 0.05},
                name=title,
                marker_color=OUTCOME_COLOURS[outcome],
                hovertemplate="%{y} pictures with a bound of %{x}<extra>" + title + "</extra>",
            )
    figure.add_vline(0.5, line={"color": OUTCOME_COLOURS["abstained"], "width": 1.5})
    figure.update_layout(barmode="stack")
    ticks = {"0": 0, "¼": 0.25, "½": 0.5, "¾": 0.75, "1": 1}
    figure.update_xaxes(range=[0, 1], tickvals=list(ticks.values()), ticktext=list(ticks))
    return finish(figure, 260, "lower bound of the class’s share", "pictures", legend=True)


def _pale(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"


def finish(figure: go.Figure, height: int, x: str, y: str = "", legend: bool = False) -> go.Figure:
    """The figure with its size in pixels, its axes' titles, and a legend above it."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 22, "t": 28 if legend else 8, "b": 8},
        showlegend=legend,
        legend={"orientation": "h", "traceorder": "normal", "y": 1.05, "yanchor": "bottom", "x": 0},
        xaxis_title=x,
        yaxis_title=y,
    )
    return figure


def unmarked(text: str) -> str:
    """`text` for a Plotly figure, which would take tags for markup."""
    return text.replace("<", "‹").replace("&", "＆")
