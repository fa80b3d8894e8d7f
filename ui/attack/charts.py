"""An attack as an ECharts specification: the class's share of votes after each attempt, and the guaranteed
share."""

from __future__ import annotations

from collections.abc import Sequence

from diffsmooth_core import Certificate
from diffsmooth_core.attacks import Attempt
from diffsmooth_core.statistics import guaranteed_share
from diffsmooth_core.wording import length
from ui import echarts
from ui.colours import ABSTAIN
from ui.echarts import Spec, heading

OUTCOMES = {  # outcome -> name in the legend, colour, mark
    "held": ("kept", "#0b8a5f", "circle"),
    "abstained": ("too close to call", ABSTAIN, "diamond"),
    "broken": ("changed", "#d9480f", "triangle"),
}
POINTS = 60  # points of the line of the guaranteed share


def shares(certificate: Certificate, label: int, attempts: Sequence[Attempt], reach: float) -> Spec:
    """The class's share of votes over the L2 length of the change, drawn up to `reach` at least: a mark for
    each attempt, and a line for the share that the certificate guarantees."""
    axis = echarts.length_axis(max(1.25 * certificate.radius, 1.05 * reach), 6)
    return {
        "animation": False,
        "title": heading("Share of votes of the class after a change", 36),
        "legend": echarts.legend(36, 24),
        "grid": echarts.plot_area(36, 26, 58, 40),
        "xAxis": axis | echarts.axis_name("length of the change (L2)", 26) | {"splitLine": {"show": False}},
        "yAxis": echarts.share_axis(),
        "tooltip": {"trigger": "item"},
        "series": [_guarantee(certificate, axis["max"]), *_attempts(attempts, label)],
    }


def _guarantee(certificate: Certificate, longest: float) -> Spec:
    """The guaranteed share of votes at each length up to `longest`: no change of that length can bring the
    class below it. It meets ½ at the certified radius."""
    lengths = [longest * i / POINTS for i in range(POINTS + 1)]
    floor = [[x, guaranteed_share(certificate.p_a_lower, certificate.config.sigma, x)] for x in lengths]
    half = {
        "yAxis": 0.5,
        "lineStyle": {"color": ABSTAIN, "type": "solid", "width": 1.5},
        "label": echarts.half_label("end"),
    }
    radius = certificate.radius
    edge = [_edge(radius, longest)] if radius else []
    inside = [[{"xAxis": 0}, {"xAxis": radius}]] if radius else []
    return echarts.line("guaranteed", ABSTAIN, 1.5, floor, "dashed") | {
        "silent": True,
        "markLine": echarts.mark_lines([half, *edge]),
        "markArea": echarts.certified_area(inside),
    }


def _edge(radius: float, longest: float) -> Spec:
    """The certified radius as a vertical line."""
    green = OUTCOMES["held"][1]
    side = "left" if radius < longest / 2 else "right"  # its words stay clear of the axis's ends
    return {
        "xAxis": radius,
        "label": {
            "formatter": f"certified {length(radius)}",
            "position": "end",
            "align": side,
            "color": green,
        },
        "lineStyle": {"color": green, "type": "solid", "width": 1.5},
    }


def _attempts(attempts: Sequence[Attempt], label: int) -> list[Spec]:
    """A mark for each attempt: how long its change is, and the class's share of its votes."""
    return [
        {
            "type": "scatter",
            "name": name,
            "color": colour,
            "symbol": mark,
            "symbolSize": 10,
            "itemStyle": {"opacity": 1},
            "data": [
                [round(a.length, 4), a.counts[label] / sum(a.counts)]
                for a in attempts
                if a.outcome == outcome
            ],
        }
        for outcome, (name, colour, mark) in OUTCOMES.items()
    ]
