"""Lessons: guided tours; each opens one of the other pages with its controls set."""

from __future__ import annotations

import streamlit as st

from ui import lessons, peeking

st.title("Lessons", anchor=False)
lessons.tours()
peeking.show()
