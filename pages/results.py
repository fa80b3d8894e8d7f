"""Results: certified accuracy over the radius, by question: ours, imported, and the papers'."""

from __future__ import annotations

import streamlit as st

from diffsmooth_core import InputError
from ui import page
from ui.jobs import audits
from ui.results import choosing, view
from ui.session import parameters

page.header("results")
st.markdown(
    "**Certified accuracy**: the share of pictures that are certified and right with at least this radius, "
    "so that no shorter change makes a difference. In colour our own results: runs of this server as curves, "
    "what was measured for a model's card as diamonds. In grey published numbers; the table says whose."
)
try:
    first, second, third = st.columns([5, 2, 2])
    question = choosing.question(first)
    if question.sheet:
        view.show_sheet(question, audits.store().runs())
    else:
        view.show(choosing.curves(question, audits.store().runs(), second, third))
except InputError as problem:
    page.error_box(problem)
parameters.tell()
