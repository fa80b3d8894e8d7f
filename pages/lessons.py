"""Lessons: guided tours; each opens one of the other pages with its controls set."""

from __future__ import annotations

import streamlit as st

from ui import lessons, peeking

st.title("Lessons", anchor=False)
st.caption("Guess first. The answer comes with a link that sets everything, so that you can see it happen.")
lessons.lessons()
peeking.show()
st.subheader("Look around", anchor=False)
lessons.tours()
