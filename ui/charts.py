"""Results as ECharts specifications: it keeps its nodes from tick to tick, so live charts do not flicker."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from diffsmooth_core import Progress, SmoothingConfig
from diffsmooth_core.certification.stream import Point
from ui.colours import ABSTAIN, class_colour

ROWS = 10  # classes of a count, at most
POINTS = 400  # of a trace, at most
TROUGH = "rgba(139,144,152,0.12)"


def votes(progress: Progress | None, config: SmoothingConfig, class_names: Sequence[str]) -> dict[str, Any]:
    """Counts per class, selection (n0 votes) on the left and estimation (n votes) on the right."""
    empty = (0,) * len(class_names)
    counts0, counts = (progress.counts0, progress.counts) if progress else (empty, empty)
    first = 1000 if config.stopping == "fixed" else 100
    panels = [
        (name, f"{sum(c):,} of {total:,}", c, _axis_end(sum(c), total, first))
        for name, c, total in (
            ("Selection votes", counts0, config.n0),
            ("Estimation votes", counts, config.n),
        )
    ]
    return tallies(panels, class_names)


def heading(text: str, left: int | str) -> dict[str, Any]:
    """The title of a chart, `left` from its edge."""
    return {
        "text": text,
        "left": left,
        "top": 4,
        "padding": 0,
        "textStyle": {"fontSize": 14, "fontWeight": 600},
    }


Panel = tuple[str, str, Sequence[float], float]  # title, its line below, votes a class, where the axis ends


def tallies(panels: Sequence[Panel], class_names: Sequence[str]) -> dict[str, Any]:
    """Two counts side by side; of many classes those with the most votes, and the others together."""
    shown, labels = list(range(len(class_names))), list(class_names)
    if len(class_names) > ROWS:
        shown = sorted(shown, key=lambda k: (-sum(counts[k] for _, _, counts, _ in panels), k))[: ROWS - 1]
        labels = [class_names[k] for k in shown] + ["other"]
        panels = [
            (name, line, (*(c[k] for k in shown), sum(c) - sum(c[k] for k in shown)), end)
            for name, line, c, end in panels
        ]
    colours = [class_colour(k) for k in shown] + [ABSTAIN] * (len(labels) - len(shown))
    layout: tuple[dict[str, Any], ...] = ({"left": 76, "right": "58%"}, {"left": "52%", "right": 44})
    return {
        "animation": False,
        "title": [
            heading(name, place["left"]) | {"subtext": line, "itemGap": 6, "subtextStyle": {"fontSize": 12}}
            for (name, line, _, _), place in zip(panels, layout, strict=True)
        ],
        "grid": [{"top": 50, "bottom": 4, **place} for place in layout],
        "xAxis": [
            {"gridIndex": i, "min": 0, "max": end, "show": False} for i, (_, _, _, end) in enumerate(panels)
        ],
        "yAxis": [
            {
                "gridIndex": i,
                "type": "category",
                "inverse": True,
                "data": labels,
                "axisTick": {"show": False},
                "axisLine": {"show": False},
                "axisLabel": {"show": i == 0, "interval": 0},
            }
            for i in range(2)
        ],
        "series": [
            {
                "type": "bar",
                "name": name,
                "xAxisIndex": i,
                "yAxisIndex": i,
                "barWidth": "62%",
                "showBackground": True,
                "backgroundStyle": {"color": TROUGH, "borderRadius": 3},
                "label": {"show": True, "position": "right", "fontSize": 11},
                "data": [
                    {
                        "value": round(count, 1),
                        "label": {"show": count >= 0.5, "formatter": f"{count:,.0f}"},
                        "itemStyle": {"color": colour, "borderRadius": 3},
                    }
                    for colour, count in zip(colours, counts, strict=True)
                ],
            }
            for i, (name, _, counts, _) in enumerate(panels)
        ],
    }


def timestep(noise_ratio: npt.NDArray[np.float64], t: int, sigma: float) -> dict[str, Any]:
    """(1 - alpha_bar) / alpha_bar over all timesteps, on a logarithmic scale, and the first t at which it
    reaches (2 sigma)^2 (Algorithm 1)."""
    steps = np.unique(np.append(np.linspace(0, len(noise_ratio) - 1, 200).round().astype(int), t))
    target = (2 * sigma) ** 2
    dashed = {"color": ABSTAIN, "type": "dashed", "width": 1.5}
    return {
        "animation": False,
        "title": heading("Noise against picture, (1 − ᾱ) / ᾱ", 52),
        "grid": {"left": 52, "right": 76, "top": 44, "bottom": 44, "outerBoundsMode": "none"},
        "xAxis": {
            "type": "value",
            "min": 0,
            "max": len(noise_ratio),
            "name": "timestep t",
            "nameLocation": "middle",
            "nameGap": 26,
            "splitLine": {"show": False},
        },
        "yAxis": {"type": "log", "min": 1e-3, "max": 1e3},
        "series": [
            {
                "type": "line",
                "name": "noise ratio",
                "showSymbol": False,
                "color": "#0e887d",
                "lineStyle": {"width": 2.5},
                "data": [[int(s), float(noise_ratio[s] ** 2)] for s in steps],
                "markLine": {
                    "silent": True,
                    "symbol": "none",
                    "lineStyle": dashed,
                    "label": {"color": ABSTAIN, "fontSize": 12},
                    "data": [
                        {"yAxis": target, "label": {"formatter": f"(2σ)² = {target:.3g}"}},
                        {"xAxis": t, "label": {"formatter": f"t* = {t}"}},
                    ],
                },
                "markPoint": {
                    "symbol": "circle",
                    "symbolSize": 11,
                    "label": {"show": False},
                    "data": [{"coord": [t, float(noise_ratio[t] ** 2)]}],
                },
            }
        ],
    }


def _axis_end(done: int, total: int, end: int = 1000) -> int:
    """The end of a count's axis: the total, or in a long run a start that doubles as votes come in."""
    while end < done:
        end *= 2
    return min(end, total)


def length_axis(longest: float, intervals: int) -> dict[str, Any]:
    """An axis from 0 that ends with a tick at or above the longest length, in so many intervals or fewer."""
    step = 0.25
    while intervals * step < longest:
        step *= 2
    return {"type": "value", "min": 0, "max": step * max(1, math.ceil(longest / step)), "interval": step}


def trace(
    points: Sequence[Point], config: SmoothingConfig, finished: bool, colour: str, at: int | None = None
) -> dict[str, Any]:
    """The candidate's share and its lower bounds over the estimation votes, against 1/2; with a mark `at` a
    vote, and then only as far as the points go.

    Bold is the bound that the certificate takes: Clopper-Pearson's, which holds only at the end and is dashed
    until `finished`, or the anytime bound, which holds at every look. The other one is thin, to compare.
    """
    points = points[:: -max(1, len(points) // POINTS)][::-1]  # counted from the end, which stays
    lone = {"showSymbol": len(points) == 1, "symbol": "circle", "symbolSize": 8}  # a line needs two points
    anytime = config.stopping in ("target", "decided")
    names = {True: "anytime bound", False: "fixed-n bound"}
    if not anytime and not finished:
        names[False] += ", provisional"
    end = config.n if config.stopping == "fixed" else _axis_end(points[-1][0] if points else 0, config.n, 100)
    if at is not None:
        end = points[-1][0]
    kept = {"width": 2.5, "type": "solid" if finished or anytime else "dashed"}
    thin = {"width": 1.2, "type": "dotted"}
    half = {
        "markArea": {
            "silent": True,
            "itemStyle": {"color": "rgba(19,160,120,0.07)"},
            "data": [[{"yAxis": 0.5}, {"yAxis": 1}]],
        },
        "markLine": {
            "silent": True,
            "symbol": "none",
            "data": [{"yAxis": 0.5}],
            "lineStyle": {"color": ABSTAIN, "type": "solid", "width": 1.5},
            "label": {"position": "end", "formatter": "½", "color": ABSTAIN, "fontSize": 15},
        },
    }
    dashed = {"color": ABSTAIN, "type": "dashed", "width": 1.5}
    mark = {"silent": True, "symbol": "none", "data": [{"xAxis": at}], "lineStyle": dashed}
    mark |= {"label": {"show": False}}
    votes_axis = "estimation votes" if at is None else "estimation votes; the upright line is this one"
    bounds = [
        {
            "type": "line",
            "name": names[which],
            **lone,
            "color": colour if which == anytime else ABSTAIN,
            "lineStyle": kept if which == anytime else thin,
            "data": [[point[0], point[3 if which else 2]] for point in points],
        }
        for which in (anytime, not anytime)
    ]
    return {
        "animation": False,
        "title": heading("The bound has to exceed ½", 36),
        "legend": {"top": 24, "left": 36},
        "grid": {"left": 36, "right": 26, "top": 58, "bottom": 40, "outerBoundsMode": "none"},
        "xAxis": {
            "type": "value",
            "min": 0,
            "max": end,
            "name": votes_axis,
            "nameLocation": "middle",
            "nameGap": 26,
            "splitLine": {"show": False},
        },
        "yAxis": {"type": "value", "min": 0, "max": 1, "interval": 0.25},
        "tooltip": {"trigger": "axis", "valueFormatter": "%.4f"},
        "series": [
            {
                "type": "line",
                "name": "share p̂",
                **lone,
                "color": ABSTAIN,
                "lineStyle": {"width": 1.5},
                "data": [[point[0], point[1]] for point in points],
            }
            | ({"markLine": mark} if at is not None else {}),
            bounds[0] | half,
            bounds[1],
        ],
    }
