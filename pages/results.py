"""Results: certified accuracy over the radius, by question: ours, imported, and the papers'."""

from __future__ import annotations

import streamlit as st

from diffsmooth_core import InputError
from ui import page
from ui.jobs import audits
from ui.results import choosing, view

page.header("Results")
st.caption(
    "The share of pictures that are right with at least a radius. In colour are our own results: runs as "
    "curves, and as diamonds what was measured for a bundled model's card. Grey and hollow are published "
    "numbers, whose source is in the table."
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
