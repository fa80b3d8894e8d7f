"""Step through: what happens to one noisy copy, algorithm by algorithm."""

from __future__ import annotations

import streamlit as st

from ui import controls, lessons, runs, state, step_board
from ui.text import plain

state.restore()
config = controls.sidebar()
picture = state.picture()

st.title("Step through one vote", anchor=False)
lessons.banner()
for sentence in state.notices():
    st.caption(f":material/info: {plain(sentence)}")
state.save(view=("step", "copy"))
step_board.show(picture, runs.checked(config))
