"""Sentences that a person must read: each stays on its page until it is dismissed or the page is left.

Session-state keys: `notices`, `notices-page` and `notices-place`, the top of the page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from diffsmooth_core.config import InputError
from ui.text import plain

MOST = 6  # sentences at once: the oldest goes first


@dataclass(frozen=True)
class Notice:
    """`form` names the form that it is shown with; "" is the top of the page. A `refusal` says why something
    could not be done, until it is tried again."""

    sentence: str
    form: str = ""
    refusal: bool = False
    shown: bool = False


def notify(sentence: str, form: str = "", refusal: bool = False) -> None:
    """Have the page say this until it is dismissed."""
    _keep([*_without(sentence, form), Notice(sentence, form, refusal)][-MOST:])


def attempt(action: Callable[..., object], *args: object, form: str = "") -> None:
    """Do what a person asked for; where that is not possible, have the page say why."""
    _keep([notice for notice in current() if not (notice.refusal and notice.form == form)])
    try:
        action(*args)
    except InputError as error:
        notify(str(error), form, refusal=True)


def show_on(page: str) -> None:
    """Draw what is to be said at the top of this page; what another one has shown is dropped."""
    if st.session_state.get("notices-page", page) != page:
        _keep([notice for notice in current() if not notice.shown])
    st.session_state["notices-page"] = page
    st.session_state["notices-place"] = st.container()
    with st.session_state["notices-place"]:
        show_with("")


def show_rest() -> None:
    """Draw at the top of the page what was said since `show_on`. A page that broke off before has no place
    for it, and the next one says it."""
    place = st.session_state.pop("notices-place", None)
    rest = [notice for notice in current() if not notice.form and not notice.shown]
    if rest and place is not None:
        with place:
            for notice in rest:
                _draw(notice)
        _keep([replace(notice, shown=notice.shown or notice in rest) for notice in current()])


def show_with(form: str) -> None:
    """Draw what is to be said with a form of the page."""
    _keep([replace(notice, shown=notice.shown or notice.form == form) for notice in current()])
    for notice in current():
        if notice.form == form:
            _draw(notice)


def current() -> list[Notice]:
    """The notices that have not been dismissed."""
    found: list[Notice] = st.session_state.get("notices", [])
    return found


def _draw(notice: Notice) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if notice.form:
            (st.error if notice.refusal else st.success)(plain(notice.sentence))
        else:
            st.caption(f":material/info: {plain(notice.sentence)}", width="content")
        st.button(
            "Dismiss",
            key=f"dismiss-{notice.form}-{notice.sentence}",
            type="tertiary",
            on_click=lambda: _keep(_without(notice.sentence, notice.form)),
        )


def _without(sentence: str, form: str) -> list[Notice]:
    return [notice for notice in current() if (notice.sentence, notice.form) != (sentence, form)]


def _keep(notices: list[Notice]) -> None:
    st.session_state["notices"] = notices
