"""Who may stop a job, and the button that does."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.jobs.registry import Snapshot, jobs
from ui.session import notices
from ui.session.visitor import is_operator, visitor


def may_cancel(job: Snapshot[Any]) -> bool:
    """Whether this visitor may stop a job: they started it, nobody did, or they are the operator."""
    return job.owner in ("", visitor()) or is_operator()


def cancel(job_id: str) -> None:
    """Stop a job after its current step. Raises InputError where this visitor may not."""
    jobs().cancel(job_id, by=None if is_operator() else visitor())


def offered(job: Snapshot[Any]) -> bool:
    """Whether this visitor may stop a job; where not, the page says who may."""
    may = may_cancel(job)
    if not may:
        st.caption(
            ":material/lock: Another visitor started this and can stop it.",
            help="Nobody else can but the operator of this server.",
        )
    return may


def cancel_button(job: Snapshot[Any], key: str = "Cancel", label: str = "Cancel", wide: bool = True) -> None:
    """Draw a button that cancels a job and is disabled once the job was asked to stop; where another visitor
    started it, a sentence instead."""
    if not offered(job):
        return
    st.button(
        "Cancelling…" if job.cancelling else label,
        key=key,
        width="stretch" if wide else "content",
        disabled=job.cancelling,
        on_click=notices.attempt,
        args=(cancel, job.id),
    )
