"""Try to break it: certify a picture, then attack it inside and outside its certificate."""

from __future__ import annotations

import streamlit as st

from ui import attack_board, attack_controls, controls, lessons, runs, state
from ui.text import plain

if state.restore():
    runs.find_again()
config = controls.sidebar()
picture = state.picture()

st.title("Try to break it", anchor=False)
lessons.banner()
for sentence in state.notices():
    st.caption(f":material/info: {plain(sentence)}")
state.save(view=attack_controls.DEFAULTS)
attack_board.show(picture, runs.checked(config))
