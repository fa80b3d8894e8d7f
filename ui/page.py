"""What pages have in common around their own content."""

from __future__ import annotations

import streamlit as st

from ui import tours
from ui.session import notices, state
from ui.text import plain


def header(title: str, lessons: bool = False, question: str = "") -> None:
    """The page's title and the question that it answers, the banner of its lesson where it can have
    `lessons`, and what a person must read."""
    st.title(title, anchor=False)
    if question:
        st.markdown(question)
    if lessons:
        _banner()
    notices.show_on(title)


def _banner() -> None:
    """In a lesson: what it asks, what to do here, and the way back to everything."""
    if (tour := tours.current()) is None:
        return
    with st.container(border=True, key="lesson"):
        words, action = st.columns([4, 1.2], gap="medium", vertical_alignment="center")
        title = tour.question.split("**")[1] if tour.guesses else tour.question
        words.markdown(f":material/school: **{title}** {tour.task}")
        action.button("Show everything", key="show-everything", on_click=state.end_lesson, width="stretch")


def error_box(problem: Exception | str) -> None:
    """What cannot be done, and why."""
    st.error(plain(str(problem)))


def problem_line(problem: str) -> None:
    """Why a button is off or nothing is drawn, in the midst of a page; nothing where there is no problem."""
    if problem:
        st.markdown(f":red[:material/error:] {plain(problem)}.")
