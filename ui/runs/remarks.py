"""What people say of a picture of a run: its review state, tags and notes."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from diffsmooth_core.analysis.browsing import REVIEWS, RunRow
from diffsmooth_core.runs.records import Kind, Run
from ui.jobs import audits
from ui.session import notices
from ui.text import plain


def show(run: Run, row: RunRow) -> None:
    """Draw the review state, tags and notes; each is kept at once."""
    idx = row.result.idx

    def say(kind: Kind, text: str) -> None:
        notices.attempt(audits.store().remark, run, idx, kind, text)

    st.subheader("Review", anchor=False)
    with st.container(key="charts-review"):  # laid out as charts are: side by side where each has room
        left, right = st.columns(2, gap="large")
    with left:
        key = f"review-{run.id}-{idx}"
        st.session_state[key] = row.review
        st.segmented_control(
            "State",
            list(REVIEWS),
            format_func=REVIEWS.__getitem__,
            key=key,
            required=True,
            on_change=lambda: say("review", st.session_state[key]),
        )
        tag_key = f"tags-{run.id}-{idx}"
        st.session_state[tag_key] = list(row.tags)
        every = sorted({tag for other in audits.rows(run) for tag in other.tags})
        st.multiselect(
            "Tags",
            every,
            key=tag_key,
            accept_new_options=True,
            placeholder="choose or write one",
            on_change=lambda: _tagged(row, st.session_state[tag_key], say),
        )
    with right:
        for note in row.notes:
            st.markdown(f"{plain(note.text)}  \n:small[:gray[{note.created.replace('T', ' ')[:16]} UTC]]")
        with st.form(f"note-{run.id}-{idx}", clear_on_submit=True, border=False):
            st.text_area("Note", key=f"note-text-{run.id}-{idx}", height=80, max_chars=4000)
            st.form_submit_button(
                "Add the note", on_click=lambda: _noted(st.session_state[f"note-text-{run.id}-{idx}"], say)
            )


def _noted(text: str, say: Callable[[Kind, str], None]) -> None:
    if text.strip():
        say("note", text)


def _tagged(row: RunRow, tags: list[str], say: Callable[[Kind, str], None]) -> None:
    for tag in tags:
        if tag not in row.tags:
            say("tag", tag[:60])
    for tag in row.tags:
        if tag not in tags:
            say("untag", tag)
