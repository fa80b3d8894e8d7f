"""The report of a run, as one page to save, sign and send."""

from __future__ import annotations

import streamlit as st

from diffsmooth_core.reporting.page import page
from diffsmooth_core.reporting.report import MOST_WORDS, gathered
from diffsmooth_core.runs.records import Run
from ui.jobs import audits
from ui.text import plain


def offer(run: Run) -> None:
    """Draw what a person can add to the report of a run and, once it is written, the button that saves it."""
    with st.popover("Report to sign", icon=":material/contract:"):
        st.caption(
            "One page with the whole run inside: it prints on A4, and `verify` checks every certificate and "
            "every word in it."
        )
        # In a form, since Save would otherwise be pressed while the words just typed are still on their way.
        with st.form("report", border=False):
            about = st.text_area(
                "What was asked",
                key="report-about",
                max_chars=MOST_WORDS,
                placeholder="in the words of whoever asked",
            )
            pictures = st.checkbox(
                "With pictures",
                True,
                key="report-pictures",
                help="Of abstentions and wrong answers; left out where a licence does not let you send them.",
            )
            if st.form_submit_button("Write the report", type="primary"):
                st.session_state["report-of"] = run.id
        if st.session_state.get("report-of") == run.id:
            st.caption(f"It says that this was asked: “{plain(about)}”" if about else "It names no question.")
            st.download_button(
                "Save the report",
                lambda: page(gathered(audits.store(), run, about, pictures)),
                f"{run.name}.html",
                "text/html",
                on_click="ignore",
                type="primary",
            )
