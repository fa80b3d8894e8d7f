"""The Lessons page: all lessons and tours, or one lesson with its question."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import banner, navigation, tours
from ui.curriculum import LESSONS, TOURS, Tour
from ui.lessons import peeking, seeds
from ui.session import state
from ui.text import unbroken

PANELS: dict[str, Callable[[Tour], None]] = {"peek": peeking.show, "seeds": seeds.show}  # that answer here


def one(tour: Tour) -> None:
    """One lesson: its question and the way to the answer, which may be on this page."""
    panel = PANELS.get(tour.lesson)
    with st.container(border=True, key="lesson"):
        words, ways = st.columns([4, 1.2], gap="medium")
        with words:
            _question(tour, panel is not None)
            if panel and not state.outcome(tour.lesson):
                st.markdown(f":material/school: {tour.task}")
        with ways:
            banner.go_on(tour)
            if panel:
                with_a_class()
    if panel:
        panel(tour)


def every() -> None:
    """A card for each lesson and for each tour."""
    done = sum(bool(state.outcome(tour.lesson)) for tour in LESSONS)
    st.markdown("Guess first, then see it happen. Each question opens a page with its settings.")
    if done:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(done / len(LESSONS), f"{done} of {len(LESSONS)} lessons answered")
            st.button("Start over", key="start-over", type="tertiary", on_click=state.forget_answers)
    for column, tour in _cards(LESSONS):
        with column:
            _question(tour)
    st.subheader(navigation.title("classroom"), anchor=False)
    st.markdown(
        "Everybody guesses and gives a seed, with a phone; the projector shows how many bounds claim too "
        "much, and how many would have by peeking."
    )
    with_a_class()
    st.subheader("Look around", anchor=False)
    for column, tour in _cards(TOURS):
        with column.container(height="stretch", vertical_alignment="distribute"):
            st.markdown(f"**{tour.question}**  \n{tour.answer}")
            banner.link(tour)


def with_a_class() -> None:
    """The way to where a class does this together."""
    st.page_link("pages/classroom.py", label=navigation.title("classroom"), icon=":material/groups:")


def _question(tour: Tour, answers_here: bool = False) -> None:
    """The question and the guesses; after a guess the way to the answer, where that is elsewhere; what came
    out, once it is there."""
    key = f"guess-{tour.lesson}"

    def guessed() -> None:
        chosen = st.session_state[key]
        state.keep_guess(tour.lesson, None if chosen is None else tour.guesses.index(chosen))

    st.markdown(unbroken(tour.question))
    st.session_state[key] = tours.guess(tour) or None
    st.pills("Your guess", tour.guesses, key=key, on_change=guessed, label_visibility="collapsed")
    if said := banner.revealed(tour):
        st.markdown(unbroken(said))
    if (tours.guess(tour) or said) and not answers_here:
        banner.link(tour)


def _cards(shown: tuple[Tour, ...]) -> Iterator[tuple[DeltaGenerator, Tour]]:
    """A card for each, in rows of three, or of two where that comes out even."""
    row = 3 if len(shown) % 3 == 0 else 2
    for first in range(0, len(shown), row):
        columns = st.columns(row, gap="small")
        for column, tour in zip(columns, shown[first : first + row], strict=False):
            yield column.container(border=True, height="stretch"), tour
