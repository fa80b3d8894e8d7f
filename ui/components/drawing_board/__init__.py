"""The drawing board: a picture to paint on, and how long the change is, against the certified radius.

The browser paints, rounds to whole values and measures what it shows. When one lets go it tells all values,
and what counts is made of these by Python. Arrow keys and Space paint too, sliders change the whole picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
PARTS = ("../nodes.js", "painting.js", "controls.js", "board.js")
HTML = '<section class="board"></section>'
CSS = "".join((_HERE / name).read_text(encoding="utf-8") for name in ("../slider.css", "board.css"))
JS = "".join((_HERE / name).read_text(encoding="utf-8") for name in PARTS)
_component = st.components.v2.component("diffsmooth_drawing_board", html=HTML, css=CSS, js=JS)


@dataclass(frozen=True)
class Mark:
    """A length on the gauge, in words and a colour."""

    words: str
    length: float
    colour: str


@dataclass(frozen=True)
class Board:
    """What the board opens with. `picture` and `drawn` are the base64 of the values (side,side,3), before and
    after the change; a new `revision` takes `drawn` in the place of what is painted. `radius` is certified, 0
    where nothing is; `inside`, `outside` and `none` are said of a change in or out of it, and of none."""

    revision: str
    side: int
    picture: str
    drawn: str
    radius: float
    marks: tuple[Mark, ...]
    inside: str
    outside: str
    none: str


def show(board: Board, key: str, told: Callable[[object], None]) -> None:
    """Draw the board; `told` is given what the browser tells of a change that was let go of."""
    _component(data=data(board), key=key, on_drawn_change=lambda: told(st.session_state[key].drawn))


def data(board: Board) -> Mapping[str, Any]:
    """What the browser is told. Tuples stay tuples: Streamlit imports pandas to look into a list."""
    return asdict(board)
