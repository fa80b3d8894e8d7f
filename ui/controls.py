"""The sidebar's settings: plain words beside the paper's symbols, a line of help each."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.config import METHODS
from ui import gallery, state
from ui.text import plain

_HERE = Path(__file__).parent
_close = st.components.v2.component(
    "diffsmooth_sheet",
    html='<button type="button">Back to the picture</button>',
    css=(_HERE / "sheet.css").read_text(),
    js=(_HERE / "sheet.js").read_text(),
)

# setting -> label, step of its buttons, help
NUMBERS: dict[str, tuple[str, float, str]] = {
    "sigma": ("Noise σ", 0.05, "Standard deviation of the smoothing noise; pixel values go from 0 to 1. "
              "More noise can certify larger radii and makes the picture harder to recognise."),
    "sigma_local": ("Local σ′", 0.05, "Standard deviation of the small noise added after purification, "
                    "usually the noise that the classifier was trained under."),
    "n": ("Votes n", 100, "Noisy copies that count for the bound. More of them give a larger radius."),
    "m": ("Copies m", 1, "How many copies with local noise are averaged into one vote."),
    "n0": ("First votes n₀", 50, "Votes that only choose the class to be certified, and never count for it."),
    "alpha": ("Risk α", 0.001, "The probability, over the noise, that a certificate claims too much."),
    "seed": ("Seed", 1, "The same seed gives the same noise, so the same votes."),
}  # fmt: skip
HINTS = {
    "method": "How a noisy copy comes to its vote.",
    "classifier": "The network that votes, and the noise it was trained under.",
    "noise": "New for every vote, or m fixed tensors for all votes.",
}
NOISES = {"fresh": "new for every vote (the paper)", "reference": "one fixed set (the released code)"}


def sidebar() -> SmoothingConfig | InputError:
    """Draw every control; the configuration, or what is wrong with it, which is said here too."""
    with st.sidebar:
        gallery.choose()
        methods = {name: _method_title(name) for name in state.choices("method")}
        classifiers = {name: _classifier_title(name) for name in state.choices("classifier")}
        local = METHODS[_select("method", "Method", methods)].smooths_locally
        _select("classifier", "Classifier", classifiers)
        _numbers("sigma", "sigma_local", local)
        _numbers("n", "m", local)
        with st.expander("More settings"):
            _numbers("n0", "alpha")
            _numbers("seed", None)
            _select("noise", "Local noise is", NOISES, local)
        config = _config()
        for sentence in config.advice if isinstance(config, SmoothingConfig) else ():
            st.caption(plain(sentence))
        with st.container(key="sheet-end"):
            _close(key="sheet")
        return config


def _config() -> SmoothingConfig | InputError:
    try:
        return state.config()
    except InputError as error:
        st.error(plain(str(error)))
        return error


def described(config: SmoothingConfig, name: str) -> str:
    """A setting in words: "noise σ = 0.5", "method DiffSmooth"."""
    value = getattr(config, name)
    if name in NUMBERS:
        label = NUMBERS[name][0]
        return f"{label[0].lower()}{label[1:]} = {value:{',' if isinstance(value, int) else 'g'}}"
    words = {"method": _method_title, "classifier": _classifier_title, "noise": NOISES.__getitem__}[name]
    return f"{'local noise' if name == 'noise' else name} {words(value)}"


def _method_title(name: str) -> str:
    return METHODS[name].title


def _select(name: str, label: str, titles: dict[str, str], used: bool = True) -> str:
    return st.selectbox(
        label, list(titles), format_func=titles.__getitem__, key=name, help=HINTS[name], disabled=not used
    )


def _numbers(left: str, right: str | None, right_used: bool = True) -> None:
    """Two numbers side by side."""
    for column, name, used in zip(st.columns(2), (left, right), (True, right_used), strict=True):
        if name is not None:
            label, step, hint = NUMBERS[name]
            low, high = state.SPANS[name]
            form = "%g" if isinstance(getattr(state.DEFAULTS, name), float) else None
            column.number_input(
                label, low, high, step=step, format=form, key=name, help=hint, disabled=not used
            )


def _classifier_title(name: str) -> str:
    kind, _, sigma = name.partition("-")
    if kind == "gaussian" and sigma:
        return f"Gaussian, noise {float(sigma):g}"
    return "Standard, no noise" if name == "standard" else name
