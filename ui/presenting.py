"""Presenting: large letters, pictures and charts, and no sidebar, to be read at three metres.

How it looks is in assets/presenting.css, which a page has only then. A rule that asked the page itself
(`body:has(...)`) would have the browser style all of it anew at each change.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui.session import state


def begin_where_asked() -> None:
    """Present from the start where the address that a session was opened with says `present=1`."""
    state.remember_presenting(st.query_params.get("present") == "1")


def styled(assets: Path) -> str:
    """The style sheets of a page as HTML."""
    names = ("style.css", "presenting.css") if state.presenting() else ("style.css",)
    return f"<style>{''.join((assets / name).read_text(encoding='utf-8') for name in names)}</style>"


def button() -> None:
    """A button that begins or ends it."""
    on = state.presenting()
    st.button(
        "End presenting" if on else "Present",
        key="present-end" if on else "present-begin",
        icon=":material/close_fullscreen:" if on else ":material/slideshow:",
        type="tertiary",
        help=None if on else "Large letters and pictures, and no sidebar: for a projector.",
        on_click=state.present,
        args=(not on,),
    )
