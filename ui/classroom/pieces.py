"""What both the projector and the phones show of the experiment."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from diffsmooth_core.certification.thousand_seeds import recorded
from diffsmooth_core.markup import Markup, element
from diffsmooth_core.wording import percent
from ui.curriculum import LESSONS
from ui.images import data_url
from ui.jobs import seeds

QUESTION = (
    "Of us, how many in a hundred would claim too much, if everyone stopped counting as soon as it "
    "suits them?"
)


@lru_cache(maxsize=1)
def frog() -> Markup:
    """The picture that everybody certifies."""
    drawn = data_url(seeds.picture().pixels)
    return element("img", src=drawn, alt="The picture: a frog from above", class_="room-frog")


def truth() -> str:
    """The true share of the picture's votes, as it was counted beforehand."""
    return percent(recorded().share)


def big(number: str, words: str) -> Markup:
    """A number to be read from the last row, and what it counts."""
    return element("p", element("b", number), f" {words}", class_="room-big")


def judged(holds: bool, words: str) -> Markup:
    """What became of a claim: colour, mark and words."""
    mood, mark = ("right", "✓") if holds else ("wrong", "✕")
    return element("p", element("b", mark), f" {words}", class_=f"room-judged room-{mood}")


def lessons() -> None:
    """The ways to the lessons that go on from here, each for itself."""
    for lesson in LESSONS:
        if lesson.lesson in ("peek", "seeds"):
            st.page_link(
                "pages/lessons.py",
                label=f"Lesson: {lesson.title.removesuffix('.')}",
                icon=":material/school:",
                query_params={"lesson": lesson.lesson},
            )
