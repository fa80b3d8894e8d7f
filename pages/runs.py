"""Runs: which pictures of a set are certified, wrong, abstained, and why."""

from __future__ import annotations

import streamlit as st

from diffsmooth_core import InputError
from ui import audit_board, audit_controls, audit_detail, audit_grid, audit_new, audits, state
from ui.text import plain

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title("Runs", anchor=False)
    adding = st.popover("Add a run", icon=":material/add:")
try:
    runs = audits.store().runs()
    selection = audit_controls.sidebar(runs) if runs else None
except InputError as problem:
    st.error(plain(str(problem)))
    st.stop()
with adding:
    audit_new.show()
if moved := audits.store().moved:
    st.warning(
        plain(f"The store of audits was damaged. It lies now at {moved.name}, and a new one was begun.")
    )
for sentence in state.notices():
    st.caption(f":material/info: {plain(sentence)}")
if selection is None:
    st.markdown(
        "An audit certifies many pictures and keeps every vote. Start one above, or import a certification "
        "log: then this page shows which pictures are certified, which are wrong, which abstain, and why."
    )
    audit_new.example()
    st.stop()
audit_board.progress(selection.run)
if selection.every:
    audit_board.figures(selection)
    if audit_board.view() == audit_board.SUMMARY:
        audit_board.charts(selection)
        audit_board.reasons(selection)
        audit_board.comparison(selection)
        audit_board.again(selection.run)
    elif (idx := audit_grid.grid(selection)) is not None:
        audit_detail.show(selection, idx)
