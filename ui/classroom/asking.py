"""What a person asks of a room by a button, and why it did not go, beside that button.

Session-state key: `room-refused`, the button that was pressed last and why it did nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from diffsmooth_core import InputError
from ui import page
from ui.jobs import rooms


def ask(button: str, action: Callable[[], object]) -> None:
    """Do what a button is for; an InputError is shown by `refusal` of the same button."""
    st.session_state.pop("room-refused", None)
    try:
        action()
    except InputError as error:
        st.session_state["room-refused"] = (button, str(error))


def refused(button: str) -> str:
    """Why the button did nothing when it was pressed last; empty where it did."""
    pressed, why = st.session_state.get("room-refused", ("", ""))
    return str(why) if pressed == button else ""


def refusal(button: str) -> None:
    """Draw why the button did nothing when it was pressed last; nothing where it did."""
    page.problem_line(refused(button))


def closing(label: str, code: str, then: Callable[[], object] = lambda: None) -> None:
    """A button that says what closing a room loses, with the one in it that closes the room."""

    def close() -> None:
        rooms.close(code)
        then()

    with st.popover(label, key=f"room-closing-{code}"):
        st.markdown("It forgets all that was given in it.")
        st.button("Close it", key=f"room-close-{code}", on_click=partial(ask, "close", close))


def enter(code: str) -> None:
    """Have the address lead to this room; the page shows it then."""
    st.query_params["room"] = code


def leave() -> None:
    """Have the address lead to no room."""
    st.query_params.pop("room", None)
