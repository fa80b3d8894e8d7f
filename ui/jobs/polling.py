"""Redrawing a page's jobs while they run. Drawing a job's results costs the server 50 ms, so a page whose job
is still in the queue only updates its position there."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import streamlit as st

from ui.jobs.registry import Snapshot
from ui.text import plain

Job = Snapshot[Any] | None

POLL_SECONDS = 0.5  # between two drawings of a running job
QUEUE_SECONDS = 3.0  # between two drawings of a waiting job's position in the queue
FIRST_RESULT_SECONDS = (
    2.0  # for so long after a page's drawing, a job's first result is shown as soon as it is there
)


def _anything(progress: Any) -> bool:
    return progress is not None


def poll(
    jobs: Callable[[], Sequence[Job]],
    draw: Callable[[], None],
    interval: float = POLL_SECONDS,
    patience: float = 0.0,
    worth_drawing: Callable[[Any], bool] = _anything,
) -> None:
    """Call `draw` every `interval` seconds while one of the jobs runs, and redraw the whole page when that
    begins or ends. Where a job waits in the queue, `draw` shows this with `show_queue_position`.

    The page first waits up to `patience` seconds for a job's progress to be `worth_drawing`: drawing the page
    once with a first result is faster than drawing it empty and then again.
    """
    before = phase(jobs())
    began = time.monotonic()
    stay = patience

    def redraw() -> None:
        nonlocal stay
        wait_for_progress(jobs, min(began + FIRST_RESULT_SECONDS, time.monotonic() + stay), worth_drawing)
        stay = interval
        if phase(jobs()) != before:
            st.rerun()
        draw()

    with st.container():  # Streamlit tells one fragment from another by its place
        st.fragment(redraw, run_every=interval if before == "working" else None)()


def wait_for_progress(
    jobs: Callable[[], Sequence[Job]], until: float, worth_drawing: Callable[[Any], bool] = _anything
) -> None:
    """Wait while a job runs without progress that is `worth_drawing`, at most until the time `until` of the
    monotonic clock: redrawing the same content would slow the job down."""
    while time.monotonic() < until and any(
        job
        and not job.finished
        and not is_waiting(job)
        and (job.progress is job.resumed or not worth_drawing(job.progress))
        for job in jobs()
    ):
        time.sleep(0.02)
        make_way()


def make_way() -> None:
    """End this run of the page's script if a newer one is due, as after a click. Streamlit ends a script at
    its next access to the session, and a script that only waits makes none; this makes one."""
    st.session_state.get("url")


def show_queue_position(find: Callable[[], Job], more: Callable[[Snapshot[Any]], str] = lambda _: "") -> None:
    """Show how many jobs are ahead of this one, followed by `more`, and keep it up to date; once the job
    starts, redraw the whole page."""

    def redraw() -> None:
        job = find()
        if job is None or not is_waiting(job):
            st.rerun()
        ahead = "one run is" if job.position == 1 else f"{job.position} runs are"
        st.markdown(f"**Waiting:** {ahead} ahead of this one on the server{more(job)}.")

    with st.container():
        st.fragment(redraw, run_every=QUEUE_SECONDS)()


def is_waiting(job: Job) -> bool:
    """Whether a job waits behind others in the queue; with none ahead, it is about to start."""
    return job is not None and job.state == "queued" and job.position > 0


def failure(job: Snapshot[Any]) -> str:
    """Why a job failed: a sentence that is safe to show."""
    return f"It ended early: {plain(job.error or 'the reason is not known')}."


def phase(jobs: Sequence[Job]) -> Literal["working", "waiting", "ended"]:
    """Whether one of the jobs works; if none does, whether one waits."""
    active = [job for job in jobs if job is not None and not job.finished]
    if not active:
        return "ended"
    return "waiting" if all(map(is_waiting, active)) else "working"
