"""Certify: what does the method say about this picture, live."""

from __future__ import annotations

import streamlit as st

from ui import sidebar
from ui.certify import view as board
from ui.jobs import certificates
from ui.jobs.networks import runnable
from ui.lessons import view as lessons
from ui.session import notices, state, url
from ui.session.settings import CERTIFY

if url.read(CERTIFY):
    certificates.show_run_of_address()
config = sidebar.sidebar()
picture = state.picture()

st.title("Certify", anchor=False)
lessons.banner()
notices.show_on("Certify")
certificates.hide_run_of_other_picture(picture)
url.write(CERTIFY)
board.show(picture, runnable(config))
