"""Keeps what was answered in the browser's own storage, and gives it back to a session that has lost it, as a
reload's has. The server stores nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

KEY = "kept"
_component = st.components.v2.component(
    "diffsmooth_kept",
    html="<span></span>",
    js=(Path(__file__).parent / "kept.js").read_text(encoding="utf-8"),
)


def keep(answers: Mapping[str, Mapping[str, str]], forgotten: int, found: Callable[[], None]) -> None:
    """Have the browser add these answers, by lesson, to those that it keeps. `found` is called where it has
    others, which are then in the session as `found` of KEY. Every time that `forgotten` has grown it first
    forgets all."""
    _component(data={"answers": answers, "forgotten": forgotten}, key=KEY, on_found_change=found)
