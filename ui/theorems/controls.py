"""The sidebar of the Theorems page. Its session-state keys begin with "theorems-"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from diffsmooth_core import InputError
from diffsmooth_core.config import USUAL
from diffsmooth_core.datasets import datasets
from diffsmooth_core.theory import KINDS, PRECISIONS, SCHEMES, WORLDS, TheoremSetting
from ui import tours
from ui.components import picker
from ui.page import error_box
from ui.session import state
from ui.session.draft import Draft
from ui.session.numbers import within
from ui.session.settings import DEFAULTS, Settings, diffusion_models
from ui.titles import dataset_title

PREFIX = "theorems-"
PLACES = {"picture": "A picture", "exact": "Exact world"}
WORLD_TITLES = {
    "clusters": "three clusters",
    "narrow": "narrow: Theorem 2 fails",
    "far": "far: Theorem 1 fails",
}
SCHEME_TITLES = {"multistep": "multistep, order 2", "euler-maruyama": "Euler–Maruyama, order 1"}
UNITS = {"pixel": "[0,1]", "model": "[−1,1]"}
CHOICES: dict[str, Sequence[Any]] = {
    "where": tuple(PLACES),
    "world": WORLDS,
    "dimension": (1, 2, 16, 256, 3072),
    "perturbation": KINDS,
    "eps_error": (0.0, 0.01, 0.05, 0.1, 0.2, 0.5, 1.0),
    "samples": (16, 32, 64, 128, 256),
    "noise": (True, False),
    "steps": (4, 8, 12, 20, 40, 80),
    "dtype": tuple(PRECISIONS),
    "scheme": tuple(SCHEMES),
    "eta": (0.001, 0.01, 0.05, 0.1),
    "unit": tuple(UNITS),
}
SPANS = {"sigma": (0.05, 1.0), "radius": (0.0, 5.0), "seed": (0, 2**31)}


SETTINGS = Settings(
    "theorems",
    defaults={
        "where": "picture",
        "dataset": DEFAULTS.dataset,
        "world": "clusters",
        "dimension": 2,
        "sigma": 0.5,
        "perturbation": "none",
        "radius": 0.5,
        "eps_error": 0.0,
        "samples": 64,
        "noise": True,
        "steps": 8,
        "dtype": DEFAULTS.dtype,
        "scheme": "multistep",
        "eta": 0.01,
        "seed": 0,
        "unit": "pixel",
    },
    spans=SPANS,
    choices=lambda name, _: datasets() if name == "dataset" else CHOICES[name],
    prefix=PREFIX,
    own_usual={"imagenet": {"sigma": USUAL["imagenet"]["sigma"], "samples": 16}},
)


@dataclass(frozen=True)
class Controls:
    """What was chosen. `denoiser` is the diffusion model for pictures; `scale` turns lengths of [-1,1] units
    into the chosen ones."""

    picture: bool
    denoiser: str
    setting: TheoremSetting
    samples: int
    world: str
    dimension: int
    scale: float
    unit: str


def sidebar() -> Draft[Controls]:
    """Draw every control; what was chosen, or what is wrong with it, which is said here too."""
    with st.sidebar:
        st.segmented_control(
            "Where", CHOICES["where"], format_func=PLACES.__getitem__, required=True, key=f"{PREFIX}where"
        )
        on_picture = _value("where") == "picture"
        if on_picture and tours.shows("picture"):
            st.selectbox(
                "Data set",
                datasets(),
                format_func=dataset_title,
                key=f"{PREFIX}dataset",
                on_change=lambda: state.take_known_picture(str(_value("dataset"))),
            )
            picker.choose(follow=True)
        elif not on_picture:
            st.selectbox(
                "World",
                WORLDS,
                format_func=WORLD_TITLES.__getitem__,
                key=f"{PREFIX}world",
                help="A Gaussian mixture: every term is known in closed form. In two of the worlds "
                "a theorem fails as printed, “narrow” with a network error.",
            )
            _steps("Dimensions d", "dimension", "One and two are drawn.")
        st.slider(
            "Noise σ",
            *SPANS["sigma"],
            step=0.05,
            key=f"{PREFIX}sigma",
            help="Std of the smoothing noise, in [0,1] pixel units.",
        )
        if on_picture and tours.shows("other settings"):
            _perturbation()
        if tours.shows("network error"):
            _steps(
                "Network error",
                "eps_error",
                "Added to the predicted noise ε, root mean square a value. "
                "In the exact world it disturbs the one-shot estimate alone.",
            )
        if tours.shows("other settings"):
            _others(on_picture)
        draft = Draft.of(_chosen)
        if draft.problem:
            error_box(draft.problem)
        if on_picture and (problem := state.picture_problem()):
            return Draft(None, problem)
        return draft


def _perturbation() -> None:
    st.selectbox(
        "Perturbation δ", KINDS, key=f"{PREFIX}perturbation", help="Added to the picture before the noise."
    )
    st.slider(
        "Length of δ",
        *SPANS["radius"],
        step=0.25,
        key=f"{PREFIX}radius",
        disabled=_value("perturbation") == "none",
        help="L2 norm, in [0,1] pixel units.",
    )


def _others(on_picture: bool) -> None:
    if on_picture:
        _steps("Samples", "samples", "Solutions of the reverse SDE from the same start.")
    with st.expander("More settings"):
        st.toggle(
            "xᵣₛ carries the noise",
            key=f"{PREFIX}noise",
            disabled=not on_picture and _value("world") == "far",
        )
        if on_picture:
            _steps(
                "Steps of the reverse SDE",
                "steps",
                "Fewer are quicker and less exact; the page says how much doubling them changes.",
            )
            st.selectbox(
                "Network computes in",
                tuple(PRECISIONS),
                key=f"{PREFIX}dtype",
                help="bfloat16 is quicker where the processor knows it, and a little coarser.",
            )
        st.selectbox(
            "Solver of the reverse SDE",
            tuple(SCHEMES),
            format_func=SCHEME_TITLES.__getitem__,
            key=f"{PREFIX}scheme",
            help="Euler–Maruyama steps with the score at a step’s start; the "
            "multistep scheme also looks back and needs fewer steps. The exact world shows both "
            "errors.",
        )
        _steps("Risk η", "eta", "The probability that Theorem 1's bound may fail.")
        st.number_input("Seed", step=1, key=f"{PREFIX}seed", help="The same seed gives the same noise.")
    st.segmented_control(
        "Lengths in",
        CHOICES["unit"],
        format_func=UNITS.__getitem__,
        required=True,
        key=f"{PREFIX}unit",
        help="The theorems use the diffusion model's [−1,1], where "
        "every length is twice as large as in pixel units.",
    )


def _value(name: str) -> Any:
    return st.session_state[PREFIX + name]


def _steps(label: str, name: str, words: str) -> None:
    st.select_slider(label, CHOICES[name], key=PREFIX + name, help=words)


def _chosen() -> Controls:
    now = SETTINGS.values(st.session_state)
    within("Seed", now["seed"], SPANS["seed"])
    setting = TheoremSetting(
        **{
            name: now[name]
            for name in (
                "sigma",
                "perturbation",
                "radius",
                "noise",
                "eps_error",
                "steps",
                "eta",
                "seed",
                "dtype",
                "scheme",
            )
        }
    )
    models = diffusion_models(now["dataset"])
    if now["where"] == "picture" and not models:
        raise InputError(
            f"the theorems speak of a diffusion model, and there is none for {dataset_title(now['dataset'])} "
            f"here; run: python -m diffsmooth_core train denoiser --dataset {now['dataset']} "
            f"--name {now['dataset']}-denoiser --minutes 30"
        )
    return Controls(
        now["where"] == "picture",
        models[0] if models else "",
        setting,
        now["samples"],
        now["world"],
        now["dimension"],
        0.5 if now["unit"] == "pixel" else 1.0,
        UNITS[now["unit"]],
    )


def stop(key: object) -> None:
    """Remember that this work was stopped."""
    st.session_state[f"{PREFIX}stopped"] = key


def go_on() -> None:
    st.session_state[f"{PREFIX}stopped"] = None


def stopped(key: object) -> bool:
    return bool(st.session_state.get(f"{PREFIX}stopped") == key)


def ask(key: object) -> None:
    """Record that a person asked for this work, which takes seconds and is only done on request."""
    st.session_state[f"{PREFIX}asked"] = (*st.session_state.get(f"{PREFIX}asked", ())[-8:], key)


def withdraw(key: object) -> None:
    """Take back what was asked for."""
    st.session_state[f"{PREFIX}asked"] = tuple(k for k in st.session_state[f"{PREFIX}asked"] if k != key)


def asked(key: object) -> bool:
    return key in st.session_state.get(f"{PREFIX}asked", ())
