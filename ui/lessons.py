"""Questions to guess first and tours of the other pages, with the settings that answer them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


@dataclass(frozen=True)
class Tour:
    """A question, and the page that answers it with its controls set. Where there are `guesses` one guesses
    first; `right` is the number of the right one."""

    question: str
    answer: str
    page: str
    link: str
    settings: dict[str, str] = field(default_factory=dict)
    guesses: tuple[str, ...] = ()
    right: int = 0


YACHT = {"picture": "gallery:sailing-yacht"}
LESSONS = (
    Tour(
        "**Why noise?** With hardly any noise, σ = 0.01, all 1,000 votes agree on the yacht. How large a "
        "radius do they certify?",
        "0.02, about two and a half σ. Even if all votes agree, the radius cannot be larger than that: "
        "only noise makes room, and noise makes the picture harder.",
        "pages/certify.py", "Certify with σ = 0.01",
        YACHT | {"method": "plain", "classifier": "standard", "sigma": "0.01", "n": "1000"},
        ("0.02", "0.5", "as large as one likes"), 0,
    ),
    Tour(
        "**Why purify?** The yacht with noise σ = 0.5 goes straight to a classifier that was trained under "
        "σ = 0.25. What comes out?",
        "Certified, and wrong: 917 of 1,000 votes say frog. The classifier sees more noise than it was "
        "trained for, and is sure of it. With purification it is a ship.",
        "pages/certify.py", "Certify without diffusion", YACHT | {"method": "plain", "sigma": "0.5"},
        ("a certified ship", "an abstention", "a certified frog"), 2,
    ),
    Tour(
        "**Why local smoothing?** DDS classifies the purified picture once, DiffSmooth several times with a "
        "little noise. The yacht's radius is 1.14 with DiffSmooth. With DDS?",
        "Much smaller, 0.42. A classifier that was trained under noise is not at home on purified "
        "pictures; local noise σ′ brings it back to where it was trained.",
        "pages/certify.py", "Certify with DDS", YACHT | {"method": "dds"},
        ("larger", "about the same", "much smaller"), 2,
    ),
    Tour(
        "**Why abstain?** On an airliner on the runway the votes go to ship and to airplane, about half and "
        "half. What should an honest method say?",
        "Nothing: it abstains. A majority of a sample is not a majority of all votes; the bound has to "
        "exceed ½. The page says why, and what would help.",
        "pages/certify.py", "Certify the airliner", {"picture": "gallery:airliner-on-the-runway"},
        ("the class with more votes", "both classes", "nothing"), 2,
    ),
    Tour(
        "**Why not peek?** α = 0.001 is promised at the end of 10,000 votes. Somebody looks after every "
        "vote and stops at the best moment, though the true share is exactly ½. How often is the "
        "certificate false?",
        "In about 3 of 100 runs: thirty times the promise. The bound on this page's lower half can be "
        "looked at whenever one likes; this run uses it.",
        "pages/certify.py", "Stop at a target",
        YACHT | {"stopping": "decided", "target_radius": "0.3", "n": "5000"},
        ("1 in 1,000", "3 in 1,000", "3 in 100"), 2,
    ),
    Tour(
        "**Right, or only constant?** A cup of coffee belongs to none of the ten classes. Can it be "
        "certified?",
        "It can. A certificate says that the answer stays, not that it is right.",
        "pages/certify.py", "Certify a cup of coffee", {"picture": "photo:coffee"},
        ("yes", "no"), 0,
    ),
)  # fmt: skip
TOURS = (
    Tour(
        "What is one vote?",
        "From the noise to the count, algorithm by algorithm, with every number that is used on the way. "
        "The arrow keys step; Play goes on by itself.",
        "pages/step.py", "Step through a vote", {"picture": "gallery:sailing-yacht", "step": "1"},
    ),
    Tour(
        "Which part does the work?",
        "Plain smoothing, local smoothing alone, DDS and DiffSmooth on the same noise: one sees which of "
        "them know the yacht, and on which copies they differ.",
        "pages/compare.py", "Compare four methods", {"picture": "gallery:sailing-yacht", "tab": "compare"},
    ),
    Tour(
        "How much local noise, how many copies?",
        "A map of the certified radius over both noises. The largest is not always for the right class, "
        "and whoever picks the best afterwards has to pay for it.",
        "pages/compare.py", "Sweep the local noise",
        {"picture": "gallery:sailing-yacht", "tab": "sweep", "over": "sigma_local", "n": "200"},
    ),
    Tour(
        "What do the theorems bound?",
        "How far purification moves a picture, beside what Theorem 1 prints, what its proof supports, and "
        "a world where the printed bound fails.",
        "pages/theorems.py", "See the theorems",
    ),
)  # fmt: skip


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
        with column:
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
    st.page_link(tour.page, label=tour.link, icon=":material/arrow_forward:", query_params=tour.settings)
