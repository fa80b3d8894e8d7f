"""Certify: what does the method say about this picture, live."""

from __future__ import annotations

import streamlit as st

from ui import sidebar
from ui.certify import view as board
from ui.jobs import certificates
from ui.lessons import view as lessons
from ui.session import state
from ui.text import plain

fresh = state.restore()
if fresh:
    certificates.find_again()
config = sidebar.sidebar()
picture = state.picture()

st.title("Certify", anchor=False)
lessons.banner()
for sentence in state.notices():
    st.caption(f":material/info: {plain(sentence)}")
certificates.leave_behind(picture)
state.save()
board.show(picture, certificates.checked(config))
