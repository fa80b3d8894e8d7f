"""Distances, bounds and errors of the theorems as ECharts specifications."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from diffsmooth_core.theory import Convergence, Curves, Gain, PurificationDistances, Theorem1, WeakError
from diffsmooth_core.theory.convergence import STEPS
from ui import echarts
from ui.colours import ABSTAIN
from ui.echarts import Spec, heading
from ui.theorems.quantities import CORRECTED, NOISE, ONE_SHOT, PRINTED, SAMPLES, SCORE, SHIFT, TITLES

HEIGHT = 340  # pixels, of a chart beside others
SMALLEST = 5e-8  # shorter lengths may be rounding errors
SHORTEST = 300  # the part of the longest length below which a length is drawn there


def distances(theorem: Theorem1 | None, one_shot: float, scale: float, unit: str) -> Spec:
    """The samples' distances from the clean point as a histogram over an axis of their own, as they may all
    lie within a hundredth of their length; below it their mean, the one-shot output's distance and the bounds
    without an estimate of C on a logarithmic scale, as a bound may be a hundred times as long. `theorem` is
    None before the first sample."""
    upright: dict[str, tuple[float, str]] = {"one-shot output": (scale * one_shot, ONE_SHOT)}
    bars: list[list[float]] = []
    if theorem is not None:
        bars = _histogram(scale * theorem.distances)
        upright["samples’ mean"] = (scale * float(theorem.distances.mean()), SAMPLES)
        for name, colour in (("tight", SHIFT), ("free", NOISE), ("pathwise", SCORE)):
            upright[f"bound {TITLES[name]}"] = (scale * float(theorem.bound(name).mean()), colour)
    longest = max([x for x, _ in upright.values()]) or 1.0
    drawn = [max(x, longest / SHORTEST) for x, _ in upright.values()]
    name = f"distance from the clean point, L2 in {unit} units"
    return {
        "animation": False,
        "legend": echarts.legend(60, 0),
        "grid": [
            {"left": 60, "right": 28, "top": 70, "height": 112},
            {"left": 60, "right": 28, "top": 230, "height": 56},
        ],
        "xAxis": [
            {"type": "value", "scale": True, "splitLine": {"show": False}},
            {
                "gridIndex": 1,
                "type": "log",
                "min": _one_digit(min(drawn) / 1.5, math.floor),
                "max": _one_digit(1.2 * max(drawn), math.ceil),
                **echarts.axis_name(name, 28),
                "splitLine": {"show": False},
            },
        ],
        "yAxis": [
            {
                "type": "value",
                "min": 0,
                "minInterval": 1,
                "splitNumber": 3,
                **echarts.axis_name("samples", 40),
            },
            {"gridIndex": 1, "min": 0, "max": 1, "show": False},
        ],
        "series": [
            echarts.line("samples", SAMPLES, 0, bars)
            | {"step": "end", "areaStyle": {"color": SAMPLES, "opacity": 0.85}},
            *(
                echarts.line(
                    f"{name}: {x:.4g}",
                    colour,
                    2.5,
                    [[at, 0], [at, 1]],
                    "dotted" if colour == ONE_SHOT else "solid",
                )
                | {"xAxisIndex": 1, "yAxisIndex": 1}
                for (name, (x, colour)), at in zip(upright.items(), drawn, strict=True)
            ),
        ],
    }


def _histogram(values: npt.NDArray[np.float64]) -> list[list[float]]:
    """Steps [from, count] of equally wide bins, as many as Rice's rule has, over what the samples span."""
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-6 * high:  # all alike, but for rounding
        low, high = 0.999 * low, 1.001 * high or 1.0
    counts, edges = np.histogram(values, round(2 * len(values) ** (1 / 3)), (low, high))
    return [[float(edges[0]), 0], *([float(x), int(n)] for x, n in zip(edges, (*counts, 0), strict=True))]


def _one_digit(value: float, towards: Callable[[float], int]) -> float:
    """One significant digit, down or up."""
    size = 10.0 ** math.floor(math.log10(value))
    return float(towards(value / size) * size)


def log_lines(title: str, lines: Mapping[str, tuple[str, Sequence[float]]], labels: Sequence[str]) -> Spec:
    """Lengths over the noise on a logarithmic scale, which has no place for 0: a line of nothing else is only
    named. Drawn while they come in."""
    return {
        "animation": False,
        "title": heading(title, 4),
        "legend": echarts.legend(4, 28),
        "grid": echarts.plot_area(56, 24, 84 if len(lines) < 5 else 106, 44),
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


def over_sigma(found: Curves, scale: float) -> tuple[Spec, ...]:
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
        log_lines("Theorem 1: distance and bounds", bounds, labels),
        log_lines("Theorem 1: the terms", parts, labels),
        log_lines("Theorem 2: distance and bounds", second, labels),
    )


def gain(found: Sequence[Gain], eta: float, scale: float) -> Spec:
    """Distance to the picture over sigma, before and after purification, and Theorem 1 without its C."""
    pixel = 2 * scale  # Gain is in [0,1] units already
    lines = {
        "noisy": (SAMPLES, [pixel * g.noisy for g in found]),
        "purified": (ONE_SHOT, [pixel * g.purified for g in found]),
        "bound without C": (NOISE, [pixel * g.bound(eta) for g in found]),
        "its exact quantile": (SHIFT, [pixel * g.quantile(eta) for g in found]),
    }
    return log_lines("This picture", lines, [f"σ {g.sigma:g}" for g in found])


def compared(found: PurificationDistances, dimension: int, scale: float, unit: str) -> Spec:
    """Distance after purification over the distance before it, a point a picture and sigma; `dimension` is
    the number of values in a picture."""
    pixel = 2 * scale
    rows = zip(found.noisy, found.purified, strict=True)
    points = [[pixel * x, pixel * y] for before, after in rows for x, y in zip(before, after, strict=True)]
    usual = pixel * math.sqrt(dimension)  # the noise's length at sigma = 1
    low, high = _one_digit(0.0095 * usual, math.floor), _one_digit(1.8 * usual, math.ceil)
    axis = {"type": "log", "min": low, "max": high, "nameLocation": "middle"}
    return {
        "animation": False,
        "title": heading(f"{found.pictures} pictures", 4),
        "legend": echarts.legend(4, 28),
        "grid": echarts.plot_area(56, 24, 84, 44),
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
            echarts.line("below this line: nearer", SAMPLES, 1.5, [[low, low], [high, high]], "dashed"),
        ],
    }


def schemes(found: Convergence) -> tuple[Spec, ...]:
    """The errors of the ends' mean and of their variance over the steps, a line a scheme; beside a line of
    three errors or more, the slope of the scheme's order. What chance could have made is left out."""
    return (
        _over_steps(found, "mean", "Error of the mean, in standard deviations"),
        _over_steps(found, "variance", "Error of the variance, as a share of it"),
    )


def _over_steps(convergence: Convergence, which: str, title: str) -> Spec:
    schemes = (
        ("multistep", "multistep", SHIFT, 2, "dotted"),
        ("euler-maruyama", "Euler–Maruyama", SCORE, 1, "dashed"),
    )
    lines, slopes = [], []
    for scheme, name, colour, order, dash in schemes:
        points = _beyond_chance(convergence.errors[scheme], which)
        dots = {"showSymbol": True, "symbol": "circle", "symbolSize": 7}
        lines.append(echarts.line(name, colour, 2.2, points) | dots)
        if len(points) >= 3:
            steps, error = points[-1]
            slope = [[first, error * (steps / first) ** order] for first, _ in points]
            slopes.append(echarts.line(f"order {order}", ABSTAIN, 1.3, slope, dash) | {"silent": True})
    return {
        "animation": False,
        "title": heading(title, 4),
        "legend": echarts.legend(4, 28),
        "grid": echarts.plot_area(60, 24, 84, 48),
        "xAxis": {
            "type": "log",
            "logBase": 2,
            "min": STEPS[-1],
            "max": STEPS[0],
            **echarts.axis_name("steps", 28),
            "splitLine": {"show": False},
        },
        "yAxis": {"type": "log"},
        "series": [*lines, *slopes],
    }


def _beyond_chance(errors: Sequence[WeakError], which: str) -> list[list[float]]:
    """[steps, error] of the errors that chance alone could not have made, from few steps to many."""
    return [
        [error.steps, abs(getattr(error, which))]
        for error in reversed(errors)
        if abs(getattr(error, which)) > 2 * getattr(error, f"{which}_chance")
    ]
