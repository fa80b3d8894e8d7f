"""Charts of what grows in steps, as claims do look by look or seed by seed, against a level."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ui.colours import ABSTAIN
from ui.echarts import Spec

NAIVE, ANYTIME = "#d9480f", "#0b8a5f"  # of what promises too much, and of what keeps it
POINTS = 400  # of a line of looks, about


def false_claims(
    looks: npt.NDArray[np.int64],
    naive: npt.NDArray[np.int64],
    anytime: npt.NDArray[np.int64],
    runs: int,
    alpha: float,
) -> Spec:
    """How many of `runs` certifications in a hundred have made a false claim by each look, against alpha.
    `looks` (L,) are numbers of votes; `naive` and `anytime` (L,) count the runs by then, whose bound was
    meant for a fixed end or for every look."""
    step = max(1, len(looks) // POINTS)
    keep = slice((len(looks) - 1) % step, None, step)  # the last one too, which says how it ends
    lines = {
        name: (
            colour,
            [
                [int(look), round(100 * int(wrong) / runs, 2)]
                for look, wrong in zip(looks[keep], counts[keep], strict=True)
            ],
        )
        for name, counts, colour in (
            ("fixed-end bound, looked at again and again", naive, NAIVE),
            ("anytime bound", anytime, ANYTIME),
        )
    }
    across = {"type": "value", "min": 0, "max": int(looks[-1]), "name": "votes"}
    up = {"axisLabel": {"formatter": "{value} %"}}
    return steps(lines, across, up, (100 * alpha, f"α = {100 * alpha:g} %", "insideEndTop"), "%.1f")


def steps(
    lines: Mapping[str, tuple[str, list[list[float]]]],
    across: Spec,
    up: Spec,
    level: tuple[float, str, str],
    digits: str,
) -> Spec:
    """A chart of steps against a level. `lines` are colour and points by name, `across` is the axis from left
    to right, `up` what the other one has besides beginning at 0; `level` is a value, its words and their
    place, and `digits` the format of values below the pointer."""
    value, words, place = level
    against = {
        "silent": True,
        "symbol": "none",
        "precision": 6,  # ECharts rounds to two digits otherwise
        "data": [{"yAxis": value}],
        "lineStyle": {"color": ABSTAIN, "type": "solid", "width": 1.5},
        "label": {"position": place, "formatter": words, "color": ABSTAIN, "fontSize": 14},
    }
    return {
        "animation": False,
        "legend": {"top": 0, "left": 40},
        "grid": {"left": 52, "right": 30, "top": 34, "bottom": 40, "outerBoundsMode": "none"},
        "xAxis": across | {"nameLocation": "middle", "nameGap": 26, "splitLine": {"show": False}},
        "yAxis": {"type": "value", "min": 0} | up,
        "tooltip": {"trigger": "axis", "valueFormatter": digits},
        "series": [
            {
                "type": "line",
                "name": name,
                "color": colour,
                "showSymbol": False,
                "step": "end",
                "lineStyle": {"width": 2.5},
                "markLine": against,
                "data": points,
            }
            for name, (colour, points) in lines.items()
        ],
    }
