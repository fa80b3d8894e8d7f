"""Looking at jobs again: often while one works, seldom while it waits for its turn, not at all afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from diffsmooth_core.jobs import Snapshot

Jobs = Callable[[], list[Snapshot[Any] | None]]

TICK = 0.5  # seconds between two looks at a job that works
WAITING = 3.0  # at one that has others ahead of it: a class may wait, and a look costs the server 20 ms


def follow(jobs: Jobs, draw: Callable[[], None], tick: float = TICK) -> None:
    """Draw what `jobs` have found, again every `tick` seconds while one of them works, and the whole page
    when that begins or ends."""
    between = pace(jobs(), tick)

    def again() -> None:
        if pace(jobs(), tick) != between:
            st.rerun()
        draw()

    with st.container():  # by its place a fragment is told from another one
        st.fragment(again, run_every=between)()


def pace(jobs: list[Snapshot[Any] | None], tick: float) -> float | None:
    """Seconds to the next look at these jobs; None where all have ended."""
    active = [job for job in jobs if job is not None and not job.finished]
    if not active:
        return None
    return WAITING if all(job.state == "queued" and job.position for job in active) else tick
