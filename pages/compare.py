"""Compare: what would another method or setting say, on the same noise."""

from __future__ import annotations

import streamlit as st

from ui import sidebar
from ui.compare import controls, sweep_view
from ui.compare import view as compare_board
from ui.jobs import experiments
from ui.lessons import view as lessons
from ui.session import notices, state, url

url.read(controls.SETTINGS)
for kind in ("comparison", "sweep"):
    experiments.forget_unknown(kind)
side_by_side = state.setting("tab") == "compare"
config = sidebar.sidebar(shared=side_by_side)
picture, settings = state.picture(), controls.chosen()

st.title("Compare", anchor=False)
lessons.banner()
compare_board.tabs()
notices.show_on("Compare")
if side_by_side:
    compare_board.show(picture, config, settings)
else:
    sweep_view.show(picture, config)
url.write(controls.SETTINGS)
