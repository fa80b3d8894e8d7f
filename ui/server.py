"""What a server process sets up once, before its first visit and beside it."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import streamlit as st

from diffsmooth_core.config import InputError
from ui import doors
from ui.importing import importing
from ui.navigation import pages
from ui.session import limits

IDLE_SECONDS = 2.0  # that a server waits for its first visitor before it goes on loading
PAINT_SECONDS = 1.0  # that the visitor's browser needs to paint a page

drawn = threading.Event()  # set once a page was drawn
_loaded: set[str] = set()
_log = logging.getLogger(__name__)


def load(page: str) -> None:
    """Import the modules of a page, named by its address, one thread at a time."""
    name = page or "certify"
    if name not in _loaded:
        with importing:
            import_module(f"ui.{name}.view")
        _loaded.add(name)


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


def refuse_wrong_limits() -> None:
    """End the process, with a sentence, where the operator's limits cannot be read."""
    try:
        limits.check()
        doors.headers(limits.limit("pages", "frames"))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.stderr.flush()
        os._exit(2)  # the server would take an exception for one visit's


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any]]:
    """Set the process up, and load beside the server's start what a visitor would otherwise wait for."""
    sys.setswitchinterval(0.001)  # a network's thread asks for the interpreter at every layer
    os.environ.setdefault("GOMP_SPINCOUNT", "5000")  # OpenMP's threads leave a core that a page wants
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    yield {}


def _warm_up() -> None:
    """Load what the first page shows; then, so as not to take the interpreter from a visitor who waits for
    that page, once it is there, the networks. Freeze it all, so that garbage collection skips it."""
    try:
        load("certify")
        from ui.jobs import warm_up

        warm_up.first_page()
        if drawn.wait(IDLE_SECONDS):
            time.sleep(PAINT_SECONDS)
        warm_up.networks()
        for page in ("step", "compare", "theorems"):
            load(page)
    except Exception:
        _log.exception("the server could not warm up")
    gc.collect()
    gc.freeze()
