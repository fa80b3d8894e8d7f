"""The browser's address, completed without a new entry in its history."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

_address = st.components.v2.component(
    "diffsmooth_address", html="<span></span>", js=(Path(__file__).parent / "address.js").read_text()
)


def complete(begun: Sequence[dict[str, str]], query: str) -> None:
    """Put `query` in the place of the address's parameters where they are one of `begun`.

    `st.query_params` always writes a new entry, so that Back would lead to the address as it was opened, on
    the same page.
    """
    _address(data={"begun": list(begun), "query": query}, key="address")
