"""Try to break it: certify a picture, then attack it inside and outside its certificate."""

from __future__ import annotations

import streamlit as st

from ui import sidebar
from ui.attack import controls
from ui.attack import view as attack_board
from ui.jobs import certificates
from ui.jobs.networks import runnable
from ui.lessons import view as lessons
from ui.session import notices, state, url

if url.read(controls.SETTINGS):
    certificates.show_run_of_address()
config = sidebar.sidebar()
picture = state.picture()

st.title("Try to break it", anchor=False)
lessons.banner()
notices.show_on("Try to break it")
url.write(controls.SETTINGS)
attack_board.show(picture, runnable(config))
