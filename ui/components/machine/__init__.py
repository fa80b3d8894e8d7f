"""The vote machine: noisy copies on their way to their votes, the votes in towers, the bound's gate and the
radius. One component for what has not begun, what runs, and what is shown again.

Python says what there is to see: texts, numbers and where a bar ends. The browser moves it, rests when
nothing does, and moves nothing for who asked for less motion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st

_HERE = Path(__file__).parent
PARTS = ("../nodes.js", "drawing.js", "belt.js", "count.js", "holding.js", "build.js", "machine.js")
HTML = '<section class="machine"></section>'
CSS = (_HERE / "machine.css").read_text(encoding="utf-8")
JS = "".join((_HERE / name).read_text(encoding="utf-8") for name in PARTS)
_component = st.components.v2.component("diffsmooth_machine", html=HTML, css=CSS, js=JS)


Shows = Literal["picture", "noisy", "purified", "local", "vote"]


@dataclass(frozen=True)
class Station:
    """A place on the belt: which of a copy's images is shown there, or its vote, and the words below it."""

    shows: Shows
    title: str
    words: str


@dataclass(frozen=True)
class Tower:
    """A class, or, as the last one, all that have no tower of their own."""

    name: str
    colour: str


@dataclass(frozen=True)
class Step:
    """What is known after some votes. `at` is its second in a replay, `votes` are the number and the height
    (of 1) of each tower, `leader` is that of the leading class; bound and share are of 1, `opens` says
    whether the bound opens the gate, and `reach` is the radius as a part of the largest that the run's number
    of votes gives."""

    at: float
    words: str
    votes: tuple[tuple[int, float], ...]
    leader: int
    bound: float
    share: float
    opens: bool
    reach: float
    bound_words: str
    radius_words: str


@dataclass(frozen=True)
class Traveller:
    """A copy on the belt. `images` says what stands side by side in `sheet` (a data URL), `step` is the index
    of the step that its vote belongs to, `glows` whether it dissents."""

    id: str
    title: str
    tower: int
    name: str
    colour: str
    glows: bool
    sheet: str
    images: tuple[str, ...]
    step: int


@dataclass(frozen=True)
class Machine:
    """All that is to be seen. `state`: "waiting" before a run, "running", of which the last step is told, or
    "ended", which can be shown again from its first step and, with `plays`, shows itself once. `count` and
    `certify` are title and words above the towers and above the gate, `bound` is the bound's colour. `large`
    is for a projector."""

    run: str
    state: Literal["waiting", "running", "ended"]
    picture: str
    crisp: bool
    stations: tuple[Station, ...]
    count: tuple[str, str]
    certify: tuple[str, str]
    bound: str
    towers: tuple[Tower, ...]
    steps: tuple[Step, ...]
    travellers: tuple[Traveller, ...]
    foot: str
    said: str
    plays: bool = False
    large: bool = False


def show(machine: Machine, key: str) -> None:
    """Draw the machine, or let the one that is drawn go on from there."""
    _component(data=data(machine), key=key)


def data(machine: Machine) -> Mapping[str, Any]:
    """What the browser is told. Tuples stay tuples: Streamlit imports pandas to look into a list."""
    return asdict(machine)
