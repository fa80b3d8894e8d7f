"""The Lessons page: questions to guess first, and tours of the other pages."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.navigation import certify_by_name
from ui.tours import LESSONS, TOURS, Tour


def lessons() -> None:
    """Questions to guess first; the answer comes with the guess."""
    for column, tour, number in _cards(LESSONS):
        with column:
            st.markdown(tour.question)
            guess = st.pills("Your guess", tour.guesses, key=f"guess-{number}", label_visibility="collapsed")
            if guess is not None:
                right = guess == tour.guesses[tour.right]
                st.markdown(("**Yes.** " if right else "**No.** ") + tour.answer)
                _link(tour)


def tours() -> None:
    """A card for each tour."""
    for column, tour, _ in _cards(TOURS):
        with column.container(height="stretch", vertical_alignment="distribute"):
            st.markdown(f"**{tour.question}**  \n{tour.answer}")
            _link(tour)


def _cards(shown: tuple[Tour, ...]) -> Iterator[tuple[DeltaGenerator, Tour, int]]:
    """A card for each, in rows of three, or of two where that comes out even."""
    row = 3 if len(shown) % 3 == 0 else 2
    for first in range(0, len(shown), row):
        columns = st.columns(row, gap="medium")
        for number in range(first, min(first + row, len(shown))):
            yield columns[number - first].container(border=True, height="stretch"), shown[number], number


def _link(tour: Tour) -> None:
    st.page_link(
        certify_by_name() if tour.page == "pages/certify.py" else tour.page,
        label=tour.link,
        icon=":material/arrow_forward:",
        query_params=tour.settings | {"lesson": tour.lesson},
    )
