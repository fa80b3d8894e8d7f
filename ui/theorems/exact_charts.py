"""The exact world drawn as Plotly figures: clouds of its forward process and reverse paths, over what Bayes
decides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import torch

from diffsmooth_core.theory import Cloud, Exact, regions
from ui.colours import class_colour
from ui.theorems.terms import ONE_SHOT, SAMPLES, SCORE

GRID = 121  # points a side of decision regions
PATHS = 24  # that are drawn
NO_NOISE = 1e-6


def forward(found: Exact, shown: Sequence[Cloud], which: int) -> go.Figure:
    """One of the clouds of the forward process in the plane, over what Bayes decides at its noise; the axes
    have room for all of them."""
    cloud, span = shown[which], _span(found, shown)
    x, y = (torch.linspace(low, high, GRID, dtype=torch.float64) for low, high in span)
    figure = go.Figure(_regions(x, y, regions(found.mixture, max(cloud.rho, NO_NOISE), x, y)))
    for k in range(len(found.mixture.weights)):
        points = cloud.points[cloud.component == k].numpy()
        figure.add_scatter(
            x=points[:, 0],
            y=points[:, 1],
            mode="markers",
            showlegend=False,
            hoverinfo="skip",
            name=f"component {k + 1}",
            marker={"color": class_colour(k), "size": 3, "opacity": 0.8},
        )
    figure.update_layout(
        height=230,
        margin={"l": 0, "r": 0, "t": 30, "b": 0},
        title={
            "text": f"σ = {cloud.rho / 2:.2g}" if cloud.rho else "No noise",
            "font": {"size": 14},
            "x": 0,
            "xanchor": "left",
            "yref": "container",
            "y": 0.97,
        },
    )
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
    thin = {
        "mode": "lines",
        "name": "reverse paths",
        "opacity": 0.55,
        "hoverinfo": "skip",
        "line": {"color": SAMPLES, "width": 1},
    }
    if path.shape[2] == 1:
        ((low, high),), levels = _span(found, shown), list(found.levels)
        y = torch.linspace(low, high, GRID, dtype=torch.float64)
        rhos = torch.linspace(0, levels[0], GRID, dtype=torch.float64)
        decided = [regions(found.mixture, max(float(rho), NO_NOISE), y) for rho in rhos]
        figure = go.Figure(_regions(rhos, y, torch.stack(decided, 1)))
        for cloud in shown:
            figure.add_scatter(
                x=[cloud.rho] * len(cloud.points),
                y=cloud.points[:, 0].numpy(),
                mode="markers",
                hoverinfo="skip",
                name="forward clouds",
                showlegend=cloud is shown[0],
                marker={"size": 4, "opacity": 0.5, "color": [class_colour(int(k)) for k in cloud.component]},
            )
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
        figure.add_scatter(
            x=where[:, 0],
            y=where[:, 1],
            mode="markers",
            name="their ends",
            hoverinfo="skip",
            marker={"size": 4, "color": [class_colour(int(k)) for k in kinds]},
        )
        marks = [tuple(end) for end in ends]
        figure.update_xaxes(range=[lows[0], highs[0]])
        figure.update_yaxes(range=[lows[1], highs[1]], scaleanchor="x")
        axes = ("first dimension", "second dimension")
    looks = (
        ("xᵣₛ", "x", SCORE, 13),
        ("clean x₀", "star", "#2f75c0", 13),
        ("one-shot", "diamond", ONE_SHOT, 11),
        ("posterior mean", "circle-open", ONE_SHOT, 19),
    )
    for (x_at, y_at), (name, symbol, colour, size) in zip(marks, looks, strict=True):
        marker = {"symbol": symbol, "color": colour, "size": size, "line": {"width": 2}}
        figure.add_scatter(x=[float(x_at)], y=[float(y_at)], mode="markers", name=name, marker=marker)
    figure.update_layout(
        height=460,
        margin={"l": 8, "r": 16, "t": 36, "b": 8},
        legend={"orientation": "h", "traceorder": "normal", "y": 1, "yanchor": "bottom", "x": 0},
        xaxis_title=axes[0],
        yaxis_title=axes[1],
    )
    return figure


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
        x=x.numpy(),
        y=y.numpy(),
        z=decided.numpy(),
        colorscale=scale,
        zmin=0,
        zmax=last,
        opacity=0.22,
        showscale=False,
        hoverinfo="skip",
    )
