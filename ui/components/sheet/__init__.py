"""The way back from the sidebar, where that covers the whole page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_close = st.components.v2.component(
    "diffsmooth_sheet",
    html='<button type="button">Back to the picture</button>',
    css=(_HERE / "sheet.css").read_text(),
    js=(_HERE / "sheet.js").read_text(),
)


def close() -> None:
    """A button at the sidebar's end that closes it; on a wide screen it is not shown."""
    with st.container(key="sheet-end"):
        _close(key="sheet")
