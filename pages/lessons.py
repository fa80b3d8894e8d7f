"""Lessons: guided tours; each opens one of the other pages with its controls set."""

from __future__ import annotations

import streamlit as st

from ui import page, tours
from ui.lessons import view
from ui.session import parameters, state

address = st.query_params.to_dict()
asked = tours.named(address["lesson"]) if "lesson" in address else None
tours.take_guess(asked)
tour = asked if asked and asked.guesses else None

parameters.follow_link("lesson")
page.header("lessons")
if tour:
    view.one(tour)
else:
    view.every()
parameters.show("lesson", tour and tour.lesson)
parameters.show("guess", tour and state.guess(tour.lesson))
parameters.tell()
tours.keep_answers()
