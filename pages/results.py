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
    "**Certified accuracy** at a radius r: the share of pictures that are certified and right with a radius "
    "of r or more, so that no change shorter than r makes a difference. Our own results are in colour: runs "
    "of this server as curves, what was measured for a model's card as diamonds. Published numbers are grey; "
    "the table says whose they are."
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
