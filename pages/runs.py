"""Runs: which pictures of a set are certified, wrong, abstained, and why."""

from __future__ import annotations

import logging

import streamlit as st

from diffsmooth_core import InputError
from diffsmooth_core.runs.reading import fault_of
from diffsmooth_core.runs.records import Run
from ui import navigation, page, presenting
from ui.jobs import audits
from ui.runs import controls, detail, grid, new, removing, report, view
from ui.session import notices, parameters
from ui.text import plain

log = logging.getLogger(__name__)


def show(runs: list[Run], run: Run) -> None:
    """Draw one run, with its filters beside it. Raises InputError where its record cannot be."""
    if fault := fault_of(run):
        raise InputError(fault)
    with st.spinner(f"Reading {len(run.indices):,} results…", show_time=True):
        audits.rows(run)  # which are kept, until there are new ones
    selection = controls.sidebar(runs, run)
    new.say_recorded(run)
    view.findings(run)
    if not selection.every:
        return
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        half = view.view()
        report.offer(run)
    if half == controls.SUMMARY:
        view.charts(selection)
        with st.container(key="charts-reasons"):  # laid out as charts are: side by side where each has room
            left, right = st.columns(2, gap="medium")
        with left:
            view.reasons(selection)
        with right:
            grid.first(selection)
        view.answers(selection)
        view.comparison(selection)
        view.again(run)
    elif (idx := grid.grid(selection)) is not None:
        detail.show(selection, idx)


with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(navigation.title("runs"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        presenting.button()
        adding = new.popover()
parameters.begin()
try:
    new.begin()
    runs = audits.store().runs()
except InputError as problem:
    page.error_box(problem)
    parameters.tell()
    st.stop()
with adding:
    new.show()
if moved := audits.store().moved:
    st.warning(
        plain(f"The store of audits was damaged. It lies now at {moved.name}, and a new one was begun.")
    )
new.reading()
run = controls.choose(runs) if runs else None
notices.show_on("runs")
if run is None:
    st.markdown(
        "An audit certifies many pictures and keeps every vote. Start one above, or import a certification "
        "log: then this page shows which pictures are certified, which are wrong, which abstain, and why."
    )
    new.recorded("first")
    parameters.tell()
    st.stop()
try:
    show(runs, run)
except InputError as problem:
    page.error_box(f"The run {run.name} cannot be shown: {problem}. Other runs are not affected.")
except Exception as fault:  # one run must not end the page for all others
    log.exception("the run %s cannot be shown", run.name)
    kind = type(fault).__name__
    page.error_box(f"The run {run.name} cannot be shown ({kind}; the server's log has more). Others can.")
removing.offer(run)
parameters.tell()
