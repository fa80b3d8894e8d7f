"""A class together: a room on the projector that phones join; everybody guesses, gives a seed, and sees."""

from __future__ import annotations

import streamlit as st

from ui import page
from ui.classroom import view

page.header("A class together")
view.show(st.query_params.get("room", ""))
