"""Results of the theorems as Plotly figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from diffsmooth_core.theory import Comparison, Curves, Exact, Gain, Theorem1
from ui.colours import ABSTAIN
from ui.theorems_terms import (
    CORRECTED,
    NOISE,
    ONE_SHOT,
    PRINTED,
    SAMPLES,
    SCORE,
    SHIFT,
    TITLES,
)


def _finish(figure: go.Figure, height: int, x: str, y: str = "") -> go.Figure:
    figure.update_layout(
        height=height, margin={"l": 8, "r": 16, "t": 36, "b": 8}, bargap=0.25,
        legend={"orientation": "h", "traceorder": "normal", "y": 1, "yanchor": "bottom", "x": 0},
        xaxis_title=x, yaxis_title=y,
    )  # fmt: skip
    return figure


def distances(found: Theorem1 | None, one_shot: float, scale: float, unit: str) -> dict[str, Any]:
    """The samples' distances from the clean point as a histogram, the one-shot output's, and the bounds
    without an estimate of C. ECharts, as samples come in while one looks; `found` is None before them."""
    lines = {"one-shot output": (scale * one_shot, ONE_SHOT)}
    bars: list[list[float]] = []
    if found is not None:
        values = scale * found.distances
        bounds = {name: scale * float(found.bound(name).mean()) for name in ("free", "tight", "pathwise")}
        width = max(float(np.ptp(values)) / 8, max(bounds.values()) / 90)
        edges = width * np.arange(int(values.min() / width), int(values.max() / width) + 2)
        counts = np.histogram(values, edges)[0]
        bars = [[float(x), int(n)] for x, n in zip(edges, (*counts, 0), strict=True)]
        bars.insert(0, [float(edges[0]), 0])
        for name, colour in (("tight", SHIFT), ("free", NOISE), ("pathwise", SCORE)):
            lines[f"bound {TITLES[name]}"] = (bounds[name], colour)
    tallest = 1.15 * max((n for _, n in bars), default=1)
    return {
        "animation": False,
        "legend": {"top": 0, "left": 36, "itemWidth": 14, "itemHeight": 10, "icon": "rect",
                   "selectedMode": False, "itemGap": 16},
        "grid": {"left": 40, "right": 28, "top": 54, "bottom": 44},
        "xAxis": {"type": "value", "min": 0, "name": f"distance from the clean point, L2 in {unit} units",
                  "nameLocation": "middle", "nameGap": 28, "splitLine": {"show": False}},
        "yAxis": {"type": "value", "min": 0, "minInterval": 1, "name": "samples",
                  "nameLocation": "middle", "nameGap": 28},
        "series": [
            {"type": "line", "name": "samples", "color": SAMPLES, "step": "end", "showSymbol": False,
             "lineStyle": {"width": 0}, "areaStyle": {"color": SAMPLES, "opacity": 0.85}, "data": bars},
            *(
                {"type": "line", "name": f"{name}: {x:.4g}", "color": colour, "showSymbol": False,
                 "lineStyle": {"width": 2.5, "type": "dotted" if colour == ONE_SHOT else "solid"},
                 "data": [[x, 0], [x, tallest]]}
                for name, (x, colour) in lines.items()
            ),
        ],
    }  # fmt: skip


def _lines(title: str, lines: Mapping[str, tuple[str, Sequence[float]]], labels: Sequence[str],
           unit: str) -> dict[str, Any]:  # fmt: skip
    """Lengths over the noise on a logarithmic scale, which has no place for 0; drawn while they come in."""
    return {
        "animation": False,
        "title": {"text": title, "left": 4, "top": 0, "padding": 0,
                  "textStyle": {"fontSize": 14, "fontWeight": 600}},
        "legend": {"top": 22, "left": 4, "padding": 0, "itemGap": 14, "itemWidth": 14, "itemHeight": 3,
                   "icon": "rect", "selectedMode": False},
        "grid": {"left": 48, "right": 20, "top": 78, "bottom": 44},
        "xAxis": {"type": "category", "data": list(labels), "boundaryGap": False},
        "yAxis": {"type": "log", "name": f"L2 in {unit} units", "nameLocation": "middle", "nameGap": 36},
        "tooltip": {"trigger": "axis", "valueFormatter": "%.4g"},
        "series": [
            {"type": "line", "name": name, "color": colour, "symbol": "circle", "symbolSize": 6,
             "lineStyle": {"width": 2.2, "type": "dashed" if name == TITLES["printed"] or name == "τ·C"
                           else "solid"},
             "data": [value if value > 0 else None for value in values]}
            for name, (colour, values) in lines.items()
        ],
    }  # fmt: skip


def over_sigma(found: Curves, scale: float, unit: str) -> tuple[dict[str, Any], ...]:
    """Theorem 1's distance and bounds, its terms, and Theorem 2's distance and bounds, over sigma and t."""
    labels = [f"σ {sigma:g}" for sigma in found.sigmas]
    for k, point in enumerate(found.points):
        labels[k] += f"\nt {point.timestep}" if point.timestep is not None else (
            f"\nτ {point.theorem1.tau:.2g}"
        )  # fmt: skip
    ones = [point.theorem1 for point in found.points]
    twos = [point.theorem2 for point in found.points]

    def mean(values: Callable[[Theorem1], Any]) -> list[float]:
        return [scale * float(np.mean(values(one))) for one in ones]

    bounds = {
        "samples’ mean": (SAMPLES, mean(lambda one: one.distances)),
        "one shot": (ONE_SHOT, [scale * point.one_shot for point in found.points]),
        TITLES["tight"]: (SHIFT, mean(lambda one: one.bound("tight"))),
        TITLES["pathwise"]: (SCORE, mean(lambda one: one.bound("pathwise"))),
        TITLES["corrected"]: (CORRECTED, mean(lambda one: one.bound("corrected"))),
        TITLES["printed"]: (PRINTED, mean(lambda one: one.bound("printed"))),
    }
    parts = {
        "shift": (SHIFT, mean(lambda one: one.shift)),
        "noise": (NOISE, mean(lambda one: one.noise)),
        "score, pathwise": (SCORE, mean(lambda one: one.score_term("pathwise"))),
        "(e^τ−1)·C": (CORRECTED, mean(lambda one: one.score_term("corrected"))),
        "τ·C": (PRINTED, mean(lambda one: one.score_term("printed"))),
    }
    second = {
        "distance": (ONE_SHOT, [scale * two.distance for two in twos]),
        "corrected ρ√E": (CORRECTED, [scale * two.corrected for two in twos]),
        TITLES["printed"] + " ρE": (PRINTED, [scale * two.printed for two in twos]),
    }
    return (
        _lines("Theorem 1: distance and bounds", bounds, labels, unit),
        _lines("Theorem 1: the terms", parts, labels, unit),
        _lines("Theorem 2: distance and bounds", second, labels, unit),
    )


def gain(found: Sequence[Gain], eta: float, scale: float, unit: str) -> dict[str, Any]:
    """Distance to the picture over sigma, before and after purification, and Theorem 1 without its C."""
    pixel = 2 * scale  # Gain is in [0,1] units already
    lines = {
        "noisy": (SAMPLES, [pixel * g.noisy for g in found]),
        "purified": (ONE_SHOT, [pixel * g.purified for g in found]),
        "bound without C": (NOISE, [pixel * g.bound(eta) for g in found]),
        "its exact quantile": (SHIFT, [pixel * g.quantile(eta) for g in found]),
    }
    return _lines("This picture", lines, [f"σ {g.sigma:g}" for g in found], unit)


def compared(found: Comparison, scale: float, unit: str) -> dict[str, Any]:
    """Distance after purification over the distance before it, a point a picture and sigma."""
    pixel = 2 * scale
    rows = zip(found.noisy, found.purified, strict=True)
    points = [[pixel * x, pixel * y] for before, after in rows for x, y in zip(before, after, strict=True)]
    low, high = 0.5 * pixel, 100 * pixel
    axis = {"type": "log", "min": low, "max": high, "nameLocation": "middle"}
    return {
        "animation": False,
        "title": {"text": f"{found.pictures} pictures", "left": 4, "top": 0, "padding": 0,
                  "textStyle": {"fontSize": 14, "fontWeight": 600}},
        "legend": {"top": 22, "left": 4, "padding": 0, "itemGap": 14, "itemWidth": 14, "itemHeight": 6,
                   "icon": "rect", "selectedMode": False},
        "grid": {"left": 48, "right": 20, "top": 78, "bottom": 44},
        "xAxis": axis | {"name": f"‖xᵣₛ − x₀‖ before, {unit} units", "nameGap": 26},
        "yAxis": axis | {"name": "‖x̂ − x₀‖ after", "nameGap": 32},
        "series": [
            {"type": "scatter", "name": "a noisy picture", "color": ONE_SHOT, "symbolSize": 6,
             "itemStyle": {"opacity": 0.55}, "data": points},
            {"type": "line", "name": "below this line: nearer", "color": SAMPLES, "showSymbol": False,
             "lineStyle": {"width": 1.5, "type": "dashed"}, "data": [[low, low], [high, high]]},
        ],
    }  # fmt: skip


def drawn(found: Exact, shown: int = 24) -> go.Figure:
    """Paths of a 1- or 2-dimensional world: through noise levels, or in the plane."""
    states = found.paths.states
    assert states is not None
    path = states[:, :shown].numpy()
    cloud = found.paths.end.numpy()
    clean, received = found.clean.numpy(), found.received.numpy()
    figure = go.Figure()
    thin = {"mode": "lines", "name": "reverse paths", "opacity": 0.5, "hoverinfo": "skip",
            "line": {"color": SAMPLES, "width": 1}}  # fmt: skip
    if path.shape[2] == 1:
        levels = list(found.levels)
        for k in range(path.shape[1]):
            figure.add_scatter(x=levels, y=path[:, k, 0], showlegend=k == 0, **thin)
        marks = [
            (levels[0], received[0]), (0, clean[0]), (0, found.one_shot[0]), (0, found.posterior_mean[0])
        ]  # fmt: skip
        figure.update_xaxes(autorange="reversed")
        axes = ("noise level ρ, falling to 0", "x̂")
    else:
        means = found.mixture.means.numpy()
        figure.add_scatter(x=means[:, 0], y=means[:, 1], mode="markers", name="centres of the mixture",
                           marker={"color": ABSTAIN, "size": 34, "opacity": 0.3})  # fmt: skip
        for k in range(path.shape[1]):
            figure.add_scatter(x=path[:, k, 0], y=path[:, k, 1], showlegend=k == 0, **thin)
        figure.add_scatter(x=cloud[:, 0], y=cloud[:, 1], mode="markers", name="their ends",
                           marker={"color": SHIFT, "size": 4})  # fmt: skip
        marks = [tuple(v) for v in (received, clean, found.one_shot.numpy(), found.posterior_mean.numpy())]
        figure.update_yaxes(scaleanchor="x")
        axes = ("first dimension", "second dimension")
    looks = (("x<sub>rs</sub>", "x", SCORE), ("clean x₀", "star", "#2f75c0"),
             ("one-shot", "diamond", ONE_SHOT),
             ("posterior mean", "circle-open", ONE_SHOT))  # fmt: skip
    for (x, y), (name, symbol, colour) in zip(marks, looks, strict=True):
        marker = {"symbol": symbol, "color": colour, "size": 13, "line": {"width": 2}}
        figure.add_scatter(x=[float(x)], y=[float(y)], mode="markers", name=name, marker=marker)
    return _finish(figure, 420, *axes)
