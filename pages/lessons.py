"""Lessons: guided tours; each opens one of the other pages with its controls set."""

from __future__ import annotations

import streamlit as st

from ui import page, tours
from ui.lessons import view
from ui.session import url

address = st.query_params.to_dict()
if st.session_state.get("lessons-address") != address:
    # The browser does not note by itself where a link to the page that it is on leads.
    st.session_state["lessons-address"] = address
    st.query_params.from_dict(address)
url.take_guess(address)
tour = tours.named(address["lesson"]) if "lesson" in address else None

page.header("Lessons")
if tour and tour.guesses:
    view.one(tour)
else:
    view.every()
tours.keep_answers()
