"""The sidebar's settings: plain words beside the paper's symbols, a line of help each."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.config import GIVE_UP, METHODS
from diffsmooth_core.plugins import plugin_names
from diffsmooth_core.wording import written
from diffsmooth_core.zoo.cards import names
from ui import tours
from ui.components import picker, sheet
from ui.jobs import certificates
from ui.page import error_box
from ui.session import settings, state
from ui.session.draft import Draft
from ui.session.numbers import NUMBERS, fits
from ui.text import plain
from ui.titles import DATASETS, dataset_title, method_title, network_title

HINTS = {
    "method": "How a noisy copy comes to its vote.",
    "classifier": "The network that votes, and the noise it was trained under.",
    "dtype": "What the networks compute in. It is part of what is certified: in bfloat16 votes come up to "
    "twice as fast, and a few of them differ.",
    "dataset": "The classes that are voted for, and the size that the networks see.",
    "denoiser": "The network that takes the noise away before the classifier sees the copy.",
    "noise": "Local noise new for every vote, or m fixed tensors for all; or noise in whole steps of 1/255, "
    "which leaves no trace of rounding that a network could tell.",
    "stopping": "When counting may end: after n votes; once the target radius is reached; also once it "
    "cannot be any more; the same by an exact test of the target alone, which takes the fewest votes and "
    "gives no larger radius; or at a few growing looks. A bound that holds whenever one looks costs radius.",
    "bound": "p_A against all other classes together, or against the runner-up, which can certify below ½.",
}
DTYPES = {"auto": "usual", "float32": "float32", "bfloat16": "bfloat16"}
NOISES = {"fresh": "fresh (the paper)", "reference": "fixed set (released)", "sound": "1/255 steps (sound)"}
STOPPING = {
    "fixed": "after n votes",
    "target": "at the target radius",
    "decided": "target met or lost",
    "sequential": "target tested",
    "adaptive": "in growing rounds",
} | {name: name for name in plugin_names("stopping")}
BOUNDS = {"one-class": "p_A against ½", "two-class": "p_A against p_B"}


def sidebar(shared: bool = False, dials: bool = False) -> Draft[SmoothingConfig]:
    """Draw every control, or only those whose settings are `shared` by several that the page itself asks
    for, or all but noise and votes, which are `dials` of the page; the configuration, or what is wrong with
    it, which is said here too."""
    with st.sidebar:
        datasets = {name: dataset_title(name) for name in settings.choices("dataset", state.dataset())}
        dataset = _select("dataset", "Data set", datasets, chosen=state.take_usual_settings)
        if tours.shows("picture"):
            picker.choose()
        methods = {name: method_title(name) for name in settings.choices("method", dataset)}
        classifiers = {name: network_title(name) for name in settings.classifiers(dataset)}
        if not classifiers:
            sheet.close()
            if names("classifier", dataset):
                return Draft(None, f"no classifier for {dataset_title(dataset)} may be chosen here")
            remedy = (
                "models add timm/resnet50.a1_in1k --name resnet50"
                if dataset in DATASETS
                else f"train gaussian --dataset {dataset} --name {dataset}-gaussian-0.25 --minutes 30"
            )
            return Draft(
                None,
                f"there is no classifier for {dataset_title(dataset)} here; add one on the page Models, or "
                f"run: python -m diffsmooth_core {remedy}",
            )
        if st.session_state["classifier"] not in classifiers:
            st.session_state["classifier"] = next(iter(classifiers))
        name = settings.DEFAULTS.method
        if not shared:
            name = _select("method", "Method", methods, chosen=state.take_settings_of_method)
        method = METHODS[name]
        local, reverse = method.smooths_locally, shared or "reverse_steps" in method.settings
        if not shared:
            _select("classifier", "Classifier", classifiers)
        denoisers = settings.denoisers(name, dataset, st.session_state["classifier"])
        if method.purifies and not denoisers:
            sheet.close()
            return Draft(
                None,
                f"there is no denoiser of the kind that {method.title} needs here; choose another method, or "
                "run: python -m diffsmooth_core models download 256x256_diffusion_uncond",
            )
        if denoisers:
            if st.session_state["denoiser"] not in denoisers:
                st.session_state["denoiser"] = denoisers[0]
            _select("denoiser", "Denoiser", {d: network_title(d) for d in denoisers}, method.purifies)
        if not shared and not dials:
            _numbers("sigma", "sigma_local", local)
            _numbers("n", "m", local)
        more = st.expander("More settings") if tours.current() is None else st.container()
        with more:
            _more_settings(reverse)
        draft = Draft.of(state.config)
        if not shared and tours.current() is None:
            with more:
                _challenge(draft.values)
        if draft.problem and not (dials and _beside_a_dial()):
            error_box(draft.problem)
        if problem := state.picture_problem():
            draft = Draft(None, problem)
        for sentence in draft.values.advice if draft.values and not shared else ():
            st.caption(plain(sentence))
        sheet.close()
        return draft


def _more_settings(reverse: bool) -> None:
    """Draw the controls that few visits need; `reverse` says whether those of a reverse process are used."""
    _numbers("n0", "alpha")
    _numbers("purifications", "reverse_steps", reverse, reverse)
    _numbers("seed", None)
    _select("noise", "Noise is", NOISES)
    stopping = _select("stopping", "Stop", STOPPING)
    _numbers("target_radius", "beta", stopping in GIVE_UP, stopping != "fixed")
    _numbers("rounds", None, left_used=stopping == "adaptive")
    _select("bound", "Bound", BOUNDS)
    _select("dtype", "Precision", DTYPES)


def _challenge(config: SmoothingConfig | None) -> None:
    """The verifier's nonce, and the commitment that it has to be given for."""
    st.text_input(
        "Challenge",
        key="challenge",
        placeholder="none: the seed is your choice",
        help="A verifier's answer to the commitment of these settings: the noise is then nobody's choice. "
        "Without it a certificate may be the best of many seeds.",
    )
    if st.toggle("Commitment to give to a verifier", disabled=config is None) and config is not None:
        try:
            st.code(certificates.commitment(state.picture(), config), language=None, wrap_lines=True)
        except InputError as error:
            error_box(str(error))


def described(config: SmoothingConfig, name: str) -> str:
    """A setting in words: "noise σ = 0.5", "method DiffSmooth"."""
    value = getattr(config, name)
    if name in NUMBERS:
        label = NUMBERS[name][0]
        return f"{label[0].lower()}{label[1:]} = {written(value)}"
    titles: dict[str, Callable[[str], str]] = {
        "dataset": dataset_title,
        "method": method_title,
        "classifier": network_title,
        "denoiser": network_title,
        "noise": NOISES.__getitem__,
        "stopping": STOPPING.__getitem__,
        "bound": BOUNDS.__getitem__,
        "dtype": DTYPES.__getitem__,
    }
    return f"{name} {titles[name](value)}"


def _select(
    name: str, label: str, titles: dict[str, str], used: bool = True, chosen: Callable[[], None] | None = None
) -> str:
    """Draw a choice from a list and return its value; a lesson may hide the control, which then keeps its
    value. `chosen` is called after a choice."""
    if not tours.shows(name):
        return str(st.session_state[name])
    return st.selectbox(
        label,
        list(titles),
        format_func=titles.__getitem__,
        key=name,
        help=HINTS[name],
        disabled=not used,
        on_change=chosen,
    )


def _beside_a_dial() -> bool:
    """Whether a dial says itself that its number cannot be."""
    return not all(fits(state.setting(name), settings.SPANS[name]) for name in settings.DIALS)


def _numbers(left: str, right: str | None, right_used: bool = True, left_used: bool = True) -> None:
    """Two numbers side by side, or those of them that a lesson shows."""
    visible = [(n, used) for n, used in ((left, left_used), (right, right_used)) if n and tours.shows(n)]
    for column, (name, used) in zip(st.columns(2) if visible else (), visible, strict=False):
        label, step, hint = NUMBERS[name]
        form = "%g" if isinstance(getattr(settings.DEFAULTS, name), float) else None
        off = not used and fits(st.session_state[name], settings.SPANS[name])
        column.number_input(label, step=step, format=form, key=name, help=hint, disabled=off)
