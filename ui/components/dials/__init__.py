"""Dials: numbers as sliders with a field each, and what a few votes say where they stand.

Python tells every place of a slider and every sentence once; the browser chooses among them while a slider is
dragged, and tells Python a number when it is let go or typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
HTML = '<section class="dials" aria-label="Noise and votes"></section>'
CSS = "".join((_HERE / name).read_text(encoding="utf-8") for name in ("../slider.css", "dials.css"))
JS = (_HERE.parent / "nodes.js").read_text(encoding="utf-8") + (_HERE / "dials.js").read_text(
    encoding="utf-8"
)
_component = st.components.v2.component("diffsmooth_dials", html=HTML, css=CSS, js=JS)


@dataclass(frozen=True)
class Dial:
    """A number: its places as texts, from left to right, and the one `at` which it stands; `text` where it
    stands at none of them. `coarse` places are one page key. `decides` says whether it changes how a vote
    comes about, so that votes drawn with another value say nothing; `problem` is what is wrong with it."""

    name: str
    label: str
    hint: str
    text: str
    places: tuple[str, ...]
    at: int
    coarse: int
    whole: bool
    used: bool
    decides: bool
    problem: str


@dataclass(frozen=True)
class Seen:
    """What votes at one value of σ say: their images in row `row` of the sheet, -1 where there are none, the
    share of the leading class, and at each place of n what follows if that share holds."""

    row: int
    class_words: str
    share: str
    radii: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Panel:
    """What votes drawn beforehand say. `nearest` has for each place of σ the number of what was `seen` there,
    or -1; `times` has for each place of n how long a run takes. `sheet` has a row of pictures with these
    `titles` for each that has a row, `rows` of them."""

    titles: tuple[str, ...]
    sheet: str
    rows: int
    crisp: bool
    seen: tuple[Seen, ...]
    nearest: tuple[int, ...]
    times: tuple[str, ...]
    none: str
    stale: str


def show(
    dials: tuple[Dial, ...], panel: Panel | None, heard: int, key: str, moved: Callable[[], None]
) -> None:
    """Draw the dials, and the panel if there is one. `moved` is called once a number was chosen, which is
    then in the session as `moved` of `key`: its name, its text, and the number of the choice, of which
    `heard` is the last that was taken."""
    data = {"dials": tuple(map(asdict, dials)), "panel": panel and asdict(panel), "heard": heard}
    _component(data=data, key=key, on_moved_change=moved)
