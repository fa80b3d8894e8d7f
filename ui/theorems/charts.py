"""Distances, bounds and errors of the theorems as ECharts specifications."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from diffsmooth_core.theory import Comparison, Convergence, Curves, Gain, Theorem1
from diffsmooth_core.theory.convergence import STEPS
from ui.charts import heading
from ui.theorems.terms import CORRECTED, NOISE, ONE_SHOT, PRINTED, SAMPLES, SCORE, SHIFT, TITLES

HEIGHT = 340  # pixels, of a chart beside others
SMALLEST = 5e-8  # a length that is more than rounding


def _rounded(value: float, towards: Callable[[float], int]) -> float:
    """One significant digit, down or up."""
    size = 10.0 ** math.floor(math.log10(value))
    return float(towards(value / size) * size)


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
        "xAxis": {
            "type": "log",
            "min": _rounded(min(ends) / 1.5, math.floor),
            "max": _rounded(1.2 * max(ends), math.ceil),
            "name": f"distance from the clean point, L2 in {unit} units",
            "nameLocation": "middle",
            "nameGap": 28,
            "splitLine": {"show": False},
        },
        "yAxis": {
            "type": "value",
            "min": 0,
            "minInterval": 1,
            "name": "samples",
            "nameLocation": "middle",
            "nameGap": 40,
            "axisLabel": {"showMaxLabel": False},
        },  # on a phone the legend is there
        "series": [
            {
                "type": "line",
                "name": "samples",
                "color": SAMPLES,
                "step": "end",
                "showSymbol": False,
                "lineStyle": {"width": 0},
                "areaStyle": {"color": SAMPLES, "opacity": 0.85},
                "data": bars,
            },
            *(
                {
                    "type": "line",
                    "name": f"{name}: {x:.4g}",
                    "color": colour,
                    "showSymbol": False,
                    "lineStyle": {"width": 2.5, "type": "dotted" if colour == ONE_SHOT else "solid"},
                    "data": [[x, 0], [x, tallest]],
                }
                for name, (x, colour) in lines.items()
            ),
        ],
    }


def _lines(
    title: str, lines: Mapping[str, tuple[str, Sequence[float]]], labels: Sequence[str]
) -> dict[str, Any]:
    """Lengths over the noise on a logarithmic scale, which has no place for 0: a line of nothing else is only
    named. Drawn while they come in."""
    return {
        "animation": False,
        "title": heading(title, 4),
        "legend": {"top": 28, "left": 4},
        "grid": {
            "left": 56,
            "right": 24,
            "top": 84 if len(lines) < 5 else 106,
            "bottom": 44,
            "outerBoundsMode": "none",
        },
        "xAxis": {
            "type": "category",
            "data": list(labels),
            "boundaryGap": False,
            "axisLabel": {"lineHeight": 15},
        },
        "yAxis": {"type": "log"},
        "tooltip": {"trigger": "axis", "valueFormatter": "%.4g"},
        "series": [
            {
                "type": "line",
                "name": f"{name}: 0" if values and max(values) <= SMALLEST else name,
                "color": colour,
                "symbol": "circle",
                "symbolSize": 6,
                "lineStyle": {
                    "width": 2.2,
                    "type": "dashed" if name.startswith((TITLES["printed"], "τ")) else "solid",
                },
                "data": [value if value > SMALLEST else None for value in values],
            }
            for name, (colour, values) in lines.items()
        ],
    }


def over_sigma(found: Curves, scale: float) -> tuple[dict[str, Any], ...]:
    """Theorem 1's distance and bounds, its terms, and Theorem 2's distance and bounds, over sigma and t."""
    labels = [f"σ {sigma:g}" for sigma in found.sigmas]
    for k, point in enumerate(found.points):
        labels[k] += (
            f"\nt {point.timestep}" if point.timestep is not None else (f"\nτ {point.theorem1.tau:.2g}")
        )
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
        "title": heading(f"{found.pictures} pictures", 4),
        "legend": {"top": 28, "left": 4},
        "grid": {"left": 56, "right": 24, "top": 84, "bottom": 44, "outerBoundsMode": "none"},
        "xAxis": axis | {"name": f"‖xᵣₛ − x₀‖ before, {unit} units", "nameGap": 26},
        "yAxis": axis | {"name": "‖x̂ − x₀‖ after", "nameGap": 32},
        "series": [
            {
                "type": "scatter",
                "name": "a noisy picture",
                "color": ONE_SHOT,
                "symbolSize": 6,
                "itemStyle": {"opacity": 0.55},
                "data": points,
            },
            {
                "type": "line",
                "name": "below this line: nearer",
                "color": SAMPLES,
                "showSymbol": False,
                "lineStyle": {"width": 1.5, "type": "dashed"},
                "data": [[low, low], [high, high]],
            },
        ],
    }


def schemes(found: Convergence) -> tuple[dict[str, Any], ...]:
    """The errors of the ends' mean and of their variance over the steps, a line a scheme; beside a line of
    three errors or more, the slope of the scheme's order. What chance could have made is left out."""
    return (
        _over_steps(found, "mean", "Error of the mean, in standard deviations"),
        _over_steps(found, "variance", "Error of the variance, as a share of it"),
    )


def _over_steps(found: Convergence, which: str, title: str) -> dict[str, Any]:
    looks = (
        ("multistep", "multistep", SHIFT, 2, "dotted"),
        ("euler-maruyama", "Euler–Maruyama", SCORE, 1, "dashed"),
    )
    lines, slopes = [], []
    for scheme, name, colour, order, dash in looks:
        points = [
            [error.steps, abs(getattr(error, which))]
            for error in reversed(found.errors[scheme])
            if abs(getattr(error, which)) > 2 * getattr(error, f"{which}_chance")
        ]
        lines.append(
            {
                "type": "line",
                "name": name,
                "color": colour,
                "symbol": "circle",
                "symbolSize": 7,
                "lineStyle": {"width": 2.2},
                "data": points,
            }
        )
        if len(points) >= 3:
            steps, error = points[-1]
            slopes.append(
                {
                    "type": "line",
                    "name": f"order {order}",
                    "color": "#8b9098",
                    "symbol": "none",
                    "silent": True,
                    "lineStyle": {"width": 1.3, "type": dash},
                    "data": [[first, error * (steps / first) ** order] for first, _ in points],
                }
            )
    return {
        "animation": False,
        "title": heading(title, 4),
        "legend": {"top": 28, "left": 4},
        "grid": {"left": 60, "right": 24, "top": 84, "bottom": 48, "outerBoundsMode": "none"},
        "xAxis": {
            "type": "log",
            "logBase": 2,
            "min": STEPS[-1],
            "max": STEPS[0],
            "name": "steps",
            "nameLocation": "middle",
            "nameGap": 28,
            "splitLine": {"show": False},
        },
        "yAxis": {"type": "log"},
        "series": [*lines, *slopes],
    }
