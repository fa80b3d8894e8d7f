"""Certify: what does the method say about this picture, live."""

from __future__ import annotations

import streamlit as st

from ui import board, controls, lessons, runs, state
from ui.text import plain

fresh = state.restore()
if fresh:
    runs.find_again()
config = controls.sidebar()
picture = state.picture()

st.title("Certify", anchor=False)
lessons.banner()
for sentence in state.notices():
    st.caption(f":material/info: {plain(sentence)}")
runs.leave_behind(picture)
state.save()
board.show(picture, runs.checked(config))
