"""Moves the keyboard's focus to the control that is needed next when a click changes the page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "diffsmooth_focus",
    html="<span></span>",
    js=(Path(__file__).parent / "focus.js").read_text(encoding="utf-8"),
)


def steer(moment: str = "") -> None:
    """Move the focus from a run's button to the one that replaces it, from a filter's box to the pictures,
    and from the row of steps to Next. `moment` must change whenever a run's buttons are replaced."""
    _component(data={"moment": moment}, key="focus")
