"""The address of a page that keeps no `Settings`: what the page shows stands there by name, and is read from
there, so that a choice is the same one whether it comes from a control, a link, a reload or Back.

A page begins with its header (`begin`), binds its controls (`bind`) and has its address completed (`tell`).
Session-state keys: `shown`, what was bound in this run, and `shown-before`, in the one before it; `followed`,
what a link to the page named last. A bound control's key is its name after `address-`.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from ui.components.address import complete
from ui.session import notices, state

UNKNOWN = "{name} = {asked!r:.42} in the address is unknown; {value} is used instead"


def begin() -> None:
    """Begin a run of a page."""
    st.session_state["shown-before"] = st.session_state.get("shown", {})
    st.session_state["shown"] = {}


def follow_link(name: str) -> None:
    """Have the browser's address be the one that this run was asked for, where its parameter `name` is
    another one than before: a link from a page to itself leaves the browser's address as it was."""
    asked = st.query_params.get(name)
    if asked != st.session_state.get("followed"):
        st.session_state["followed"] = asked
        st.query_params.update({})


def bind(name: str, options: Sequence[Any], usual: Any = None, said: str = UNKNOWN) -> dict[str, Any]:
    """Arguments for a control that chooses one of `options`: the one that the parameter `name` says, or else
    the `usual` one, which is the first where none is given; where it says something else, see `check`. A
    choice writes the parameter, as an entry of its own in the browser's history."""
    key = f"address-{name}"
    known = {str(option): option for option in options}
    value = known.get(st.query_params.get(name, ""), options[0] if usual is None else usual)
    check(name, known, value, said)
    st.session_state[key] = value
    show(name, value)
    return {"key": key, "on_change": lambda: choose(name, st.session_state[key])}


def check(name: str, known: Container[str], value: Any, said: str = UNKNOWN) -> None:
    """Say so where the parameter `name` is none of `known`, or one of several is not, and which value is
    taken; not of one that this page itself had shown, as after the choice of another data set."""
    before = st.session_state["shown-before"].get(name)
    own = list(map(str, before if isinstance(before, list) else [before]))
    for asked in st.query_params.get_all(name):
        sentence = said.format(name=name, asked=asked, value=value)
        told = sentence in (notice.sentence for notice in notices.current())  # the browser may ask twice
        if asked not in known and asked not in own and not told:
            notices.notify(sentence)


def choose(name: str, value: Any) -> None:
    """Write a choice into the address, as an entry of its own in the browser's history; None ends one."""
    if value is None:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = str(value)


def show(name: str, value: Any) -> None:
    """Have the address say this; not mention it where it is None."""
    st.session_state["shown"][name] = value


def tell() -> None:
    """Have the browser's address say all that was bound in this run, and whether the page is presented; show
    what was wrong with it."""
    notices.show_rest()
    begun = {name: st.query_params.get_all(name) for name in st.query_params}
    shown = st.session_state["shown"] | {"present": 1 if state.presenting() else None}
    wanted = {name: value for name, value in (begun | shown).items() if value is not None}
    complete((st.query_params.to_dict(),), urlencode(wanted, doseq=True))
