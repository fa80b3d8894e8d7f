"""The Compare page: start, cancel and resume an experiment, and its progress."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.wording import duration
from ui.jobs import experiments
from ui.jobs.cancelling import cancel_button
from ui.jobs.experiments import ExperimentTask
from ui.jobs.polling import failure, is_waiting, show_queue_position
from ui.jobs.registry import Snapshot, jobs
from ui.session import notices
from ui.text import plain


def buttons(label: str, task: ExperimentTask, job: Snapshot[Any] | None) -> DeltaGenerator:
    """A button that starts the experiment, or cancels it while it runs; it is disabled without settings. For
    a cancelled experiment, also a button that resumes it. Returns the place beside it for `say_time`."""
    kind = task.kind
    if job and not job.finished:
        cancel_button(job, f"{kind}-cancel", wide=False)
        return st.empty()
    resumable = job is not None and job.state == "cancelled" and job.progress is not None
    if job and resumable:
        _start_button("Resume", f"{kind}-resume", job.subject, "primary", job.progress)
    if job and job.subject == task:
        label = f"{label} again"
    _start_button(label, f"{kind}-start", task, "secondary" if resumable else "primary")
    return st.empty()


def say_time(place: DeltaGenerator, task: ExperimentTask) -> None:
    """Say about how long the experiment will take; where that is not known yet, once votes were timed. To be
    called when all else is drawn."""
    if not task.configs:
        return
    if not experiments.seconds_needed(task):
        experiments.time_votes(task)
    if seconds := experiments.seconds_needed(task):
        place.caption(f"about {duration(seconds)}", width="content")


def _start_button(
    label: str, key: str, task: ExperimentTask, kind: Literal["primary", "secondary"], resumed: Any = None
) -> None:
    if st.button(label, key=key, type=kind, disabled=not task.configs):
        notices.attempt(experiments.submit, task, resumed)
        st.rerun()


def status(job: Snapshot[Any], total: int) -> None:
    """How a job stands: a line and a bar while it runs, a line where it ended early."""
    done, before = (each.done if each else 0 for each in (job.progress, job.resumed))
    with st.container():  # so that what follows keeps its place when the line goes
        if is_waiting(job):
            show_queue_position(lambda: jobs().snapshot(job.id))
            st.progress(done / total)
        elif not job.finished:
            left = job.seconds * (total - done) / (done - before) if done > before else None
            pace = f", about {duration(left)} left" if left is not None else ""
            st.progress(done / total, f"{done:,} of {total:,} votes{pace}")
        elif job.state == "cancelled":
            goes_on = " Resume goes on from there." if done else ""
            st.markdown(
                f"**Cancelled** after {done:,} of {total:,} votes: only what was counted to its end is "
                f"certified.{goes_on}"
            )
        elif job.state == "failed":
            st.error(f"{failure(job)} Only what was counted to its end is certified.")


def note_other_picture(job: Snapshot[Any], picture: Picture) -> None:
    """Where another picture has been chosen since, say which picture these results are for."""
    of = job.subject.picture
    if of.sha256 != picture.sha256:
        st.caption(f":material/info: These results are of the picture {plain(of.title)}.")
