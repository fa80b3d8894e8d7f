"""A class together: a room on the projector that phones join; everybody guesses, gives a seed, and sees."""

from __future__ import annotations

import streamlit as st

from ui import page
from ui.classroom import view
from ui.session import parameters

page.header("classroom")
parameters.tell()
view.show(st.query_params.get("room", ""))
