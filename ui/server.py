"""What a server process sets up once, before its first visit and beside it."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st

from ui.navigation import pages

_importing = threading.Lock()
_log = logging.getLogger(__name__)


def load() -> None:
    """Import the pages' modules, one thread at a time: a second thread could see a half-imported module."""
    with _importing:
        import ui.certify.view
        import ui.theorems.view  # noqa: F401


def run_every_page_through_navigation() -> None:
    """Have even the first visit of all begin with app.py where it opens a page's own address.

    Beside a folder `pages` Streamlit runs that page alone until `st.navigation` was called once in the
    process. Called outside a visit it does nothing else, and warns that there is none.
    """
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        st.navigation(pages())
    finally:
        logging.disable(before)


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any]]:
    """Set the process up, and import torch and load the networks beside the server's start, so that no
    visitor waits for them."""
    sys.setswitchinterval(0.001)  # a network's thread asks for the interpreter at every layer
    os.environ.setdefault("GOMP_SPINCOUNT", "5000")  # OpenMP's threads leave a core that a page wants
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    yield {}


def _warm_up() -> None:
    """Load what the first visitor would wait for, and freeze it, so that garbage collection skips it."""
    load()
    from ui.jobs.warm_up import warm_up

    try:
        warm_up()
    except Exception:
        _log.exception("the server could not warm up")
    gc.collect()
    gc.freeze()
