"""Runs: which pictures of a set are certified, wrong, abstained, and why."""

from __future__ import annotations

import streamlit as st

from diffsmooth_core import InputError
from ui import page
from ui.jobs import audits
from ui.runs import controls, detail, grid, new, view
from ui.session import notices
from ui.text import plain

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title("Runs", anchor=False)
    adding = st.popover("Add a run", icon=":material/add:")
try:
    runs = audits.store().runs()
    selection = controls.sidebar(runs) if runs else None
except InputError as problem:
    page.error_box(problem)
    st.stop()
with adding:
    new.show()
if moved := audits.store().moved:
    st.warning(
        plain(f"The store of audits was damaged. It lies now at {moved.name}, and a new one was begun.")
    )
notices.show_on("Runs")
if selection is None:
    st.markdown(
        "An audit certifies many pictures and keeps every vote. Start one above, or import a certification "
        "log: then this page shows which pictures are certified, which are wrong, which abstain, and why."
    )
    new.recorded("first")
    st.stop()
view.progress(selection.run)
if selection.every:
    view.figures(selection)
    if view.view() == view.SUMMARY:
        view.charts(selection)
        view.reasons(selection)
        view.comparison(selection)
        view.again(selection.run)
    elif (idx := grid.grid(selection)) is not None:
        detail.show(selection, idx)
