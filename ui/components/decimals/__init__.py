"""Number fields as people use them: a comma before decimals is read, which a browser leaves out ("0,5" would
become 5), and a field of whole numbers says what it takes of one with decimals."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "diffsmooth_decimals",
    html="<span></span>",
    js=(Path(__file__).parent / "decimals.js").read_text(encoding="utf-8"),
)


def read_commas() -> None:
    """Have every number field of the page that takes decimals take a comma for the point before them. In
    fields of whole numbers it stays what it was there, a mark between thousands; of 1.5 they take the 1, and
    say so while it is typed."""
    _component(key="decimals")
