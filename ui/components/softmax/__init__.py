"""A classifier's softmax for some pictures: bars in class colours beside each picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.colours import ABSTAIN, class_colour

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "diffsmooth_softmax",
    html='<div class="cards"></div>',
    css=(_HERE / "softmax.css").read_text(encoding="utf-8"),
    js=(_HERE.parent / "nodes.js").read_text(encoding="utf-8")
    + (_HERE / "softmax.js").read_text(encoding="utf-8"),
)


LEAST = 0.005  # a share of less is written as 0.00


@dataclass(frozen=True)
class Bar:
    label: str
    share: float  # of the bar's full length
    text: str
    colour: str
    leads: bool = False


@dataclass(frozen=True)
class SoftmaxCard:
    """A picture (a data URL, or none) and its bars."""

    title: str
    bars: tuple[Bar, ...]
    image: str = ""


def show(cards: Sequence[SoftmaxCard], key: str) -> None:
    """Cards side by side, as many in a row as there is room for; a lone one takes the whole width."""
    _component(data=[asdict(card) for card in cards], key=key)


def leading(confidence: npt.NDArray[np.float32], rows: int) -> list[int]:
    """The classes to show: all of them in their order, or of more than `rows` the likeliest ones, as far as
    they have something that is no 0.00."""
    if len(confidence) <= rows:
        return list(range(len(confidence)))
    likeliest = np.argsort(-confidence, kind="stable")[: rows - 1]
    return [int(k) for i, k in enumerate(likeliest) if i == 0 or confidence[k] >= LEAST]


def bars(
    confidence: npt.NDArray[np.float32], shown: Sequence[int], names: Sequence[str], form: str = "{:.2f}"
) -> tuple[Bar, ...]:
    """A bar for each class in `shown`, and one for all other classes together where there are any."""
    winner = int(confidence.argmax())
    found = [
        Bar(names[k], float(confidence[k]), form.format(confidence[k]), class_colour(k), k == winner)
        for k in shown
    ]
    if len(shown) < len(confidence):
        rest = max(0.0, float(confidence.sum() - sum(confidence[k] for k in shown)))
        found.append(Bar("other", rest, form.format(rest), ABSTAIN, winner not in shown))
    return tuple(found)
