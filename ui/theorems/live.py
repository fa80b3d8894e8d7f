"""The Theorems page: a job's results, drawn as they come in, and its status before there are any."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import tours
from ui.jobs import theorems
from ui.jobs.polling import failure, is_waiting, poll, show_queue_position
from ui.jobs.registry import Snapshot, jobs


def folded(title: str, key: str) -> DeltaGenerator | None:
    """A part of the page that is drawn, and whose work begins, when a person opens it; in a lesson it is
    open. None while it is closed."""
    part = st.expander(
        title, key=f"theorems-part-{key}", expanded=tours.current() is not None, on_change="rerun"
    )
    return part if part.open else None


def parts(name: str) -> DeltaGenerator:
    """Where folded parts of the page stand side by side; an open one has a row to itself."""
    return st.container(horizontal=True, key=f"theorems-parts-{name}")


def watch(kind: str, key: Hashable) -> None:
    """Record which work this session shows now, and cancel work of the same kind that it no longer shows."""
    watched = st.session_state.setdefault("theorems-watched", {})
    if watched.get(kind, key) != key:
        theorems.leave(watched[kind])
    watched[kind] = key


def show(kind: str, key: Hashable, draw: Callable[[Any], None]) -> None:
    """Draw what work of this kind has found, as it comes, and before that how it stands."""
    watch(kind, key)

    def redraw() -> None:
        job = jobs().latest(key)
        status(job)
        if job is not None and job.progress is not None:
            draw(job.progress)

    with st.container(key=f"charts-{kind}"):
        poll(lambda: [jobs().latest(key)], redraw)


def status(job: Snapshot[Any] | None) -> None:
    """Show the status of a job that has few results or none."""
    if job is not None and is_waiting(job):
        show_queue_position(lambda: jobs().snapshot(job.id))
    elif job is not None and job.state == "failed":
        offer_retry(job)
    elif job is None or job.progress is None:
        st.caption("On its way.")


def offer_retry(failed: Snapshot[Any]) -> None:
    """Why a job failed, and a button that has it done once more."""
    st.error(failure(failed))
    if st.button("Try again", key=f"theorems-again-{failed.id}"):
        jobs().forget(failed.id)
        st.rerun()
