"""Theorems: how far does purification move the picture, and what is proved about it."""

from __future__ import annotations

from diffsmooth_core import InputError
from ui import page, tours
from ui.session import state, url
from ui.theorems import controls, curves, gain, live, schemes, view

QUESTION = (
    "How far from the picture does purification end? What the paper proves about it, beside what is measured."
)

url.read(controls.SETTINGS)
draft = controls.sidebar()
chosen = draft.values

page.header("theorems", lessons=True, question=QUESTION)
url.write(controls.SETTINGS)
page.problem_line(draft.problem)
try:
    if chosen and chosen.picture:
        view.show_picture(state.picture(), chosen)
        if tours.shows("over the noise"):
            gain.show_gain(state.picture(), chosen)
            with live.parts("over-noise"):
                gain.show_distances(state.picture(), chosen)
                curves.show_picture(state.picture(), chosen)
                gain.show_costs(state.picture(), chosen)
    elif chosen:
        view.show_exact(chosen)
        if tours.shows("over the noise"):
            with live.parts("over-noise"):
                curves.show_exact(chosen)
                schemes.show_exact(chosen)
except InputError as problem:
    page.error_box(problem)
