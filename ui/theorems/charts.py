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
FIRST = 16  # samples that the histogram's axis is made for; there are no fewer
MARGIN = 8  # bins on either side of them


def distances(theorem: Theorem1 | None, wanted: int, scale: float, unit: str) -> Spec:
    """The samples' distances from the clean point as a histogram that grows where it stands: its axes are
    those of the first samples and of how many are `wanted`, extended only where a sample lies outside.
    `theorem` is None before the first sample."""
    bars, top = list[list[float]](), 2 * max(2, wanted // 10)
    x_axis: Spec = {"type": "value", "splitLine": {"show": False}}
    labels: Spec = {"show": theorem is not None, "showMinLabel": False, "showMaxLabel": False}
    if theorem is not None:
        bars = histogram(scale * theorem.distances)
        x_axis |= {"min": bars[0][0], "max": bars[-1][0]}
        while top < max(count for _, count in bars):
            top *= 2
    return {
        "animation": False,
        "title": heading("How far from the picture the samples end", 16),
        "grid": echarts.plot_area(60, 28, 34, 46),
        "xAxis": x_axis
        | {"axisLabel": labels}
        | echarts.axis_name(f"distance from the picture, L2 in {unit} units", 26),
        "yAxis": {"type": "value", "min": 0, "max": top, "interval": top / 2}
        | echarts.axis_name("samples", 40),
        "series": [
            echarts.line("samples", SAMPLES, 0, bars)
            | {"step": "end", "areaStyle": {"color": SAMPLES, "opacity": 0.85}}
        ],
    }


def histogram(values: npt.NDArray[np.float64]) -> list[list[float]]:
    """Steps [from, count], ending with a count of 0. Ten bins of equal width hold the first FIRST values; as
    wide ones beside them, MARGIN or a multiple of it on either side, hold those that came later."""
    low, high = float(values[:FIRST].min()), float(values[:FIRST].max())
    if high - low <= 1e-6 * high:  # all alike, but for rounding
        low, high = 0.999 * low, 1.001 * high or 1.0
    width = (high - low) / 10
    outside = max(low - float(values.min()), float(values.max()) - high, 0.0) / width
    margin = MARGIN * (math.floor(outside / MARGIN) + 1)
    edges = low + width * np.arange(-min(margin, math.ceil(low / width)), 10 + margin + 1)
    edges[0] = max(edges[0], 0.0)
    counts, edges = np.histogram(values, edges)
    return [[float(x), int(n)] for x, n in zip(edges, (*counts, 0), strict=True)]


def _one_digit(value: float, towards: Callable[[float], int]) -> float:
    """One significant digit, down or up."""
    size = 10.0 ** math.floor(math.log10(value))
    return float(towards(value / size) * size)


def log_lines(
    title: str,
    lines: Mapping[str, tuple[str, Sequence[float]]],
    labels: Sequence[str],
    unit: str,
    top: int = 84,
) -> Spec:
    """Lengths over the noise on a logarithmic scale, which has no place for 0: a line of nothing else is only
    named. Drawn while they come in; `top` is the place in pixels of the plot below the legend."""
    return {
        "animation": False,
        "title": heading(title, 4),
        "legend": echarts.legend(4, 28),
        "grid": echarts.plot_area(68, 24, top, 44),
        "xAxis": {
            "type": "category",
            "data": list(labels),
            "boundaryGap": False,
            "axisLabel": {"lineHeight": 15},
        },
        "yAxis": {"type": "log", **echarts.axis_name(f"length, L2 in {unit} units", 48)},
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


def over_sigma(found: Curves, scale: float, unit: str) -> tuple[Spec, ...]:
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
        log_lines("Theorem 1: distance and bounds", bounds, labels, unit, 112),
        log_lines("Theorem 1: the terms", parts, labels, unit, 112),
        log_lines("Theorem 2: distance and bounds", second, labels, unit, 112),
    )


def gain(found: Sequence[Gain], eta: float, scale: float, unit: str) -> Spec:
    """Distance to the picture over sigma, before and after purification, and what Theorem 1 says without its
    score term."""
    pixel = 2 * scale  # Gain is in [0,1] units already
    lines = {
        "noisy": (SAMPLES, [pixel * g.noisy for g in found]),
        "purified": (ONE_SHOT, [pixel * g.purified for g in found]),
        "shift + noise": (NOISE, [pixel * g.bound(eta) for g in found]),
        "their exact quantile": (SHIFT, [pixel * g.quantile(eta) for g in found]),
    }
    return log_lines("This picture", lines, [f"σ {g.sigma:g}" for g in found], unit)


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
