"""Colours that mean the same on every page."""

from __future__ import annotations

import streamlit as st

ABSTAIN = "#8b9098"


def class_colour(index: int) -> str:
    """The colour of a class, from the theme's palette of ten."""
    palette = st.get_option("theme.chartCategoricalColors")
    return str(palette[index % len(palette)])
