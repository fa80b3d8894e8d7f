"""The image strip: what one noisy copy passes through on the way to its vote."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.certification.progress import Samples
from diffsmooth_core.config import METHODS
from diffsmooth_core.purification.purifiers import purifier_of
from ui.colours import class_colour
from ui.images import data_url

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "diffsmooth_strip",
    html='<div class="strip"></div>',
    css=(_HERE / "strip.css").read_text(),
    js=(_HERE.parent / "nodes.js").read_text() + (_HERE / "strip.js").read_text(),
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


def journey(samples: Samples, config: SmoothingConfig, class_names: tuple[str, ...]) -> list[Frame]:
    """Picture → noisy → purified → local copies → vote, as far as the method goes."""
    height, width, _ = samples.original.shape
    frames = [
        Frame(
            "The picture", f"{height} × {width} pixels, as the network sees it", (data_url(samples.original),)
        ),
        Frame(
            "Noise is added", f"σ = {config.sigma:g}, drawn anew for every vote", (data_url(samples.noisy),)
        ),
    ]
    purifier = purifier_of(config.method)
    count = len(samples.local)
    square = next((full for full in (9, 4) if full <= count), count)  # whole squares look calm
    pictures = tuple(map(data_url, samples.local[:square]))
    some = f"{square} of {count}" if square < count else f"{count}"
    if purifier.majority:
        times = "" if count == 1 else f"{some} " if square < count else f"{some} times "
        frames.append(Frame("Purified", f"{times}{purifier.caption(config)}", pictures))
    elif samples.purified is not None:
        frames.append(Frame("Purified", purifier.caption(config), (data_url(samples.purified),)))
    if METHODS[config.method].smooths_locally:
        which = "new noise" if config.noise == "fresh" else "fixed noise"
        caption = f"{some} copies with {which} σ′ = {config.sigma_local:g}; their answers are averaged"
        frames.append(Frame("Smoothed locally", caption, pictures))
    name = class_names[samples.vote]
    frames.append(Frame("One vote", "the answer for this copy", word=name, colour=class_colour(samples.vote)))
    return frames
