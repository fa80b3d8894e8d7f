"""`streamlit run app.py`: the server imports this file once to warm up, then runs it for every visit."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from ui.navigation import pages
from ui.server import load

ASSETS = Path(__file__).parent / "assets"


@asynccontextmanager
async def warm(_: st.App) -> AsyncIterator[dict[str, Any]]:
    """Import torch and load the networks beside the server's start, so that no visitor waits for them."""
    sys.setswitchinterval(0.001)  # a network's thread asks for the interpreter at every layer
    os.environ.setdefault("GOMP_SPINCOUNT", "5000")  # OpenMP's threads leave a core that a page wants
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    yield {}


def _warm_up() -> None:
    load()
    from ui.jobs.certificates import warm_up

    warm_up()


if __name__ == "__main__":
    st.set_page_config(page_title="DiffSmooth", page_icon=str(ASSETS / "icon.svg"), layout="wide")
    st.logo(str(ASSETS / "logo.svg"), size="large", icon_image=str(ASSETS / "icon.svg"))
    st.html(ASSETS / "style.css")
    load()
    st.navigation(pages()).run()
else:
    # Otherwise the first visit of all to a page's own address would run that page without this file.
    PagesManager.uses_pages_directory = False
    app = st.App(__file__, lifespan=warm)
