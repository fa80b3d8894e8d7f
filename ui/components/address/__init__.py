"""Replaces the browser's address without adding an entry to its history."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

_address = st.components.v2.component(
    "diffsmooth_address",
    html="<span></span>",
    js=(Path(__file__).parent / "address.js").read_text(encoding="utf-8"),
)


def complete(begun: Sequence[dict[str, str]], query: str) -> None:
    """Replace the address's parameters by `query`, if they are now one of `begun`, or what was written here
    last.

    `st.query_params` always adds a history entry, so that the Back button would first lead to the address
    with which the same page was opened.
    """
    # A tuple: Streamlit imports pandas to look into a list.
    _address(data={"begun": tuple(begun), "query": query}, key="address")
