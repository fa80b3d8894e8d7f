"""Step through: what happens to one noisy copy, algorithm by algorithm."""

from __future__ import annotations

import streamlit as st

from ui import sidebar
from ui.jobs.networks import runnable
from ui.lessons import view as lessons
from ui.session import notices, state, url
from ui.step import view as step_board

url.read(step_board.SETTINGS)
config = sidebar.sidebar()
picture = state.picture()

st.title("Step through one vote", anchor=False)
lessons.banner()
notices.show_on("Step through")
url.write(step_board.SETTINGS)
step_board.show(picture, runnable(config))
