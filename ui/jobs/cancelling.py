"""The button that stops a job."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.jobs.registry import Snapshot, jobs


def cancel_button(job: Snapshot[Any], key: str = "Cancel", label: str = "Cancel", wide: bool = True) -> None:
    """Draw a button that cancels a job; it is disabled once the job was asked to stop."""
    st.button(
        "Cancelling…" if job.cancelling else label,
        key=key,
        width="stretch" if wide else "content",
        disabled=job.cancelling,
        on_click=jobs().cancel,
        args=(job.id,),
    )
