"""The Theorems page: both theorems over the noise."""

from __future__ import annotations

import streamlit as st

from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.theory import Curves
from ui.components import figure
from ui.jobs import theorems
from ui.jobs.registry import Snapshot
from ui.theorems import charts, live
from ui.theorems.controls import Controls

TITLE = "Both theorems over the noise"


def show_picture(picture: Picture, chosen: Controls) -> None:
    """Both theorems for the picture over sigma."""
    if theorems.is_active((picture, chosen.setting)):
        return
    if part := live.folded(TITLE, "curves"):
        job = theorems.request_curves(picture, chosen.denoiser, chosen.setting)
        with part:
            _curves(job, chosen, theorems.curve_samples(picture))


def show_exact(chosen: Controls) -> None:
    """Both theorems in the Gaussian mixture over sigma."""
    if part := live.folded(TITLE, "curves"):
        job = theorems.request_exact_curves(chosen.world, chosen.dimension, chosen.setting)
        with part:
            _curves(job, chosen, theorems.EXACT_CURVE_SAMPLES)


def _curves(job: Snapshot[Curves], chosen: Controls, samples: int) -> None:
    def draw(found: Curves) -> None:
        specs = charts.over_sigma(found, chosen.scale, chosen.unit)
        for name, column, spec in zip(("bounds", "terms", "second"), st.columns(3), specs, strict=True):
            with column:
                title = spec["title"]["text"]
                figure.show(spec, f"theorems-curve-{name}", f"{title}, over sigma", charts.HEIGHT)

    live.show("curves", job.key, draw)
    st.caption(
        f"The same settings at {len(theorems.SIGMAS)} noise levels, {samples} samples at each, with the "
        "timestep t that Algorithm 1 finds (τ in the exact world, which has no timesteps). C is estimated "
        "anew at each level. Dashed is what the paper prints."
    )
