"""Removing a run from the store, after its consequences were read."""

from __future__ import annotations

import streamlit as st

from diffsmooth_core import InputError
from diffsmooth_core.runs.records import Run
from ui.jobs import audits
from ui.session import notices
from ui.session.limits import limit
from ui.text import plain


def offer(run: Run) -> None:
    """Draw the button that removes a run, below all that is shown of it; nothing where the operator does not
    let visitors remove runs."""
    if not limit("audits", "may_remove"):
        return
    with st.popover("Remove this run", icon=":material/delete:"):
        st.markdown(
            f"This deletes **{plain(run.name)}** for everybody, with its results, votes and notes, and "
            "cannot be undone. Download the whole run first if you may need it again."
        )
        st.button(
            "Remove it", key=f"remove-{run.id}", type="primary", on_click=notices.attempt, args=(_remove, run)
        )


def _remove(run: Run) -> None:
    if not limit("audits", "may_remove"):
        raise InputError("runs are removed from the command line here: diffsmooth remove-run NAME")
    audits.remove(run)
    st.query_params.pop("run", None)
    notices.notify(f"The run {run.name} was removed.")
