"""Lessons: guided tours; each opens one of the other pages with its controls set."""

from __future__ import annotations

import streamlit as st

from ui import page
from ui.lessons import peeking, seeds, view

page.header("Lessons")
st.caption("Guess first. The answer comes with a link that sets everything, so that you can see it happen.")
view.lessons()
peeking.show()
seeds.show()
st.subheader("Look around", anchor=False)
view.tours()
