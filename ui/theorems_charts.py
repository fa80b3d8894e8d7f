"""Results of the theorems as Plotly figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import torch

from diffsmooth_core.theory import Cloud, Comparison, Convergence, Curves, Exact, Gain, Theorem1, regions
from diffsmooth_core.theory.convergence import STEPS
from ui.colours import class_colour
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

GRID = 121  # points a side of decision regions
PATHS = 24  # that are drawn
NO_NOISE = 1e-6
SMALLEST = 5e-8  # a length that is more than rounding


def _rounded(value: float, towards: Callable[[float], int]) -> float:
    """One significant digit, down or up."""
    size = 10.0 ** math.floor(math.log10(value))
    return float(towards(value / size) * size)


def _finish(figure: go.Figure, height: int, x: str, y: str = "") -> go.Figure:
    figure.update_layout(
        height=height, margin={"l": 8, "r": 16, "t": 36, "b": 8}, bargap=0.25,
        legend={"orientation": "h", "traceorder": "normal", "y": 1, "yanchor": "bottom", "x": 0},
        xaxis_title=x, yaxis_title=y,
    )  # fmt: skip
    return figure


def distances(found: Theorem1 | None, one_shot: float, scale: float, unit: str) -> dict[str, Any]:
    """The samples' distances from the clean point as a histogram, the one-shot output's, and the bounds
    without an estimate of C, on a logarithmic scale: a bound may be a hundred times as long. `found` is
    None before the first sample."""
    lines: dict[str, tuple[float, str]] = {"one-shot output": (scale * one_shot, ONE_SHOT)}
    bars: list[list[float]] = []
    if found is not None:
        bounds = {name: scale * float(found.bound(name).mean()) for name in ("tight", "free", "pathwise")}
        values = np.maximum(scale * found.distances, max(bounds.values()) / 300)
        ratio = max((values.max() / values.min()) ** (1 / 8), 1.03)  # of a bin's ends
        edges = values.min() * ratio ** np.arange(np.log(values.max() / values.min()) // np.log(ratio) + 2)
        counts = np.histogram(values, edges)[0]
        bars = [[float(edges[0]), 0], *([float(x), int(n)] for x, n in zip(edges, (*counts, 0), strict=True))]
        for (name, x), colour in zip(bounds.items(), (SHIFT, NOISE, SCORE), strict=True):
            lines[f"bound {TITLES[name]}"] = (x, colour)
    ends = [x for x in (*(x for x, _ in lines.values()), *(bar[0] for bar in bars)) if x > 0] or [1.0]
    tallest = 1.15 * max((n for _, n in bars), default=1)
    return {
        "animation": False,
        "legend": {"top": 0, "left": 36},
        "grid": {"left": 60, "right": 28, "top": 66, "bottom": 48, "outerBoundsMode": "none"},
        "xAxis": {"type": "log", "min": _rounded(min(ends) / 1.5, math.floor),
                  "max": _rounded(1.2 * max(ends), math.ceil),
                  "name": f"distance from the clean point, L2 in {unit} units",
                  "nameLocation": "middle", "nameGap": 28, "splitLine": {"show": False}},
        "yAxis": {"type": "value", "min": 0, "minInterval": 1, "name": "samples",
                  "nameLocation": "middle", "nameGap": 40,
                  "axisLabel": {"showMaxLabel": False}},  # on a phone the legend is there
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


def _lines(
    title: str, lines: Mapping[str, tuple[str, Sequence[float]]], labels: Sequence[str]
) -> dict[str, Any]:
    """Lengths over the noise on a logarithmic scale, which has no place for 0: a line of nothing else is only
    named. Drawn while they come in."""
    return {
        "animation": False,
        "title": {"text": title, "left": 4, "top": 4, "padding": 0,
                  "textStyle": {"fontSize": 14, "fontWeight": 600}},
        "legend": {"top": 28, "left": 4},
        "grid": {"left": 56, "right": 24, "top": 84 if len(lines) < 5 else 106, "bottom": 44,
                 "outerBoundsMode": "none"},
        "xAxis": {"type": "category", "data": list(labels), "boundaryGap": False,
                  "axisLabel": {"lineHeight": 15}},
        "yAxis": {"type": "log"},
        "tooltip": {"trigger": "axis", "valueFormatter": "%.4g"},
        "series": [
            {"type": "line", "name": f"{name}: 0" if values and max(values) <= SMALLEST else name,
             "color": colour, "symbol": "circle", "symbolSize": 6,
             "lineStyle": {"width": 2.2, "type": "dashed" if name.startswith((TITLES["printed"], "τ"))
                           else "solid"},
             "data": [value if value > SMALLEST else None for value in values]}
            for name, (colour, values) in lines.items()
        ],
    }  # fmt: skip


def over_sigma(found: Curves, scale: float) -> tuple[dict[str, Any], ...]:
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
        "(exp τ − 1)·C": (CORRECTED, mean(lambda one: one.score_term("corrected"))),
        "τ·C": (PRINTED, mean(lambda one: one.score_term("printed"))),
    }
    second = {
        "distance": (ONE_SHOT, [scale * two.distance for two in twos]),
        "corrected ρ√E": (CORRECTED, [scale * two.corrected for two in twos]),
        TITLES["printed"] + " ρE": (PRINTED, [scale * two.printed for two in twos]),
    }
    return (
        _lines("Theorem 1: distance and bounds", bounds, labels),
        _lines("Theorem 1: the terms", parts, labels),
        _lines("Theorem 2: distance and bounds", second, labels),
    )


def gain(found: Sequence[Gain], eta: float, scale: float) -> dict[str, Any]:
    """Distance to the picture over sigma, before and after purification, and Theorem 1 without its C."""
    pixel = 2 * scale  # Gain is in [0,1] units already
    lines = {
        "noisy": (SAMPLES, [pixel * g.noisy for g in found]),
        "purified": (ONE_SHOT, [pixel * g.purified for g in found]),
        "bound without C": (NOISE, [pixel * g.bound(eta) for g in found]),
        "its exact quantile": (SHIFT, [pixel * g.quantile(eta) for g in found]),
    }
    return _lines("This picture", lines, [f"σ {g.sigma:g}" for g in found])


def compared(found: Comparison, scale: float, unit: str) -> dict[str, Any]:
    """Distance after purification over the distance before it, a point a picture and sigma."""
    pixel = 2 * scale
    rows = zip(found.noisy, found.purified, strict=True)
    points = [[pixel * x, pixel * y] for before, after in rows for x, y in zip(before, after, strict=True)]
    low, high = 0.5 * pixel, 100 * pixel
    axis = {"type": "log", "min": low, "max": high, "nameLocation": "middle"}
    return {
        "animation": False,
        "title": {"text": f"{found.pictures} pictures", "left": 4, "top": 4, "padding": 0,
                  "textStyle": {"fontSize": 14, "fontWeight": 600}},
        "legend": {"top": 28, "left": 4},
        "grid": {"left": 56, "right": 24, "top": 84, "bottom": 44, "outerBoundsMode": "none"},
        "xAxis": axis | {"name": f"‖xᵣₛ − x₀‖ before, {unit} units", "nameGap": 26},
        "yAxis": axis | {"name": "‖x̂ − x₀‖ after", "nameGap": 32},
        "series": [
            {"type": "scatter", "name": "a noisy picture", "color": ONE_SHOT, "symbolSize": 6,
             "itemStyle": {"opacity": 0.55}, "data": points},
            {"type": "line", "name": "below this line: nearer", "color": SAMPLES, "showSymbol": False,
             "lineStyle": {"width": 1.5, "type": "dashed"}, "data": [[low, low], [high, high]]},
        ],
    }  # fmt: skip


def schemes(found: Convergence) -> tuple[dict[str, Any], ...]:
    """The errors of the ends' mean and of their variance over the steps, a line a scheme; beside a line of
    three errors or more, the slope of the scheme's order. What chance could have made is left out."""
    return (
        _over_steps(found, "mean", "Error of the mean, in standard deviations"),
        _over_steps(found, "variance", "Error of the variance, as a share of it"),
    )


def _over_steps(found: Convergence, which: str, title: str) -> dict[str, Any]:
    looks = (("multistep", "multistep", SHIFT, 2, "dotted"),
             ("euler-maruyama", "Euler–Maruyama", SCORE, 1, "dashed"))  # fmt: skip
    lines, slopes = [], []
    for scheme, name, colour, order, dash in looks:
        points = [
            [error.steps, abs(getattr(error, which))]
            for error in reversed(found.errors[scheme])
            if abs(getattr(error, which)) > 2 * getattr(error, f"{which}_chance")
        ]
        lines.append({"type": "line", "name": name, "color": colour, "symbol": "circle", "symbolSize": 7,
                      "lineStyle": {"width": 2.2}, "data": points})  # fmt: skip
        if len(points) >= 3:
            steps, error = points[-1]
            slopes.append({
                "type": "line", "name": f"order {order}", "color": "#8b9098", "symbol": "none",
                "silent": True, "lineStyle": {"width": 1.3, "type": dash},
                "data": [[first, error * (steps / first) ** order] for first, _ in points],
            })  # fmt: skip
    return {
        "animation": False,
        "title": {"text": title, "left": 4, "top": 4, "padding": 0,
                  "textStyle": {"fontSize": 14, "fontWeight": 600}},
        "legend": {"top": 28, "left": 4},
        "grid": {"left": 60, "right": 24, "top": 84, "bottom": 48, "outerBoundsMode": "none"},
        "xAxis": {"type": "log", "logBase": 2, "min": STEPS[-1], "max": STEPS[0], "name": "steps",
                  "nameLocation": "middle", "nameGap": 28, "splitLine": {"show": False}},
        "yAxis": {"type": "log"},
        "series": [*lines, *slopes],
    }  # fmt: skip


def forward(found: Exact, shown: Sequence[Cloud], which: int) -> go.Figure:
    """One of the clouds of the forward process in the plane, over what Bayes decides at its noise; the axes
    have room for all of them."""
    cloud, span = shown[which], _span(found, shown)
    x, y = (torch.linspace(low, high, GRID, dtype=torch.float64) for low, high in span)
    figure = go.Figure(_regions(x, y, regions(found.mixture, max(cloud.rho, NO_NOISE), x, y)))
    for k in range(len(found.mixture.weights)):
        points = cloud.points[cloud.component == k].numpy()
        figure.add_scatter(x=points[:, 0], y=points[:, 1], mode="markers", showlegend=False, hoverinfo="skip",
                           name=f"component {k + 1}",
                           marker={"color": class_colour(k), "size": 3, "opacity": 0.8})  # fmt: skip
    figure.update_layout(
        height=230, margin={"l": 0, "r": 0, "t": 30, "b": 0},
        title={"text": f"σ = {cloud.rho / 2:.2g}" if cloud.rho else "No noise", "font": {"size": 14}, "x": 0,
               "xanchor": "left", "yref": "container", "y": 0.97},
    )  # fmt: skip
    for axis, (low, high) in zip((figure.update_xaxes, figure.update_yaxes), span, strict=True):
        axis(range=[low, high], visible=False, constrain="domain")
    figure.update_xaxes(constraintoward="left")
    figure.update_yaxes(scaleanchor="x")
    return figure


def drawn(found: Exact, shown: Sequence[Cloud]) -> go.Figure:
    """Reverse paths of a 1- or 2-dimensional world over its decision regions: through the noise levels, with
    the forward clouds beside them, or in the plane."""
    states = found.paths.states
    assert states is not None
    path, ends = states[:, :PATHS].numpy(), _marked(found)
    thin = {"mode": "lines", "name": "reverse paths", "opacity": 0.55, "hoverinfo": "skip",
            "line": {"color": SAMPLES, "width": 1}}  # fmt: skip
    if path.shape[2] == 1:
        ((low, high),), levels = _span(found, shown), list(found.levels)
        y = torch.linspace(low, high, GRID, dtype=torch.float64)
        rhos = torch.linspace(0, levels[0], GRID, dtype=torch.float64)
        decided = [regions(found.mixture, max(float(rho), NO_NOISE), y) for rho in rhos]
        figure = go.Figure(_regions(rhos, y, torch.stack(decided, 1)))
        for cloud in shown:
            figure.add_scatter(
                x=[cloud.rho] * len(cloud.points), y=cloud.points[:, 0].numpy(), mode="markers",
                hoverinfo="skip", name="forward clouds", showlegend=cloud is shown[0],
                marker={"size": 4, "opacity": 0.5, "color": [class_colour(int(k)) for k in cloud.component]},
            )  # fmt: skip
        for k in range(path.shape[1]):
            figure.add_scatter(x=levels, y=path[:, k, 0], showlegend=k == 0, **thin)
        marks = [(levels[0] if k == 0 else 0, end[0]) for k, end in enumerate(ends)]
        figure.update_xaxes(autorange="reversed")
        figure.update_yaxes(range=[low, high])
        axes = ("noise level ρ, falling to 0", "x")
    else:
        lows, highs = np.array(_span(found, ())).T
        middle, half = (lows + highs) / 2, (highs - lows) / 2
        wide = np.maximum(half, [3.5 * half[1], 1.5 * half[0]])  # whatever shape the page gives the axes
        span = list(zip((middle - wide).tolist(), (middle + wide).tolist(), strict=True))
        x, y = (torch.linspace(low, high, 2 * GRID, dtype=torch.float64) for low, high in span)
        figure = go.Figure(_regions(x, y, regions(found.mixture, NO_NOISE, x, y)))
        for k in range(path.shape[1]):
            figure.add_scatter(x=path[:, k, 0], y=path[:, k, 1], showlegend=k == 0, **thin)
        where, kinds = found.paths.end.numpy(), found.mixture.component(found.paths.end, NO_NOISE)
        figure.add_scatter(x=where[:, 0], y=where[:, 1], mode="markers", name="their ends", hoverinfo="skip",
                           marker={"size": 4, "color": [class_colour(int(k)) for k in kinds]})  # fmt: skip
        marks = [tuple(end) for end in ends]
        figure.update_xaxes(range=[lows[0], highs[0]])
        figure.update_yaxes(range=[lows[1], highs[1]], scaleanchor="x")
        axes = ("first dimension", "second dimension")
    looks = (("xᵣₛ", "x", SCORE, 13), ("clean x₀", "star", "#2f75c0", 13),
             ("one-shot", "diamond", ONE_SHOT, 11),
             ("posterior mean", "circle-open", ONE_SHOT, 19))  # fmt: skip
    for (x_at, y_at), (name, symbol, colour, size) in zip(marks, looks, strict=True):
        marker = {"symbol": symbol, "color": colour, "size": size, "line": {"width": 2}}
        figure.add_scatter(x=[float(x_at)], y=[float(y_at)], mode="markers", name=name, marker=marker)
    return _finish(figure, 460, *axes)


def _marked(found: Exact) -> tuple[torch.Tensor, ...]:
    """The points that have a mark of their own."""
    return found.received, found.clean, found.one_shot, found.posterior_mean


def _span(found: Exact, shown: Sequence[Cloud]) -> list[tuple[float, float]]:
    """Where something is to be seen, a pair a dimension, with a margin: paths, marks and clouds."""
    assert found.paths.states is not None
    paths = found.paths.states[:, :PATHS].flatten(0, 1)
    seen = torch.cat([paths, *(cloud.points for cloud in shown), torch.stack(_marked(found))])
    low, high = seen.amin(0), seen.amax(0)
    margin = 0.03 * (high - low)
    return list(zip((low - margin).tolist(), (high + margin).tolist(), strict=True))


def _regions(x: torch.Tensor, y: torch.Tensor, decided: torch.Tensor) -> go.Heatmap:
    """Regions (y,x) of components in the colours of classes, pale."""
    last = max(int(decided.max()), 1)
    scale = [[k / last, class_colour(k)] for k in range(last + 1)]
    return go.Heatmap(
        x=x.numpy(), y=y.numpy(), z=decided.numpy(), colorscale=scale, zmin=0, zmax=last, opacity=0.22,
        showscale=False, hoverinfo="skip",
    )  # fmt: skip
