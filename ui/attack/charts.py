"""An attack as an ECharts specification: what each change cost the class, against what is guaranteed."""

from __future__ import annotations

from typing import Any

from diffsmooth_core import Certificate
from diffsmooth_core.attacks import AttackConfig, AttackProgress
from diffsmooth_core.statistics import guaranteed_share
from ui.charts import heading, length_axis
from ui.colours import ABSTAIN
from ui.text import length

OUTCOMES = {  # outcome -> name in the legend, colour, mark
    "held": ("kept", "#0b8a5f", "circle"),
    "abstained": ("too close to call", ABSTAIN, "diamond"),
    "broken": ("changed", "#d9480f", "triangle"),
}
POINTS = 60  # of the guarantee's line


def shares(
    certificate: Certificate, label: int, progress: AttackProgress | None, attack: AttackConfig | None
) -> dict[str, Any]:
    """The class's share of votes over the length of the change: an attempt each, and what is guaranteed."""
    axis = length_axis(max(1.25 * certificate.radius, 1.05 * attack.radius if attack else 0.0), 6)
    longest = axis["max"]
    lengths = [longest * i / POINTS for i in range(POINTS + 1)]
    floor = [[x, guaranteed_share(certificate.p_a_lower, certificate.config.sigma, x)] for x in lengths]
    radius = certificate.radius
    inside = [{"xAxis": 0}, {"xAxis": radius}]
    green = OUTCOMES["held"][1]
    side = "left" if radius < longest / 2 else "right"  # so that it stays clear of both ends of the axis
    edge = {"formatter": f"certified {length(radius)}", "position": "end", "align": side, "color": green}
    attempts = progress.attempts if progress else ()
    return {
        "animation": False,
        "title": heading("Share of votes of the class after a change", 36),
        "legend": {"top": 24, "left": 36},
        "grid": {"left": 36, "right": 26, "top": 58, "bottom": 40, "outerBoundsMode": "none"},
        "xAxis": axis
        | {
            "name": "length of the change (L2)",
            "nameLocation": "middle",
            "nameGap": 26,
            "splitLine": {"show": False},
        },
        "yAxis": {"type": "value", "min": 0, "max": 1, "interval": 0.25},
        "tooltip": {"trigger": "item"},
        "series": [
            {
                "type": "line",
                "name": "guaranteed",
                "data": floor,
                "showSymbol": False,
                "silent": True,
                "color": ABSTAIN,
                "lineStyle": {"width": 1.5, "type": "dashed"},
                "markLine": {
                    "silent": True,
                    "symbol": "none",
                    "data": [
                        {
                            "yAxis": 0.5,
                            "lineStyle": {"color": ABSTAIN, "type": "solid", "width": 1.5},
                            "label": {"position": "end", "formatter": "½", "color": ABSTAIN, "fontSize": 15},
                        },
                        *(
                            [
                                {
                                    "xAxis": radius,
                                    "label": edge,
                                    "lineStyle": {"color": green, "type": "solid", "width": 1.5},
                                }
                            ]
                            if radius
                            else []
                        ),
                    ],
                },
                "markArea": {
                    "silent": True,
                    "itemStyle": {"color": "rgba(19,160,120,0.07)"},
                    "data": [inside] if radius else [],
                },
            },
            *(
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
            ),
        ],
    }
