"""Theorems: how far does purification move the picture, and what is proved about it."""

from __future__ import annotations

import streamlit as st

from diffsmooth_core import InputError
from ui import (
    lessons,
    state,
    theorems_board,
    theorems_controls,
    theorems_curves,
    theorems_gain,
    theorems_schemes,
)
from ui.text import plain

state.restore(theorems_controls.SETTINGS)
chosen = theorems_controls.sidebar()

st.title("Theorems", anchor=False)
lessons.banner()
for sentence in state.notices():
    st.caption(f":material/info: {plain(sentence)}")
state.save(theorems_controls.SETTINGS)
try:
    if not isinstance(chosen, InputError) and chosen.picture:
        theorems_board.show_picture(state.picture(), chosen)
        if lessons.shows("over the noise"):
            theorems_gain.show_gain(state.picture(), chosen)
            theorems_curves.show_picture(state.picture(), chosen)
            theorems_gain.show_costs(state.picture(), chosen)
    elif not isinstance(chosen, InputError):
        theorems_board.show_exact(chosen)
        if lessons.shows("over the noise"):
            theorems_curves.show_exact(chosen)
            theorems_schemes.show_exact(chosen)
except InputError as problem:
    st.error(plain(str(problem)))
