"""Results: certified accuracy over the radius, ours, imported and the models' own."""

from __future__ import annotations

import streamlit as st

from diffsmooth_core import InputError
from ui import page
from ui.jobs import audits
from ui.results import view

page.header("Results")
st.caption(
    "The share of pictures that are right with at least a radius, for as many results as you choose. "
    "In colour are our own results: runs as curves, and as diamonds what was measured for a bundled model's "
    "card, on the page Models. Grey and hollow are published numbers, whose source is in the table."
)
try:
    view.show(view.sidebar(audits.store().runs()))
except InputError as problem:
    page.error_box(problem)
