"""A lesson on the page that it leads to: its task, then what was guessed and came out, and the way on."""

from __future__ import annotations

import streamlit as st

from ui import tours
from ui.curriculum import LESSONS, Tour
from ui.navigation import certify_by_name
from ui.session import state
from ui.text import plain, unbroken


def show() -> None:
    """Draw the banner of the lesson that the page was opened for, if there is one."""
    tours.take_guess(tour := tours.current())
    if tour is None:
        return
    with st.container(border=True, key="lesson"):
        words, ways = st.columns([4, 1.2], gap="medium", vertical_alignment="center")
        with words:
            said = revealed(tour) or f"**{tour.title}** {tour.task}{_guessed(tour)}"
            st.markdown(f":material/school: {unbroken(said)}")
        with ways:
            go_on(tour)
            st.button("Show everything", key="show-everything", on_click=state.end_lesson, width="stretch")
    tours.keep_answers()


def _guessed(tour: Tour) -> str:
    guess = tours.guess(tour)
    return f"  \nYou guessed: {plain(guess)}." if guess else ""


def revealed(tour: Tour) -> str:
    """What was guessed and what came out, why, and what to try next, as Markdown; empty before."""
    if not (came_out := state.outcome(tour.lesson)):
        return ""
    guess = tours.guess(tour)
    right = guess == tour.guesses[tour.right]
    guessed = f"You guessed {plain(guess)}{', and' if right else ';'} it came out" if guess else "It came out"
    return f"**{guessed} {plain(came_out)}.** {tour.answer} {tour.then}"


def go_on(tour: Tour) -> None:
    """How far one is, the next lesson, and all of them."""
    if tour in LESSONS:
        st.caption(f"Lesson {LESSONS.index(tour) + 1} of {len(LESSONS)}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="lesson-ways"):
        if following := tours.after(tour):
            st.page_link(
                "pages/lessons.py",
                label="Next lesson" if tour in LESSONS else "First lesson",
                icon=":material/arrow_forward:" if state.outcome(tour.lesson) else None,
                query_params={"lesson": following.lesson},
            )
        st.page_link("pages/lessons.py", label="All lessons")


def link(tour: Tour) -> None:
    """The way to the page that answers a tour's question, with its settings and the guess."""
    number = state.guess(tour.lesson)
    st.page_link(
        certify_by_name() if tour.page == "pages/certify.py" else tour.page,
        label=tour.link,
        icon=":material/arrow_forward:",
        query_params=tour.settings
        | {"lesson": tour.lesson}
        | ({} if number is None else {"guess": str(number)}),
    )
