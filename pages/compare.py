"""Compare: what would another method or setting say, on the same noise."""

from __future__ import annotations

import streamlit as st

from ui import compare_board, compare_controls, controls, experiments, lessons, state, sweep_board
from ui.text import plain

state.restore()
for kind in ("comparison", "sweep"):
    experiments.forget_unknown(kind)
side_by_side = state.shown("tab") == "compare"
config = controls.sidebar(shared=side_by_side)
picture, settings = state.picture(), compare_controls.chosen()

st.title("Compare", anchor=False)
lessons.banner()
compare_board.tabs()
for sentence in state.notices():
    st.caption(f":material/info: {plain(sentence)}")
if side_by_side:
    compare_board.show(picture, config, settings)
else:
    sweep_board.show(picture, config)
state.save(view=experiments.SHOWN)
