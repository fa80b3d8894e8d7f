"""The attack's settings on the page "Try to break it". Its session-state keys begin with "attack-"."""

from __future__ import annotations

from typing import Any

import streamlit as st

from diffsmooth_core import Certificate
from diffsmooth_core.attacks import KINDS, AttackConfig
from diffsmooth_core.config import USUAL_ATTACK
from diffsmooth_core.wording import length
from ui.session.draft import Draft
from ui.session.numbers import within
from ui.session.settings import CERTIFY

TITLES = {"pgd": "Gradients (PGD)", "nes": "No gradients (NES)", "random": "Random"}
TIMES = (0.5, 0.75, 0.9, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0, 20.0)  # certified radii
WAYS = {"search": "Let an attack search", "draw": "Draw it yourself"}
DEFAULTS = {
    "attack-way": "search",
    "attack-kind": "pgd",
    "attack-times": 0.9,
    "attack-length": 1.0,
    "attack-attempts": 10,
    "attack-steps": 10,
    "attack-copies": 16,
    "attack-n": 100,
    "attack-halvings": 5,
    "attack-through": True,
    "attack-seed": 0,
}
SEARCH = [name for name in DEFAULTS if name != "attack-way"]  # what `settings` draws
LENGTHS = {"attack-length": (0.1, 4.0)}
COUNTS = {
    "attack-attempts": (1, 1000),
    "attack-steps": (1, 50),
    "attack-copies": (2, 64),
    "attack-n": (10, 10_000),
    "attack-halvings": (0, 12),
    "attack-seed": (0, 2**31),
}
OTHERS = [f"attack-{name}" for name in ("steps", "copies", "n", "halvings", "through", "seed")]
TYPED = {"attempts": "Attempts", "n": "Votes that decide an attempt", "seed": "Seed"}
CHOICES = {
    "attack-way": tuple(WAYS),
    "attack-kind": KINDS,
    "attack-times": TIMES,
    "attack-through": (True, False),
}
USUAL = {
    dataset: {f"attack-{name}": value for name, value in values.items()}
    for dataset, values in USUAL_ATTACK.items()
}
SETTINGS = CERTIFY.extended("attack", DEFAULTS, {**LENGTHS, **COUNTS}, CHOICES, USUAL)
HINTS = {
    "pgd": "Follows the gradient of the answer through noise and purification: the strongest of the three.",
    "nes": "Sees answers alone: which noisy copies did worst tells where to go.",
    "random": "Goes any way: what chance alone would do.",
}


def by_hand() -> bool:
    """Draw the choice of who makes the change; whether it is the visitor."""
    way = st.segmented_control(
        "Who makes the change?",
        list(WAYS),
        required=True,
        format_func=WAYS.__getitem__,
        key="attack-way",
        label_visibility="collapsed",
        on_change=_tell_votes,
    )
    return way == "draw"


def _tell_votes() -> None:
    """Send the number of votes to the browser, where both ways have a field for it: one that has not drawn
    it yet, as it is behind a closed More, would take the smallest."""
    if "attack-n" in st.session_state:
        st.session_state["attack-n"] = st.session_state["attack-n"]


def votes(off: bool = False) -> int:
    """Draw the number of votes that decide a try or an attempt, and return what is typed, within its limits.
    Raises InputError."""
    st.number_input(TYPED["n"], step=50, key="attack-n", disabled=off)
    return int(within(TYPED["n"], st.session_state["attack-n"], COUNTS["attack-n"]))


def settings(certificate: Certificate, off: bool) -> Draft[AttackConfig]:
    """Draw the controls; the attack they describe, or what is wrong with it."""
    how, dial, number, more = st.columns([2.2, 3, 1.2, 0.9], gap="medium", vertical_alignment="bottom")
    kind = how.selectbox(
        "Attack",
        KINDS,
        format_func=TITLES.__getitem__,
        key="attack-kind",
        disabled=off,
        help=" ".join(f"{TITLES[kind]}: {hint}" for kind, hint in HINTS.items()),
    )
    with dial:
        radius = _length(certificate, off)
    number.number_input(
        TYPED["attempts"],
        step=1,
        key="attack-attempts",
        disabled=off,
        help="Changes to try. They share the risk α, so that many attempts find no success by chance.",
    )
    with more.popover("More", width="stretch", disabled=off):
        others = _others()

    def attack() -> AttackConfig:
        typed = {
            name: within(label, st.session_state[f"attack-{name}"], COUNTS[f"attack-{name}"])
            for name, label in TYPED.items()
        }
        return AttackConfig(kind, radius, alpha=certificate.config.alpha, **typed, **others)

    return Draft.of(attack)


def _length(certificate: Certificate, off: bool) -> float:
    """The length of a change (L2): in certified radii, or where there is none in pixel values."""
    if not certificate.radius:
        return st.slider(
            "Length of the change (L2)",
            *LENGTHS["attack-length"],
            step=0.1,
            key="attack-length",
            disabled=off,
            help="There is no certified radius to measure it by.",
        )
    times = st.select_slider(
        "Length, in certified radii",
        TIMES,
        key="attack-times",
        disabled=off,
        format_func="{:g} ×".format,
        help=f"Up to 1 it is inside the certificate, whose radius is {length(certificate.radius)}.",
    )
    return times * certificate.radius


def _others() -> dict[str, Any]:
    """Draw the less common settings; the values of those that are not TYPED, by their names in
    AttackConfig. What is behind a closed button is not drawn by the browser, which would take the smallest
    values once it is: so it is told them every time."""
    st.session_state.update({name: st.session_state[name] for name in OTHERS})
    steps = st.slider("Steps of an attempt", *COUNTS["attack-steps"], key="attack-steps")
    copies = st.slider("Noisy copies of a step", *COUNTS["attack-copies"], key="attack-copies")
    st.number_input(TYPED["n"], step=50, key="attack-n")
    halvings = st.slider(
        "Shorter lengths after a success",
        *COUNTS["attack-halvings"],
        key="attack-halvings",
        help="Bisection between the certified radius and the shortest change that succeeded.",
    )
    through = st.toggle(
        "Gradient through the purifier",
        key="attack-through",
        help="Otherwise around it, as if it changed nothing (BPDA).",
    )
    st.number_input(TYPED["seed"], step=1, key="attack-seed")
    return {
        "halvings": halvings,
        "steps": steps,
        "copies": copies,
        "backward": "through" if through else "around",
    }
