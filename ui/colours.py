"""Colours that mean the same on every page."""

from __future__ import annotations

import streamlit as st

from diffsmooth_core.figures import OUTCOME_COLOURS

ABSTAIN = OUTCOME_COLOURS["abstained"]
BOUND = "#64748b"  # of a lower bound, whichever class it is for: it says how much, not whether that is right


def class_colour(index: int) -> str:
    """The colour of a class, from the visitor's theme: ten for light and ten for dark, alike in hue."""
    dark = st.context.theme.type == "dark"
    palette = st.get_option(f"theme.{'dark.' if dark else ''}chartCategoricalColors")
    return str(palette[index % len(palette)])


def outcome_colour(outcome: str) -> str:
    """The colour of one of the audit's OUTCOMES, that of the verdict's card."""
    return OUTCOME_COLOURS[outcome]


def outcome_mark(outcome: str) -> str:
    """What stands for one of OUTCOMES in a chart, with a space after it; empty where the picture's class is
    not known."""
    return {"right": "✓ ", "wrong": "✕ ", "abstained": "– ", "certified": ""}[outcome]


def text_colour() -> str:
    """The text colour of the visitor's theme, for text in charts."""
    return str(st.get_option(f"theme.{'dark' if st.context.theme.type == 'dark' else 'light'}.textColor"))
