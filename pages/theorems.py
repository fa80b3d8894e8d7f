"""Theorems: how far does purification move the picture, and what is proved about it."""

from __future__ import annotations

import streamlit as st

from diffsmooth_core import InputError
from ui.lessons import view as lessons
from ui.session import notices, state, url
from ui.text import plain
from ui.theorems import controls, curves, gain, schemes
from ui.theorems import view as theorems_board

url.read(controls.SETTINGS)
chosen = controls.sidebar()

st.title("Theorems", anchor=False)
lessons.banner()
notices.show_on("Theorems")
url.write(controls.SETTINGS)
try:
    if not isinstance(chosen, InputError) and chosen.picture:
        theorems_board.show_picture(state.picture(), chosen)
        if lessons.shows("over the noise"):
            gain.show_gain(state.picture(), chosen)
            curves.show_picture(state.picture(), chosen)
            gain.show_costs(state.picture(), chosen)
    elif not isinstance(chosen, InputError):
        theorems_board.show_exact(chosen)
        if lessons.shows("over the noise"):
            curves.show_exact(chosen)
            schemes.show_exact(chosen)
except InputError as problem:
    st.error(plain(str(problem)))
