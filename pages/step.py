"""Step through: what happens to one noisy copy, algorithm by algorithm."""

from __future__ import annotations

import streamlit as st

from ui import sidebar
from ui.jobs.networks import runnable
from ui.lessons import view as lessons
from ui.session import notices, state
from ui.step import view as step_board

state.restore()
config = sidebar.sidebar()
picture = state.picture()

st.title("Step through one vote", anchor=False)
lessons.banner()
notices.show_on("Step through")
state.save(view=("step", "copy"))
step_board.show(picture, runnable(config))
