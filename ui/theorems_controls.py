"""The sidebar of the Theorems page. Its session-state keys begin with "theorems-"."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from diffsmooth_core import InputError
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.theory import KINDS, WORLDS, Setting
from ui import gallery
from ui.text import plain

PICTURE, EXACT = "A picture", "Exact world"
WORLD_TITLES = {
    "clusters": "three clusters",
    "narrow": "narrow: Theorem 2 fails",
    "far": "far: Theorem 1 fails",
}


@dataclass(frozen=True)
class Controls:
    """What was chosen. `scale` turns lengths of [-1,1] units into the chosen ones."""

    picture: bool
    setting: Setting
    samples: int
    world: str
    dimension: int
    scale: float
    unit: str


def sidebar() -> Controls | InputError:
    """Draw every control; what was chosen, or what is wrong with it, which is said here too."""
    with st.sidebar:
        where = st.segmented_control("Where", [PICTURE, EXACT], default=PICTURE, required=True,
                                     key="theorems-where")  # fmt: skip
        on_picture = where == PICTURE
        world, dimension = WORLDS[0], 2
        if on_picture:
            gallery.choose()
        else:
            world = st.selectbox("World", WORLDS, format_func=WORLD_TITLES.__getitem__, key="theorems-world",
                                 help="A Gaussian mixture: every term is known in closed form. In two of "
                                 "the worlds a theorem fails as printed, “narrow” with a network error."
                                 )  # fmt: skip
            dimension = st.select_slider("Dimensions d", [1, 2, 16, 256, 3072], 2, key="theorems-dimension")
        sigma = st.slider("Noise σ", 0.05, 1.0, 0.5, 0.05, key="theorems-sigma",
                          help="Std of the smoothing noise, in [0,1] pixel units.")  # fmt: skip
        kind, radius = "none", 0.5
        if on_picture:
            kind = st.selectbox("Perturbation δ", KINDS, key="theorems-kind",
                                help="Added to the picture before the noise.")  # fmt: skip
            radius = st.slider("Length of δ", 0.0, 5.0, 0.5, 0.25, key="theorems-radius",
                               disabled=kind == "none", help="L2 norm, in [0,1] pixel units.")  # fmt: skip
        eps_error = st.select_slider(
            "Network error", [0.0, 0.01, 0.05, 0.1, 0.2, 0.5, 1.0], 0.0, key="theorems-error",
            help="Added to the predicted noise ε, root mean square a value. In the exact world it disturbs "
            "the one-shot estimate alone.",
        )  # fmt: skip
        samples = 16
        if on_picture:
            samples = st.select_slider("Samples", [16, 32, 64, 256], 16, key="theorems-samples",
                                       help="Solutions of the reverse SDE from the same start.")  # fmt: skip
        with st.expander("More settings"):
            noise = st.toggle("x_rs carries the noise", True, key="theorems-noise",
                              disabled=not on_picture and world == "far")  # fmt: skip
            steps = 20
            if on_picture:
                steps = st.select_slider("Steps of the reverse SDE", [8, 12, 20, 40, 80], 20,
                                         key="theorems-steps")  # fmt: skip
            eta = st.select_slider("Risk η", [0.001, 0.01, 0.05, 0.1], 0.01, key="theorems-eta",
                                   help="The probability that Theorem 1's bound may fail.")  # fmt: skip
            seed = st.number_input("Seed", 0, 2**31, 0, key="theorems-seed")
        unit = st.segmented_control("Lengths in", ["[0,1]", "[−1,1]"], default="[0,1]", required=True,
                                    key="theorems-unit",
                                    help="The theorems use the diffusion model's [−1,1], where every length "
                                    "is twice as large as in pixel units.")  # fmt: skip
        try:
            setting = Setting(sigma, kind, radius, noise, eps_error, steps, eta, int(seed))
        except InputError as error:
            st.error(plain(str(error)))
            return error
    scale = 0.5 if unit == "[0,1]" else 1.0
    return Controls(on_picture, setting, samples, world, dimension, scale, unit)


def stop(setting: Setting) -> None:
    """Remember that sampling for this setting was stopped."""
    st.session_state["theorems-stopped"] = setting


def go_on() -> None:
    st.session_state["theorems-stopped"] = None


def stopped(setting: Setting) -> bool:
    return bool(st.session_state.get("theorems-stopped") == setting)


def ask_costs(picture: Picture, setting: Setting) -> None:
    """Remember that the costs of a network error were asked for, for this picture, noise and seed."""
    st.session_state["theorems-asked"] = (picture.source, setting.sigma, setting.seed)


def costs_asked(picture: Picture, setting: Setting) -> bool:
    asked = (picture.source, setting.sigma, setting.seed)
    return bool(st.session_state.get("theorems-asked") == asked)
