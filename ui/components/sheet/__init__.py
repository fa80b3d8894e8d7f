"""The ways to the sidebar's pictures and, where the sidebar covers the whole page, back from it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_close = st.components.v2.component(
    "diffsmooth_sheet",
    html='<button type="button">Back to the picture</button>',
    css=(_HERE / "sheet.css").read_text(encoding="utf-8"),
    js=(_HERE / "sheet.js").read_text(encoding="utf-8"),
)
_pictures = st.components.v2.component(
    "diffsmooth_pictures",
    html='<button type="button">Choose another picture</button>',
    css=(_HERE / "pictures.css").read_text(encoding="utf-8"),
    js=(_HERE / "pictures.js").read_text(encoding="utf-8"),
)


def pictures() -> None:
    """A button that leads to the pictures in the sidebar, which it unfolds."""
    _pictures(key="choose-another")


def close() -> None:
    """A button at the sidebar's end that closes it; on a wide screen it is not shown."""
    with st.container(key="sheet-end"):
        _close(key="sheet")
