"""Looking at jobs again while they go on. A look draws what they found and costs a server 50 ms, so a class
that waits asks for nothing but its place in the queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import streamlit as st

from ui.jobs.registry import Snapshot
from ui.text import plain

Job = Snapshot[Any] | None

TICK = 0.5  # seconds between two looks at a job that works
WAITING = 3.0  # at the place of one that waits
EAGER = 2.0  # seconds from a page's drawing in which what a job finds first is shown as soon as it is there


def _anything(found: Any) -> bool:
    return found is not None


def follow(
    jobs: Callable[[], Sequence[Job]],
    draw: Callable[[], None],
    tick: float = TICK,
    patience: float = 0.0,
    worth: Callable[[Any], bool] = _anything,
) -> None:
    """Draw what `jobs` have found: every `tick` seconds while one of them works, and the whole page when that
    begins or ends. Where one waits, `draw` says so by `wait`.

    The page itself stays for `patience` seconds where nothing was found yet that is `worth` a look: to draw
    it once, with the first that is found, is sooner done than to draw it empty and again.
    """
    before = phase(jobs())
    began = time.monotonic()
    stay = patience

    def again() -> None:
        nonlocal stay
        look_out(jobs, min(began + EAGER, time.monotonic() + stay), worth)
        stay = tick
        if phase(jobs()) != before:
            st.rerun()
        draw()

    with st.container():  # by its place a fragment is told from another one
        st.fragment(again, run_every=tick if before == "working" else None)()


def look_out(
    jobs: Callable[[], Sequence[Job]], until: float, worth: Callable[[Any], bool] = _anything
) -> None:
    """Stay until the moment `until` while a job works and has found nothing that is `worth` a look: drawing
    that once more would take time from it."""
    while time.monotonic() < until and any(
        job and not job.finished and not worth(job.progress) and not waits(job) for job in jobs()
    ):
        time.sleep(0.02)
        make_way()


def make_way() -> None:
    """End this run of the page where a newer one is wanted, as after a click. Streamlit ends a run when it
    next asks for something of the session, and one that only waits asks for nothing."""
    st.session_state.get("address")


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


def phase(jobs: Sequence[Job]) -> Literal["working", "waiting", "ended"]:
    """What there is to look at."""
    active = [job for job in jobs if job is not None and not job.finished]
    if not active:
        return "ended"
    return "waiting" if all(map(waits, active)) else "working"
