"""Looking at jobs again while they go on. A look draws what they found and costs a server 50 ms, so a class
that waits asks for nothing but its place in the queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import streamlit as st

from diffsmooth_core.jobs import Snapshot
from ui.text import plain

Job = Snapshot[Any] | None

SOON = 0.1  # seconds between two looks at a job that has found nothing yet
TICK = 0.5  # at one that has
WAITING = 3.0  # at the place of one that waits


def follow(jobs: Callable[[], Sequence[Job]], draw: Callable[[], None], tick: float = TICK) -> None:
    """Draw what `jobs` have found: every `tick` seconds while one of them works, and the whole page when its
    first result is there and when it ends. Where one waits, `draw` says so by `wait`."""
    before = phase(jobs())
    drawn = first = False

    def again() -> None:
        nonlocal drawn, first
        if drawn and before == "starting":
            look_out(jobs)
        now, drawn = phase(jobs()), True
        first = not first and (before, now) == ("starting", "working")
        if now != before and not first:  # the first result is drawn at once, and the page after it
            st.rerun()
        draw()

    every = {"starting": SOON, "working": tick}
    with st.container():  # by its place a fragment is told from another one
        st.fragment(again, run_every=every.get(before))()


def look_out(jobs: Callable[[], Sequence[Job]]) -> None:
    """Stay for a moment, until the first result: drawing that there is none once more would delay it."""
    until = time.monotonic() + TICK
    while phase(jobs()) == "starting" and time.monotonic() < until:
        time.sleep(SOON / 5)


def wait(look: Callable[[], Job], more: Callable[[Snapshot[Any]], str] = lambda _: "") -> None:
    """Say how many are ahead of a job, and `more`, again and again; draw the page anew at its turn."""

    def again() -> None:
        job = look()
        if job is None or not waits(job):
            st.rerun()
        ahead = "one run is" if job.position == 1 else f"{job.position} runs are"
        st.markdown(f"**Waiting:** {ahead} ahead of this one on the server{more(job)}.")

    with st.container():
        st.fragment(again, run_every=WAITING)()


def waits(job: Job) -> bool:
    """Whether others come before a job; where none does, it starts in a moment."""
    return job is not None and job.state == "queued" and job.position > 0


def failure(job: Snapshot[Any]) -> str:
    """Why a job failed: a sentence that is safe to show."""
    return f"It ended early: {plain(job.error or 'the reason is not known')}."


def phase(jobs: Sequence[Job]) -> Literal["starting", "working", "waiting", "ended"]:
    """What there is to look at."""
    active = [job for job in jobs if job is not None and not job.finished]
    if not active:
        return "ended"
    if all(map(waits, active)):
        return "waiting"
    return "working" if any(job.progress is not None for job in active) else "starting"
