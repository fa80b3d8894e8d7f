"""Step through: what happens to one noisy copy, algorithm by algorithm."""

from __future__ import annotations

import streamlit as st

from ui import sidebar
from ui.jobs.networks import runnable
from ui.lessons import view as lessons
from ui.session import state
from ui.step import view as step_board
from ui.text import plain

state.restore()
config = sidebar.sidebar()
picture = state.picture()

st.title("Step through one vote", anchor=False)
lessons.banner()
for sentence in state.notices():
    st.caption(f":material/info: {plain(sentence)}")
state.save(view=("step", "copy"))
step_board.show(picture, runnable(config))
