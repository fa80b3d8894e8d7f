"""Comparisons and sweeps as ECharts specifications."""

from __future__ import annotations

from typing import Any

from diffsmooth_core.certification.decision import Decision
from diffsmooth_core.experiments import Cell, Comparison, Sweep
from ui.charts import TROUGH, heading, length_axis
from ui.colours import ABSTAIN, class_colour, text_colour
from ui.compare.controls import LETTERS
from ui.text import down

ROW = 40  # pixels of a setting


def height(found: Comparison) -> int:
    return 88 + ROW * len(found.entries)


def bounds(found: Comparison, names: tuple[str, ...]) -> dict[str, Any]:
    """Each bound against 1/2 with the share of votes as a tick, and each radius; pale until final."""
    labels = list(LETTERS[: len(found.entries)])
    running = [(e.progress, 1.0 if e.certificate else 0.5) for e in found.entries]
    colours = [class_colour(p.candidate) if p else ABSTAIN for p, _ in running]
    lower = [p.p_a_lower if p and any(p.counts) else 0.0 for p, _ in running]
    radii = [p.radius if p else 0.0 for p, _ in running]
    shares = [[p.p_hat, labels[i]] for i, (p, _) in enumerate(running) if p and any(p.counts)]
    axis = length_axis(max([1.0, *radii]), 3)
    end = axis["max"]
    half = {
        "silent": True,
        "symbol": "none",
        "data": [{"xAxis": 0.5}],
        "lineStyle": {"color": ABSTAIN, "type": "solid", "width": 1.5},
        "label": {"position": "start", "formatter": "½", "color": ABSTAIN, "fontSize": 15},
    }

    def bars(name: str, values: list[float], digits: int, grid: int, none: str) -> dict[str, Any]:
        return {
            "type": "bar",
            "name": name,
            "xAxisIndex": grid,
            "yAxisIndex": grid,
            "barWidth": "55%",
            "showBackground": True,
            "backgroundStyle": {"color": TROUGH, "borderRadius": 3},
            "data": [
                {
                    "value": value,
                    "itemStyle": {"color": colour, "opacity": opacity, "borderRadius": 3},
                    "label": {
                        "show": True,
                        "position": "insideLeft" if value > end / 3 else "right",
                        "color": "#fff" if value > end / 3 else ABSTAIN,
                        "formatter": down(value, digits) if value else none,
                    },
                }
                for value, colour, (_, opacity) in zip(values, colours, running, strict=True)
            ],
        }

    places: tuple[dict[str, Any], ...] = ({"left": 32, "right": "46%"}, {"left": "60%", "right": 24})
    titles = ("Bound and share p̂", "Radius (L2)")
    return {
        "animation": False,
        "title": [heading(text, place["left"]) for text, place in zip(titles, places, strict=True)],
        "grid": [{"top": 52, "bottom": 28, **place} for place in places],
        "xAxis": [
            {"gridIndex": 0, "min": 0, "max": 1, "interval": 0.25, "splitLine": {"show": False}},
            axis | {"gridIndex": 1, "splitLine": {"show": False}},
        ],
        "yAxis": [
            {
                "gridIndex": i,
                "type": "category",
                "inverse": True,
                "data": labels,
                "axisTick": {"show": False},
                "axisLine": {"show": False},
                "axisLabel": {"show": i == 0, "fontWeight": 600},
            }
            for i in range(2)
        ],
        "series": [
            bars("lower bound", lower, 4, 0, "") | {"markLine": half},
            {
                "type": "scatter",
                "name": "share p̂",
                "symbol": "rect",
                "symbolSize": [3, 26],
                "color": ABSTAIN,
                "data": shares,
                "silent": True,
            },
            bars("radius (L2)", radii, 2, 1, "none"),
        ],
    }


def heat(sweep: Sweep, names: tuple[str, ...]) -> dict[str, Any]:
    """The radius over sigma_local and sigma, in the class's colour; what abstains is grey."""
    sigmas = sorted({cell.config.sigma for cell in sweep.cells})
    locals_ = sorted({cell.config.sigma_local for cell in sweep.cells})
    largest = max(cell.decision.radius for cell in sweep.cells)
    data = [
        {
            "value": [locals_.index(cell.config.sigma_local), sigmas.index(cell.config.sigma), found.radius],
            "label": {"formatter": _said(cell, names)},
            "itemStyle": {"color": _shade(found, largest)},
        }
        for cell, found in ((cell, cell.decision) for cell in sweep.cells)
    ]
    return {
        "animation": False,
        "grid": {"left": 56, "right": 8, "top": 16, "bottom": 52, "outerBoundsMode": "none"},
        "xAxis": {
            "type": "category",
            "data": [f"{s:g}" for s in locals_],
            "name": "local noise σ′",
            "nameLocation": "middle",
            "nameGap": 30,
            "axisTick": {"show": False},
        },
        "yAxis": {
            "type": "category",
            "data": [f"{s:g}" for s in sigmas],
            "name": "noise σ",
            "nameLocation": "middle",
            "nameGap": 40,
            "axisTick": {"show": False},
        },
        "visualMap": {"show": False, "min": 0, "max": 1, "seriesIndex": []},
        "series": [
            {
                "type": "heatmap",
                "name": "radius",
                "data": data,
                "label": {
                    "show": True,
                    "fontSize": 13,
                    "lineHeight": 17,
                    "color": text_colour(),
                    "textBorderWidth": 0,
                },
            }
        ],
    }


def _shade(found: Decision, largest: float) -> str:
    """The class's colour, the stronger the larger the radius."""
    if not found.radius:
        return TROUGH
    strength = 0.15 + 0.6 * found.radius / largest
    return class_colour(found.label) + f"{round(255 * strength):02x}"


def _said(cell: Cell, names: tuple[str, ...]) -> str:
    """ "ship 0.83", or a dash."""
    found = cell.decision
    if not any(cell.counts):
        return ""
    return f"{down(found.radius, 2)}\n{names[found.label]}" if found.radius else "–"


def curve(found: Sweep, over: str, names: tuple[str, ...]) -> dict[str, Any]:
    """The radius over the setting that is swept: a point for each, in its class's colour."""
    axes = {"m": "copies m", "shift": "local noise σ′", "budget": "copies m, and votes n below them"}
    labels = [
        f"{c.config.sigma_local:g}"
        if over == "shift"
        else f"{c.config.m}\n{c.config.n:,}"
        if over == "budget"
        else f"{c.config.m}"
        for c in found.cells
    ]
    decisions = [cell.decision for cell in found.cells]
    points = [
        {
            "value": d.radius if any(cell.counts) else None,
            "label": {"formatter": _said(cell, names)},
            "itemStyle": {"color": class_colour(d.label) if d.radius else ABSTAIN},
        }
        for d, cell in zip(decisions, found.cells, strict=True)
    ]
    return {
        "animation": False,
        "grid": {"left": 44, "right": 32, "top": 56, "bottom": 64, "outerBoundsMode": "none"},
        "xAxis": {
            "type": "category",
            "data": labels,
            "name": axes[over],
            "nameLocation": "middle",
            "nameGap": 44 if over == "budget" else 30,
            "axisTick": {"show": False},
            "axisLabel": {"interval": 0},
        },
        "title": heading("Radius (L2)", 16),
        "yAxis": {"type": "value", "min": 0},
        "series": [
            {
                "type": "line",
                "name": "radius",
                "data": points,
                "symbol": "circle",
                "symbolSize": 11,
                "lineStyle": {"color": ABSTAIN, "width": 1.5},
                "label": {
                    "show": True,
                    "position": "top",
                    "fontSize": 12,
                    "lineHeight": 15,
                    "color": text_colour(),
                },
            }
        ],
    }
