"""The Theorems page: how exact are the paths of the exact world, and how fast do they become so?"""

from __future__ import annotations

import streamlit as st

from diffsmooth_core.theory import Convergence, WeakError
from diffsmooth_core.wording import percent
from ui.components import figure
from ui.jobs import theorems
from ui.jobs.registry import Snapshot
from ui.theorems import charts, live
from ui.theorems.controls import Controls

TITLE = "How exact the paths are: the error of two solvers over their steps"
EXACT = (
    "**No error of the mean.** Neither scheme errs here by more than chance: with a single component the "
    "mean is right at any number of steps."
)


def show_exact(chosen: Controls) -> None:
    """Both schemes' error against the posterior as their steps double."""
    if part := live.folded(TITLE, "schemes"):
        job = theorems.request_convergence(chosen.world, chosen.dimension, chosen.setting)
        with part:
            _errors(job)


def _errors(job: Snapshot[Convergence]) -> None:
    def draw(found: Convergence) -> None:
        specs = charts.schemes(found)
        for name, column, spec in zip(("mean", "variance"), st.columns(2, gap="medium"), specs, strict=True):
            with column:
                if found.finished and not any(line["data"] for line in spec["series"]):
                    st.markdown(EXACT)
                    continue
                title = spec["title"]["text"]
                figure.show(spec, f"theorems-scheme-{name}", f"{title}, over steps", charts.HEIGHT)
        if found.finished:
            st.caption(_words(found.reference))

    live.show("schemes", job.key, draw)


def _words(reference: WeakError) -> str:
    return (
        "How the ends of the paths differ from the posterior, the clean points that xᵣₛ may come from. Once "
        "steps are short, doubling their number halves Euler–Maruyama’s error (order 1) and brings the "
        "multistep scheme’s to a quarter (order 2), as the grey lines fall; with few steps errors may fall "
        "faster or slower, and the smaller one may be either scheme’s: an order is no size. "
        f"Every path is compared with one of {reference.steps} steps under the same noise, so that chance "
        "cancels; an error that chance could have made is left out. Against the closed form the mean of "
        f"these finer paths is off by {reference.mean:.2g} standard deviations (by chance about "
        f"{reference.mean_chance:.2g}), their variance by {100 * reference.variance:+.1f} % (by chance about "
        f"{percent(reference.variance_chance)})."
    )
