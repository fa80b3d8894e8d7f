"""Certify: what does the method say about this picture, live."""

from __future__ import annotations

import streamlit as st

from ui import sidebar
from ui.certify import view as board
from ui.jobs import certificates
from ui.jobs.networks import runnable
from ui.lessons import view as lessons
from ui.session import notices, state

fresh = state.restore()
if fresh:
    certificates.show_run_of_address()
config = sidebar.sidebar()
picture = state.picture()

st.title("Certify", anchor=False)
lessons.banner()
notices.show_on("Certify")
certificates.hide_run_of_other_picture(picture)
state.save()
board.show(picture, runnable(config))
