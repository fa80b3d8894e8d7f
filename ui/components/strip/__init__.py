"""The image strip: pictures side by side, where one leads to the next."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "diffsmooth_strip",
    html='<div class="strip"></div>',
    css=(_HERE / "strip.css").read_text(encoding="utf-8"),
    js=(_HERE.parent / "nodes.js").read_text(encoding="utf-8")
    + (_HERE / "strip.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Frame:
    """One step: images (data URLs) or, without any, a word with a colour. `sign` stands before it."""

    title: str
    caption: str
    images: tuple[str, ...] = ()
    crisp: bool = True
    word: str = ""
    colour: str = "transparent"
    sign: str = "→"


def show(frames: list[Frame], key: str, arrows: bool = True) -> None:
    """Frames from left to right, with arrows or other signs where one leads to the next."""
    drawn = tuple(asdict(frame) for frame in frames)  # Streamlit imports pandas to look into a list
    _component(data={"frames": drawn, "arrows": arrows}, key=key)
