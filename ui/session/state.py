"""The settings of a page: in the session while one works, in the URL to keep and to share.

Session-state keys: one for each setting of a page (also a widget's key and, without the page's prefix, a URL
parameter), and `picture`, `upload`, `job`, `_beside`, `_page`, `_kept…`, `_url`, `_urls`,
`_acted`, `_playing`, `_visitor`, `_lesson`, `_telling`. Keys of widgets that hold nothing worth
keeping stand where the widget is drawn.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.classifiers.device import fast_dtype
from diffsmooth_core.config import BOUNDS, DTYPES, METHODS, NOISES, STOPPING
from diffsmooth_core.datasets import datasets
from diffsmooth_core.datasets.sources import Picture, refitted, resolve
from diffsmooth_core.experiments import SWEEPS
from diffsmooth_core.purification.purifiers import purifier_of
from diffsmooth_core.zoo.cards import names
from diffsmooth_core.zoo.download import here
from ui.attack import controls
from ui.session import notices
from ui.session.limits import allowed, limit

PICTURE = "gallery:sailing-yacht"
_USUAL = SmoothingConfig(dtype=fast_dtype())
_MOST = {name: limit("runs", name) for name in ("n", "n0", "m")}
DEFAULTS = replace(_USUAL, **{name: min(most, getattr(_USUAL, name)) for name, most in _MOST.items()})
SETTINGS = (
    "dataset",
    "method",
    "classifier",
    "denoiser",
    "sigma",
    "sigma_local",
    "m",
    "purifications",
    "reverse_steps",
    "n0",
    "n",
    "alpha",
    "seed",
    "noise",
    "stopping",
    "target_radius",
    "rounds",
    "bound",
    "dtype",
)
TELLING = 60.0  # seconds from a page's opening in which every run tells the browser the settings, at most
# What single pages have in the URL beside the settings, with the defaults.
VIEW: dict[str, Any] = {
    "step": 1,
    "copy": 1,
    "tab": "compare",
    "settings": "",
    "comparison": "",
    "over": "sigma_local",
    "sweep": "",
    **controls.DEFAULTS,
}
SPANS: dict[str, tuple[float, float]] = {
    "sigma": (0.01, 2.0),
    "sigma_local": (0.0, 2.0),
    "m": (1, _MOST["m"]),
    "purifications": (1, 40),
    "reverse_steps": (1, 100),
    "n0": (1, _MOST["n0"]),
    "n": (10, _MOST["n"]),
    "alpha": (1e-6, 0.5),
    "target_radius": (0.0, 8.0),
    "rounds": (1, 6),
    "seed": (0, 2**53 - 1),  # what a browser's numbers can hold
    "step": (1, 8),
    "copy": (1, 1_000_000),
    **controls.LENGTHS,
    **controls.COUNTS,
}


@lru_cache(maxsize=64)
def resolved(spec: str, dataset: str = DEFAULTS.dataset) -> Picture:
    """The picture of a spec from the page or the URL, always the same object. Raises InputError."""
    return resolve(spec, dataset, paths=False)


def dataset() -> str:
    """The data set whose classes are voted for."""
    return str(st.session_state.get("dataset", DEFAULTS.dataset))


def choices(name: str) -> Sequence[Any]:
    """What the setting `name` can be, for those that are chosen from a list."""
    return {
        "dataset": datasets(),
        "method": tuple(METHODS),
        "classifier": classifiers(),
        "noise": NOISES,
        "stopping": STOPPING,
        "bound": BOUNDS,
        "dtype": DTYPES,
        "denoiser": allowed("denoisers", names("denoiser", dataset()) + here(dataset())),
        "tab": ("compare", "sweep"),
        "over": tuple(SWEEPS),
        **controls.CHOICES,
    }[name]


def denoisers(method: str) -> tuple[str, ...]:
    """The denoisers that a method can work with; all where it uses none."""
    networks = purifier_of(method).networks
    published = here(dataset()) if not networks or "unet" in networks else ()
    return allowed("denoisers", names("denoiser", dataset(), *networks) + published)


def classifiers() -> tuple[str, ...]:
    """The classifiers that may be chosen for the data set."""
    return allowed("classifiers", names("classifier", dataset()))


def visitor() -> str:
    """Whose browser this is: a name for the queue, not for a person."""
    return str(st.session_state.setdefault("_visitor", secrets.token_urlsafe(6)))


@dataclass(frozen=True)
class Settings:
    """What a page keeps in the URL: its defaults by name, the spans of numbers, the choices of the others.

    `prefix` is that of its session-state keys; `dataset` is given where the page knows only one; what is in
    `view` is in the URL only of the pages that say so.
    """

    defaults: Mapping[str, Any]
    spans: Mapping[str, tuple[float, float]]
    choices: Callable[[str], Sequence[Any]]
    prefix: str = ""
    dataset: str | None = None
    view: Collection[str] = ()

    def parse(self, name: str, text: str) -> Any:
        """A setting's value from the URL's text. Raises InputError, which says what is used instead."""
        default = self.defaults[name]
        if name in self.view and default == "":
            return text[:500]  # a list of settings or a job's id: whoever uses it looks whether it is one
        if name not in self.spans:
            choices = {str(choice): choice for choice in self.choices(name)}
            if text in choices:
                return choices[text]
            raise InputError(f"{name} = {text[:40]!r} in the address is unknown; {default} is used instead")
        low, high = self.spans[name]
        try:
            value = type(default)(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            kind = "whole number" if isinstance(default, int) else "number"
            raise InputError(
                f"{name} = {text[:40]!r} in the address is not a {kind} from {low:g} to {high:g}; "
                f"{default} is used instead"
            )
        return value

    def kept(self) -> dict[str, Any]:
        """The settings as they stand in the session."""
        return {name: st.session_state[self.prefix + name] for name in self.defaults}


CERTIFY = Settings(
    {name: getattr(DEFAULTS, name) for name in SETTINGS} | VIEW, SPANS, choices, view=tuple(VIEW)
)


def _page() -> str:
    """Which page runs: a widget of another one is another widget, though its key is the same."""
    context = get_script_run_ctx()
    return context.page_script_hash if context else ""


def restore(page: Settings = CERTIFY) -> bool:
    """Bring the session in step with the URL; whether it held what this session did not write there."""
    state, parameters, kept = st.session_state, st.query_params.to_dict(), f"_kept{page.prefix}"
    acted, now = state.pop("_acted", False), _page()
    left, state["_page"] = state.get("_page", now) != now, now
    if left or "_lesson" not in state:
        state["_lesson"] = parameters.get("lesson", "")
    if page.dataset:
        state["dataset"] = page.dataset
    chosen = not left and any(
        state.get(page.prefix + name, value) != value for name, value in state.get(kept, {}).items()
    )
    ours = ({}, state.get("_url"), *(state.get("_urls", ()) if chosen else ()))  # Back changes no control
    if kept in state and (acted or parameters in ours):
        if acted or chosen:
            state["_telling"] = 0.0  # who does something has the page drawn
        if left:  # widgets of a page that was left lose their state
            state["_telling"] = time.monotonic() + TELLING
            state.update({page.prefix + name: value for name, value in state[kept].items()})
        recall(page.defaults, page)
        return False
    state["_telling"] = time.monotonic() + TELLING
    for name, default in page.defaults.items():
        state[page.prefix + name] = default
        if name in parameters:
            try:
                state[page.prefix + name] = page.parse(name, parameters[name])
            except InputError as error:
                notices.notify(str(error))
    state["_lesson"] = parameters.get("lesson", "")
    state["job"] = parameters.get("job") if page is CERTIFY else state.get("job")
    if parameters or "picture" not in state:
        pick(PICTURE)
    if "picture" in parameters:
        choose(parameters["picture"])
    state[kept], state["_url"] = page.kept(), parameters
    return True


def save(page: Settings = CERTIFY, view: Collection[str] = ()) -> None:
    """Write the settings into the URL, and these of the page's view. An uploaded picture is not in it."""
    state = st.session_state
    state[f"_kept{page.prefix}"] = page.kept()
    hidden = set(page.view) - set(view)
    url = {name: str(v) for name, v in page.kept().items() if name not in hidden and str(v)}
    if state["upload"] is None:
        url = {"picture": state["picture"]} | url
    if state["job"] and page is CERTIFY:
        url["job"] = state["job"]
    if state["_lesson"]:
        url["lesson"] = state["_lesson"]
    if url != st.query_params.to_dict():
        st.query_params.from_dict(url)
        state["_urls"] = (*state.get("_urls", ())[-7:], url)  # of quick changes, some come with earlier ones
    state["_url"] = url


def recall(names: Iterable[str], page: Settings = CERTIFY) -> None:
    """Bring back these settings where the session let go of them because their widgets were not drawn for a
    while. Until somebody does something on a page that was just opened, tell the browser every value again:
    a slow one has drawn nothing of the first run when the second comes, and takes a widget's smallest value
    where it is told none."""
    state = st.session_state
    telling = time.monotonic() < state.get("_telling", 0.0)
    for name in names:
        key = page.prefix + name
        if telling or key not in state:
            state[key] = state.get(key, state[f"_kept{page.prefix}"][name])


def act() -> None:
    """Say that a person's choice is being taken: it counts even where the browser sent it together with an
    address from before the last one that `save` wrote."""
    st.session_state["_acted"] = True


def lesson() -> str:
    """The lesson that the page is about; none where it shows everything."""
    return str(st.session_state.get("_lesson", ""))


def end_lesson() -> None:
    """Show everything again."""
    st.session_state["_lesson"] = ""


def put(**shown: Any) -> None:
    """New values for some of VIEW."""
    st.session_state.update(shown)


def turn(**shown: Any) -> None:
    """New values for some of VIEW, as a person chose."""
    put(**shown)
    act()


def shown(name: str) -> Any:
    """The value of one of VIEW."""
    return st.session_state[name]


def play(on: bool) -> None:
    """Whether the page goes on by itself."""
    st.session_state["_playing"] = on


def playing() -> bool:
    return bool(st.session_state.get("_playing"))


def config() -> SmoothingConfig:
    """The settings as the core takes them. Raises InputError."""
    return SmoothingConfig(**{name: st.session_state[name] for name in SETTINGS})


def kept() -> SmoothingConfig:
    """The Certify page's settings as they were left, for another page. Raises InputError."""
    kept = st.session_state.get("_kept", {})
    return SmoothingConfig(**{name: value for name, value in kept.items() if name in SETTINGS})


def choose(spec: str) -> None:
    """Choose a picture by a spec that came from a browser; a bad one is said and changes nothing."""
    try:
        resolved(spec, dataset())
    except InputError as error:
        notices.notify(f"{error}; {picture_spec()} is shown instead")
    else:
        pick(spec)


def pick(picture: str | Picture) -> None:
    """Choose a picture by its spec, or one that has no spec because it was uploaded."""
    uploaded = isinstance(picture, Picture) and picture.source.startswith("upload:")
    st.session_state["upload"] = picture if uploaded else None
    st.session_state["picture"] = picture.source if isinstance(picture, Picture) else picture


def picture_spec() -> str:
    return str(st.session_state["picture"])


def picture() -> Picture:
    """The chosen picture. Raises InputError."""
    uploaded: Picture | None = st.session_state["upload"]
    if uploaded and uploaded.dataset != dataset():
        uploaded = refitted(uploaded, dataset())
        st.session_state["upload"] = uploaded
    return uploaded or resolved(picture_spec(), dataset())


def job() -> str | None:
    """The id of the run that the page shows."""
    found: str | None = st.session_state["job"]
    return found


def watch(job_id: str | None) -> None:
    """Show this run from now on."""
    st.session_state["job"] = job_id
    if job_id:
        st.session_state["_telling"] = 0.0  # somebody pressed a button


def beside(job_id: str, picture_sha256: str) -> str:
    """The picture that was chosen when this session first saw the end of this run."""
    if st.session_state.get("_beside", ("", ""))[0] != job_id:
        st.session_state["_beside"] = (job_id, picture_sha256)
    return str(st.session_state["_beside"][1])
