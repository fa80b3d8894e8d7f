"""Draws the page anew when the browser changes between light and dark: the server chooses a chart's colours
by the theme (ui/colours.py), and learns of a change only when it draws."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "diffsmooth_theme",
    html="<span></span>",
    js=(Path(__file__).parent / "theme.js").read_text(encoding="utf-8"),
)


def follow() -> None:
    """Have the browser ask for the page once its theme is no longer the one that this run draws for."""
    _component(data={"drawn": st.context.theme.type}, key="theme", on_changed_change=_drawn_anew)


def _drawn_anew() -> None:
    """Nothing is to be done but to draw."""
