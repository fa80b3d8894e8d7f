"""The state of a session besides the settings of its pages: the picture, the run, the lesson.

Session-state keys: `picture`, `upload`, `job`, `lesson`, `picture-at-end` and `playing`. `url` is that of
`url.py`, `notices.py` and `visitor.py` name their own, and each setting of a page has one, which is also its
widget's key and, without the page's prefix, its name in the address. Keys of widgets that hold nothing worth
keeping stand where the widget is drawn.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.caching import MB, kept
from diffsmooth_core.certification.commitment import check_nonce
from diffsmooth_core.datasets.sources import Picture, refitted, resolve
from ui.session import notices, settings
from ui.session.numbers import configuration
from ui.session.settings import DEFAULTS

NO_PROBLEM = ("", "")  # the kind of what was refused as a picture, and why


@kept(64 * MB)
def resolved(spec: str, dataset: str = DEFAULTS.dataset) -> Picture:
    """The picture of a spec from the page or the address, always the same object. Raises InputError."""
    return resolve(spec, dataset, paths=False)


def dataset() -> str:
    """The data set whose classes are voted for."""
    return str(st.session_state.get("dataset", DEFAULTS.dataset))


def config() -> SmoothingConfig:
    """The settings as the core takes them. Raises InputError."""
    return configuration(st.session_state)


def setting(name: str) -> Any:
    """One setting of the page."""
    return st.session_state[name]


def challenge() -> str:
    """The verifier's nonce for the run, or empty. Raises InputError for a text that is none."""
    text = str(st.session_state.get("challenge", "")).strip()
    return check_nonce(text) if text else ""


def change_settings(**values: Any) -> None:
    """New values for some settings of the page."""
    st.session_state.update(values)


def take_usual_settings() -> None:
    """The settings that are usual with the data set that was just chosen, and its networks; a picture of one
    of its classes."""
    change_settings(**settings.usual(dataset(), setting("method")))
    take_known_picture(dataset())


def take_settings_of_method() -> None:
    """The settings that are usual with the method that was just chosen, where the data set has such."""
    change_settings(**settings.usual_of_method(dataset(), setting("method")))


def take_known_picture(dataset: str) -> None:
    """Have a picture that is of none of the data set's classes, and was not uploaded, give way to its first
    one."""
    if st.session_state["upload"] is None and resolved(picture_spec(), dataset).label is None:
        set_picture(settings.first_picture(dataset))


def lesson() -> str:
    """The name of the lesson that the page is about; none where it shows everything."""
    return str(st.session_state.get("lesson", ""))


def end_lesson() -> None:
    """Show everything again."""
    st.session_state["lesson"] = ""


def guess(lesson: str) -> int | None:
    """The number of the guess that was made in a lesson, from 0."""
    guesses: dict[str, int] = st.session_state.get("guesses", {})
    return guesses.get(lesson)


def keep_guess(lesson: str, number: int | None) -> None:
    """Remember a guess; None takes it back."""
    guesses = {name: kept for name, kept in st.session_state.get("guesses", {}).items() if name != lesson}
    st.session_state["guesses"] = guesses if number is None else guesses | {lesson: number}


def outcome(lesson: str) -> str:
    """What came out in a lesson, in words; empty before."""
    outcomes: dict[str, str] = st.session_state.get("outcomes", {})
    return outcomes.get(lesson, "")


def keep_outcome(lesson: str, words: str) -> None:
    """Remember what came out in a lesson."""
    st.session_state["outcomes"] = {**st.session_state.get("outcomes", {}), lesson: words}


def answers() -> dict[str, dict[str, str]]:
    """By lesson, what came out and the number of the guess where there was one."""
    outcomes: dict[str, str] = st.session_state.get("outcomes", {})
    return {
        lesson: {"came_out": words} | ({} if (number := guess(lesson)) is None else {"guess": str(number)})
        for lesson, words in outcomes.items()
    }


def forget_answers() -> None:
    """Forget all guesses and what came out; in the browser too."""
    st.session_state["guesses"], st.session_state["outcomes"] = {}, {}
    st.session_state["forgotten"] = times_forgotten() + 1


def times_forgotten() -> int:
    return int(st.session_state.get("forgotten", 0))


def present(on: bool) -> None:
    """Have the pages drawn for a projector, or not any more."""
    st.session_state["present"] = on


def remember_presenting(on: bool) -> None:
    """`present`, in a session that has not been told yet."""
    st.session_state.setdefault("present", on)


def presenting() -> bool:
    return bool(st.session_state.get("present"))


def set_playing(on: bool) -> None:
    """Whether the page goes on by itself."""
    st.session_state["playing"] = on


def is_playing() -> bool:
    return bool(st.session_state.get("playing"))


def choose_picture(spec: str) -> None:
    """Choose a picture by a spec that came from a browser. An invalid one is reported and changes nothing."""
    try:
        resolved(spec, dataset())
    except InputError as error:
        notices.notify(f"{error}; {picture_spec()} is shown instead")
    else:
        set_picture(spec)


def set_picture(picture: str | Picture) -> None:
    """Choose a picture by its spec, or one that has no spec because it was uploaded."""
    uploaded = isinstance(picture, Picture) and picture.source.startswith("upload:")
    st.session_state["upload"] = picture if uploaded else None
    st.session_state["picture"] = picture.source if isinstance(picture, Picture) else picture
    st.session_state["picture-problem"] = NO_PROBLEM


def refuse_picture(kind: str, problem: str) -> None:
    """Remember why what was given as a picture of this kind is none, in a sentence without its full stop:
    nothing is done with the last picture until one is chosen, or another kind."""
    st.session_state["picture-problem"] = (kind, problem)


def forget_refused(kind: str) -> None:
    """Go back to the last picture where something of another kind than this was refused."""
    if st.session_state.get("picture-problem", NO_PROBLEM)[0] != kind:
        st.session_state["picture-problem"] = NO_PROBLEM


def picture_problem() -> str:
    """Why there is no picture; empty where there is one."""
    return str(st.session_state.get("picture-problem", NO_PROBLEM)[1])


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


def show_job(job_id: str | None) -> None:
    """Show this run from now on."""
    st.session_state["job"] = job_id


def picture_at_end(job_id: str, picture_sha256: str) -> str:
    """The picture that was chosen when this session first saw the end of this run."""
    if st.session_state.get("picture-at-end", ("", ""))[0] != job_id:
        st.session_state["picture-at-end"] = (job_id, picture_sha256)
    return str(st.session_state["picture-at-end"][1])
