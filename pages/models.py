"""Models: which networks there are, where they come from, how good they are."""

from __future__ import annotations

import streamlit as st

from ui import page
from ui.models import adding, view

page.header("Models")
st.caption(
    "Every network that can be chosen on the other pages: how many test pictures a classifier gets right "
    "under noise σ, and how near a denoiser comes to the clean picture. Choose a row to see its card."
)
chosen = view.table()
if chosen is not None:
    view.card(chosen)
adding.form()
