"""A class's experiment: certify a coin a thousand times, and look early."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from diffsmooth_core import InputError
from diffsmooth_core.statistics.peeking import Peeking, simulate
from ui import tours
from ui.colours import ABSTAIN
from ui.components import figure
from ui.curriculum import Tour
from ui.page import problem_line
from ui.session.numbers import within

RUNS = 1000
ASKED = 0.5, 10_000, 10, 0.001  # p, votes, look every, risk: what the lesson asks about
NAIVE, ANYTIME = "#d9480f", "#0b8a5f"
LEVELS = {0.05: "0.05", 0.01: "0.01", 0.001: "0.001"}


def show(tour: Tour) -> None:
    """The panel: a share p, a number of votes, how often one looks; and what comes out, once it was asked
    for."""
    st.markdown(
        f"Here {RUNS:,} certifications are simulated whose true share of votes p is known. A certificate "
        "that claims more than p is false. A bound for a fixed end is meant for one look, at the end."
    )
    one, two, three, four = st.columns(4)
    p = one.number_input("True share p", value=ASKED[0], step=0.05, help="At ½ every certificate is false.")
    n = two.select_slider("Votes n", (100, 300, 1000, 3000, 10_000), ASKED[1])
    every = three.select_slider("Look every", (10, 30, 100), ASKED[2])
    alpha = four.select_slider("Risk α", list(LEVELS), ASKED[3], format_func=LEVELS.__getitem__)
    if st.button("Simulate", type="primary"):
        st.session_state["peeking-asked"] = True
    if not st.session_state.get("peeking-asked"):
        return
    try:
        found = _simulated(within("True share p", p, (0.5, 0.99)), n, alpha, every)
    except InputError as error:
        problem_line(str(error))
        return
    if (p, n, every, alpha) == ASKED:
        tours.came_out(tour, f"{found.naive[-1]} in {RUNS:,}")
    looks = len(found.looks)
    labels = {
        "One look at the end": (found.fixed, "Clopper–Pearson, as a certificate with fixed n does it"),
        f"{looks:,} looks, fixed-end bound": (int(found.naive[-1]), "stops at the first look that certifies"),
        f"{looks:,} looks, anytime bound": (int(found.anytime[-1]), "the same, with the bound made for it"),
    }
    for column, (label, (wrong, words)) in zip(st.columns(3), labels.items(), strict=True):
        column.metric(
            label, f"{100 * wrong / RUNS:.1f} %", help=f"{wrong} of {RUNS:,} certifications, {words}."
        )
    alt = "Share of certifications that have claimed falsely, over the votes, against the risk"
    figure.show(chart(found), "peeking", alt, 300)
    st.caption(
        f"False claims in {RUNS:,} simulated certifications. Promised: at most α = {alpha:g}, that is "
        f"{100 * alpha:g} %."
    )


@st.cache_data(max_entries=64, show_spinner="Simulating…")
def _simulated(p: float, n: int, alpha: float, every: int) -> Peeking:
    return simulate(p, n, alpha, min(every, n), RUNS)


def chart(found: Peeking) -> dict[str, Any]:
    """Share of certifications with a false claim by each look, against alpha."""
    keep = slice(None, None, max(1, len(found.looks) // 400))
    lines = {
        name: (
            colour,
            [
                [int(look), round(100 * int(wrong) / found.runs, 2)]
                for look, wrong in zip(found.looks[keep], counts[keep], strict=True)
            ],
        )
        for name, counts, colour in (
            ("fixed-end bound, looked at again and again", found.naive, NAIVE),
            ("anytime bound", found.anytime, ANYTIME),
        )
    }
    across = {"type": "value", "min": 0, "max": int(found.looks[-1]), "name": "votes"}
    up = {"axisLabel": {"formatter": "{value} %"}}
    return steps(lines, across, up, (100 * found.alpha, "α", "end"), "%.1f")


def steps(
    lines: Mapping[str, tuple[str, list[list[float]]]],
    across: dict[str, Any],
    up: dict[str, Any],
    level: tuple[float, str, str],
    digits: str,
) -> dict[str, Any]:
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
