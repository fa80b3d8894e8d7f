"""The tour that a page was opened for: what it shows, what was guessed, and what came out.

A tour's link names it as the `lesson` of the address: then the page shows what the tour is about and hides
the rest, until a person asks for everything.
"""

from __future__ import annotations

import streamlit as st

from diffsmooth_core import Certificate
from ui.components import kept
from ui.curriculum import LESSONS, TOURS, Tour
from ui.session import notices, state

LONGEST = 200  # letters of what came out in a lesson
_BY_NAME = {tour.lesson: tour for tour in (*LESSONS, *TOURS)}


def current() -> Tour | None:
    """The tour that the page was opened for; None where it shows everything. Says so where there is no such
    tour."""
    if not (name := state.lesson()):
        return None
    if (found := named(name)) is None:
        state.end_lesson()
    return found


def named(name: str) -> Tour | None:
    """The tour of this name in an address. Says so where there is none."""
    if name not in _BY_NAME:
        notices.notify(f"lesson = {name[:40]!r} in the address is unknown; everything is shown")
    return _BY_NAME.get(name)


def shows(part: str) -> bool:
    """Whether a setting or a panel is drawn: all are, but in a lesson only its own."""
    tour = current()
    return tour is None or part in tour.shows


def after(tour: Tour) -> Tour | None:
    """The lesson after this one; the first one after a tour."""
    rest = LESSONS[LESSONS.index(tour) + 1 :] if tour in LESSONS else LESSONS
    return rest[0] if rest else None


def guess(tour: Tour) -> str:
    """What was guessed in a lesson; empty before."""
    number = state.guess(tour.lesson)
    return "" if number is None else tour.guesses[number]


def take_guess(tour: Tour | None) -> None:
    """Take what was guessed in a lesson from the address, unless this session knows better. Says so where it
    is none of the lesson's guesses."""
    if tour is None or (asked := st.query_params.get("guess")) is None:
        return
    if (number := _guessed(tour, asked)) is None:
        notices.notify(f"guess = {asked[:40]!r} in the address is none of this lesson's; it is left out")
    elif state.guess(tour.lesson) is None:
        state.keep_guess(tour.lesson, number)


def _guessed(tour: Tour, text: str) -> int | None:
    """The number of a guess from a text that anybody can have written; None where a lesson has no such
    guess."""
    return next((number for number in range(len(tour.guesses)) if str(number) == text), None)


def reveal(certificate: Certificate) -> None:
    """Have the page's lesson say what this certificate came to."""
    tour = current()
    if tour and tour.finds:
        came_out(tour, tour.finds(certificate))


def came_out(tour: Tour, words: str) -> None:
    """Have a lesson say what came out, where the page has its settings. What came out first stays: one may go
    on trying other things."""
    settings = {name: str(st.session_state.get(name)) for name in tour.settings}
    if not state.outcome(tour.lesson) and settings == tour.settings:
        state.keep_outcome(tour.lesson, words)
        st.rerun()  # this is said above what shows it


def keep_answers() -> None:
    """Have the browser keep what was answered, and take from it what a session before this one answered."""
    kept.keep(state.answers(), state.times_forgotten(), _recalled)


def _recalled() -> None:
    """Take what the browser kept, as far as it can be of a lesson: anybody can write there."""
    found = st.session_state[kept.KEY].found
    for lesson, answer in (found if isinstance(found, dict) else {}).items():
        tour = _BY_NAME.get(lesson)
        if tour is None or not isinstance(answer, dict) or state.outcome(lesson):
            continue
        words, guess = answer.get("came_out"), str(answer.get("guess", ""))
        if isinstance(words, str) and 0 < len(words) <= LONGEST:
            state.keep_outcome(lesson, words)
            if (number := _guessed(tour, guess)) is not None:
                state.keep_guess(lesson, number)
