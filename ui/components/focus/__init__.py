"""The keyboard's focus: it goes where the next key is of use when a click changes the page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "diffsmooth_focus", html="<span></span>", js=(Path(__file__).parent / "focus.js").read_text()
)


def steer(moment: str = "") -> None:
    """Have the focus go from a run's button to the one that replaces it, from a filter's box to the pictures,
    and from the row of steps to Next. `moment` is another one whenever a run's buttons are replaced."""
    _component(data={"moment": moment}, key="focus")
