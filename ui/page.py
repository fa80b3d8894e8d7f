"""What pages have in common around their own content."""

from __future__ import annotations

import streamlit as st

from ui import banner, navigation, presenting
from ui.session import notices, parameters
from ui.text import plain


def header(page: str, lessons: bool = False, question: str = "") -> None:
    """The title of the page of this name and the question that it answers, the banner of its lesson where it
    can have `lessons`, and what a person must read. Pages that can have lessons keep `Settings` in the
    address (`ui/session/url.py`), the others what they show (`ui/session/parameters.py`)."""
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="header"
    ):
        st.title(navigation.title(page), anchor=False, width="content")
        if question:
            st.markdown(question)
        presenting.button()
    if lessons:
        banner.show()
    else:
        parameters.begin()
    notices.show_on(page)


def error_box(problem: Exception | str) -> None:
    """What cannot be done, and why."""
    st.error(plain(str(problem)))


def problem_line(problem: str) -> None:
    """Why a button is off or nothing is drawn, in the midst of a page; nothing where there is no problem."""
    if problem:
        st.markdown(f":red[:material/error:] {plain(problem)}.")
