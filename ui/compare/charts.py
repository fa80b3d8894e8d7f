"""Comparisons and sweeps as ECharts specifications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.certification.decision import Decision
from diffsmooth_core.experiments import Cell, Comparison, Sweep
from diffsmooth_core.runs.results import outcome_of
from diffsmooth_core.statistics import certified_radius, clopper_pearson_lower
from diffsmooth_core.wording import down, length
from ui import echarts
from ui.colours import ABSTAIN, BOUND, outcome_colour, outcome_mark, text_colour
from ui.compare.controls import LETTERS
from ui.echarts import TROUGH, Spec, heading

ROW = 40  # height of a setting's row in pixels


def height(comparison: Comparison) -> int:
    """Pixels that the chart of bounds needs."""
    return 88 + ROW * len(comparison.entries)


def bounds(comparison: Comparison, label: int | None) -> Spec:
    """Each bound against 1/2 with the share of votes as a tick, and each radius in the colour and with the
    mark of its outcome for a picture of class `label`; pale until final."""
    entries = comparison.entries
    labels = list(LETTERS[: len(entries)])
    opacities = [1.0 if e.certificate else 0.5 for e in entries]
    counting = [e.progress if e.progress and any(e.progress.counts) else None for e in entries]
    lower = [progress.p_a_lower if progress else 0.0 for progress in counting]
    shares = [[progress.p_hat, labels[i]] for i, progress in enumerate(counting) if progress]
    radii = [e.progress.radius if e.progress else 0.0 for e in entries]
    outcomes = [outcome_of(e.progress.candidate, label) if e.progress else "abstained" for e in entries]
    bound_words = [down(bound, 4) if bound else "" for bound in lower]
    radius_words = [
        outcome_mark(o) + length(radius) if radius else "none"
        for o, radius in zip(outcomes, radii, strict=True)
    ]
    outcome_colours = list(map(outcome_colour, outcomes))
    radius_axis = echarts.length_axis(max([*(_longest(e.config) for e in entries), *radii]), 3)
    wide = radius_axis["max"] / 3  # a bar that is longer has room for its label
    places: tuple[Spec, ...] = ({"left": 32, "right": "46%"}, {"left": "60%", "right": 24})
    titles = ("Bound and share p̂", "Radius (L2)")
    no_lines = {"splitLine": {"show": False}}
    return {
        "animation": False,
        "title": [heading(text, place["left"]) for text, place in zip(titles, places, strict=True)],
        "grid": [{"top": 52, "bottom": 28, **place} for place in places],
        "xAxis": [
            {"gridIndex": 0, "min": 0, "max": 1, "interval": 0.25} | no_lines,
            radius_axis | {"gridIndex": 1} | no_lines,
        ],
        "yAxis": echarts.row_axes(labels, fontWeight=600),
        "series": [
            echarts.bars(
                "lower bound",
                0,
                "55%",
                _labelled_bars(lower, bound_words, [BOUND] * len(entries), opacities, wide),
            )
            | {"markLine": echarts.half_line("xAxis", "start")},
            {
                "type": "scatter",
                "name": "share p̂",
                "symbol": "rect",
                "symbolSize": [3, 26],
                "color": ABSTAIN,
                "data": shares,
                "silent": True,
            },
            echarts.bars(
                "radius (L2)", 1, "55%", _labelled_bars(radii, radius_words, outcome_colours, opacities, wide)
            ),
        ],
    }


def _longest(config: SmoothingConfig) -> float:
    """The radius of a setting whose votes all agree."""
    return certified_radius(clopper_pearson_lower(config.n, config.n, config.alpha), config.sigma)


def _labelled_bars(
    values: Sequence[float],
    words: Sequence[str],
    colours: Sequence[str],
    opacities: Sequence[float],
    wide: float,
) -> list[Spec]:
    """A bar for each value with its words, which are inside bars longer than `wide` and beside shorter
    ones."""
    return [
        {
            "value": value,
            "itemStyle": {"color": colour, "opacity": opacity, "borderRadius": 3},
            "label": {
                "show": True,
                "position": "insideLeft" if value > wide else "right",
                "color": "#fff" if value > wide else ABSTAIN,
                "formatter": text,
            },
        }
        for value, text, colour, opacity in zip(values, words, colours, opacities, strict=True)
    ]


def heat(sweep: Sweep, names: tuple[str, ...], label: int | None) -> Spec:
    """The radius over sigma_local and sigma as a heat map in the colour of its outcome for a picture of class
    `label`; abstentions are grey."""
    sigmas = sorted({cell.config.sigma for cell in sweep.cells})
    local_sigmas = sorted({cell.config.sigma_local for cell in sweep.cells})
    largest = max(cell.decision.radius for cell in sweep.cells)
    data = [
        {
            "value": [
                local_sigmas.index(cell.config.sigma_local),
                sigmas.index(cell.config.sigma),
                cell.decision.radius,
            ],
            "label": {"formatter": _label(cell, names, label)},
            "itemStyle": {"color": _shade(cell.decision, largest, label)},
        }
        for cell in sweep.cells
    ]
    return {
        "animation": False,
        "grid": echarts.plot_area(56, 8, 16, 52),
        "xAxis": _category_axis([f"{s:g}" for s in local_sigmas], "local noise σ′", 30),
        "yAxis": _category_axis([f"{s:g}" for s in sigmas], "noise σ", 40),
        "visualMap": {"show": False, "min": 0, "max": 1, "seriesIndex": []},
        "series": [
            {
                "type": "heatmap",
                "name": "radius",
                "data": data,
                "label": _data_label(13, 17) | {"textBorderWidth": 0},
            }
        ],
    }


def curve(sweep: Sweep, over: str, names: tuple[str, ...], label: int | None) -> Spec:
    """The radius over the setting that is swept: a point for each, in the colour of its outcome for a picture
    of class `label`."""
    titles = {"m": "copies m", "shift": "local noise σ′", "budget": "copies m, and votes n below them"}
    points = [
        {
            "value": cell.decision.radius if any(cell.counts) else None,
            "label": {"formatter": _label(cell, names, label)},
            "itemStyle": {"color": outcome_colour(outcome_of(cell.decision.label, label))},
        }
        for cell in sweep.cells
    ]
    x_axis = _category_axis(_settings(sweep, over), titles[over], 44 if over == "budget" else 30)
    return {
        "animation": False,
        "grid": echarts.plot_area(44, 32, 56, 64),
        "xAxis": x_axis | {"axisLabel": {"interval": 0}},
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
                "label": _data_label(12, 15) | {"position": "top"},
            }
        ],
    }


def _settings(sweep: Sweep, over: str) -> list[str]:
    """The swept setting of each cell as a label of the axis."""
    labels = {"m": "{c.m}", "shift": "{c.sigma_local:g}", "budget": "{c.m}\n{c.n:,}"}
    return [labels[over].format(c=cell.config) for cell in sweep.cells]


def _category_axis(labels: list[str], name: str, gap: int) -> Spec:
    return {"type": "category", "data": labels, "axisTick": {"show": False}, **echarts.axis_name(name, gap)}


def _data_label(size: int, line_height: int) -> dict[str, Any]:
    return {"show": True, "fontSize": size, "lineHeight": line_height, "color": text_colour()}


def _shade(decision: Decision, largest: float, label: int | None) -> str:
    """The outcome's colour, more opaque for a larger radius."""
    if not decision.radius:
        return TROUGH
    strength = 0.15 + 0.6 * decision.radius / largest
    return outcome_colour(outcome_of(decision.label, label)) + f"{round(255 * strength):02x}"


def _label(cell: Cell, names: tuple[str, ...], label: int | None) -> str:
    """ "✓ 0.83" above "ship", or a dash where the cell abstains; nothing before its first estimation vote."""
    decision = cell.decision
    if not any(cell.counts):
        return ""
    if not decision.radius:
        return "–"
    mark = outcome_mark(outcome_of(decision.label, label))
    return f"{mark}{length(decision.radius)}\n{names[decision.label]}"
