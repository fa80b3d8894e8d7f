"""The exact world drawn as Plotly figures: clouds of its forward process and reverse paths, over what Bayes
decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import torch

from diffsmooth_core.theory import Cloud, Exact, regions
from ui.colours import class_colour
from ui.theorems.quantities import ONE_SHOT, SAMPLES, SCORE

GRID = 121  # points a side of decision regions
PATHS = 24  # that are drawn
NO_NOISE = 1e-6


def forward_cloud(world: Exact, clouds: Sequence[Cloud], which: int) -> go.Figure:
    """One of the clouds of the forward process in the plane, over what Bayes decides at its noise; the axes
    have room for all of them."""
    cloud, span = clouds[which], _span(world, clouds)
    x, y = (torch.linspace(low, high, GRID, dtype=torch.float64) for low, high in span)
    figure = go.Figure(_regions(x, y, regions(world.mixture, max(cloud.rho, NO_NOISE), x, y)))
    for k in range(len(world.mixture.weights)):
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
        height=200,
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


def reverse_paths(world: Exact, clouds: Sequence[Cloud]) -> go.Figure:
    """Reverse paths of a 1- or 2-dimensional world over its decision regions: through the noise levels, with
    the forward clouds beside them, or in the plane."""
    assert world.paths.states is not None
    one_dimension = world.mixture.dimension == 1
    figure, marks = _over_levels(world, clouds) if one_dimension else _in_plane(world)
    looks = (
        ("xᵣₛ", "x", SCORE, 13),
        ("clean x₀", "star", "#2f75c0", 13),
        ("one-shot", "diamond", ONE_SHOT, 11),
        ("posterior mean", "circle-open", ONE_SHOT, 19),
    )
    for (x, y), (name, symbol, colour, size) in zip(marks, looks, strict=True):
        marker = {"symbol": symbol, "color": colour, "size": size, "line": {"width": 2}}
        figure.add_scatter(x=[x], y=[y], mode="markers", name=name, marker=marker)
    figure.update_layout(
        height=460,
        margin={"l": 8, "r": 16, "t": 36, "b": 8},
        legend={"orientation": "h", "traceorder": "normal", "y": 1, "yanchor": "bottom", "x": 0},
    )
    return figure


Marks = list[tuple[float, float]]  # where the figure marks the points of `_marked`


def _over_levels(world: Exact, clouds: Sequence[Cloud]) -> tuple[go.Figure, Marks]:
    """A 1-dimensional world: its points upwards, the noise level falling to the right."""
    assert world.paths.states is not None
    path, levels = world.paths.states[:, :PATHS, 0].numpy(), list(world.levels)
    ((low, high),) = _span(world, clouds)
    y = torch.linspace(low, high, GRID, dtype=torch.float64)
    rhos = torch.linspace(0, levels[0], GRID, dtype=torch.float64)
    decided = [regions(world.mixture, max(float(rho), NO_NOISE), y) for rho in rhos]
    figure = go.Figure(_regions(rhos, y, torch.stack(decided, 1)))
    for cloud in clouds:
        figure.add_scatter(
            x=[cloud.rho] * len(cloud.points),
            y=cloud.points[:, 0].numpy(),
            mode="markers",
            hoverinfo="skip",
            name="forward clouds",
            showlegend=cloud is clouds[0],
            marker={"size": 4, "opacity": 0.5, "color": [class_colour(int(k)) for k in cloud.component]},
        )
    _add_paths(figure, [(levels, path[:, k]) for k in range(path.shape[1])])
    figure.update_xaxes(autorange="reversed", title="noise level ρ, falling to 0")
    figure.update_yaxes(range=[low, high], title="x")
    begin, *ends = (float(point[0]) for point in _marked(world))
    return figure, [(levels[0], begin), *((0.0, end) for end in ends)]


def _in_plane(world: Exact) -> tuple[go.Figure, Marks]:
    """A 2-dimensional world: the paths in its plane, with their ends in the colours of their regions."""
    assert world.paths.states is not None
    path = world.paths.states[:, :PATHS].numpy()
    lows, highs = np.array(_span(world, ())).T
    middle, half = (lows + highs) / 2, (highs - lows) / 2
    wide = np.maximum(half, [3.5 * half[1], 1.5 * half[0]])  # whatever shape the page gives the axes
    span = list(zip((middle - wide).tolist(), (middle + wide).tolist(), strict=True))
    x, y = (torch.linspace(low, high, 2 * GRID, dtype=torch.float64) for low, high in span)
    figure = go.Figure(_regions(x, y, regions(world.mixture, NO_NOISE, x, y)))
    _add_paths(figure, [(path[:, k, 0], path[:, k, 1]) for k in range(path.shape[1])])
    ends, components = world.paths.end.numpy(), world.mixture.component(world.paths.end, NO_NOISE)
    figure.add_scatter(
        x=ends[:, 0],
        y=ends[:, 1],
        mode="markers",
        name="their ends",
        hoverinfo="skip",
        marker={"size": 4, "color": [class_colour(int(k)) for k in components]},
    )
    figure.update_xaxes(range=[lows[0], highs[0]], title="first dimension")
    figure.update_yaxes(range=[lows[1], highs[1]], scaleanchor="x", title="second dimension")
    return figure, [(float(point[0]), float(point[1])) for point in _marked(world)]


def _add_paths(figure: go.Figure, paths: Sequence[tuple[Any, Any]]) -> None:
    """Add the paths as thin lines with a single entry in the legend."""
    for k, (x, y) in enumerate(paths):
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            name="reverse paths",
            showlegend=k == 0,
            opacity=0.55,
            hoverinfo="skip",
            line={"color": SAMPLES, "width": 1},
        )


def _marked(world: Exact) -> tuple[torch.Tensor, ...]:
    """The points that have a mark of their own."""
    return world.received, world.clean, world.one_shot, world.posterior_mean


def _span(world: Exact, clouds: Sequence[Cloud]) -> list[tuple[float, float]]:
    """The range of the paths, marks and clouds with a margin: a pair (low, high) for each dimension."""
    assert world.paths.states is not None
    paths = world.paths.states[:, :PATHS].flatten(0, 1)
    seen = torch.cat([paths, *(cloud.points for cloud in clouds), torch.stack(_marked(world))])
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
