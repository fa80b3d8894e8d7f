"""A class's experiment: certify a coin a thousand times, and look early."""

from __future__ import annotations

import streamlit as st

from diffsmooth_core import InputError
from diffsmooth_core.statistics.peeking import Peeking, simulate
from ui import tours
from ui.components import figure
from ui.curriculum import Tour
from ui.page import problem_line
from ui.session.numbers import within
from ui.step_charts import false_claims

RUNS = 1000
ASKED = 0.5, 10_000, 10, 0.001  # p, votes, look every, risk: what the lesson asks about
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
    n = two.select_slider("Votes n", (100, 300, 1000, 3000, 10_000), ASKED[1], format_func="{:,}".format)
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
    chart = false_claims(found.looks, found.naive, found.anytime, found.runs, found.alpha)
    figure.show(chart, "peeking", alt, 300)
    st.caption(
        f"False claims in {RUNS:,} simulated certifications. Promised: at most α = {alpha:g}, that is "
        f"{100 * alpha:g} %."
    )


@st.cache_data(max_entries=64, show_spinner="Simulating…")
def _simulated(p: float, n: int, alpha: float, every: int) -> Peeking:
    return simulate(p, n, alpha, min(every, n), RUNS)
