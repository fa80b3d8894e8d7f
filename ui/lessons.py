"""Tours of the other pages: a question each, the settings that answer it, what to look at."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st


@dataclass(frozen=True)
class Tour:
    question: str
    answer: str
    page: str
    link: str
    settings: dict[str, str] = field(default_factory=dict)


TOURS = (
    Tour(
        "What is a certificate?",
        "Start a run and watch the lower bound climb above ½. When all votes are in, the picture has a "
        "radius within which no change, however clever, changes the answer.",
        "pages/certify.py", "Certify a yacht", {"picture": "gallery:sailing-yacht", "n": "1000"},
    ),
    Tour(
        "Why purify first?",
        "The same noise without the diffusion model: the classifier was trained under σ = 0.25 and sees "
        "σ = 0.5. Compare the votes with those of the first lesson.",
        "pages/certify.py", "Certify without diffusion",
        {"picture": "gallery:sailing-yacht", "method": "plain", "sigma": "0.5"},
    ),
    Tour(
        "Why local smoothing?",
        "DDS classifies the purified picture once. A classifier trained under noise is not at home on clean "
        "pictures: local noise σ′ brings it back to where it was trained.",
        "pages/certify.py", "Certify with DDS", {"picture": "gallery:sailing-yacht", "method": "dds"},
    ),
    Tour(
        "When may one stop counting?",
        "This run ends once a radius of 0.3 is certified. Its bound holds at every moment, so it may be "
        "looked at while votes come in; the dotted one may not.",
        "pages/certify.py", "Stop at a target",
        {"picture": "gallery:sailing-yacht", "stopping": "decided", "target_radius": "0.3", "n": "5000"},
    ),
    Tour(
        "Right, or only constant?",
        "A cup of coffee belongs to none of the ten classes. It may be certified all the same: a certificate "
        "says that the answer stays, not that it is right.",
        "pages/certify.py", "Certify a cup of coffee", {"picture": "photo:coffee"},
    ),
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


def tours() -> None:
    """A card for each tour, three in a row."""
    for first in range(0, len(TOURS), 3):
        for column, tour in zip(st.columns(3, gap="medium"), TOURS[first : first + 3], strict=False):
            with column.container(border=True, height="stretch"):
                st.markdown(f"**{tour.question}**  \n{tour.answer}")
                st.page_link(
                    tour.page, label=tour.link, icon=":material/arrow_forward:", query_params=tour.settings
                )
