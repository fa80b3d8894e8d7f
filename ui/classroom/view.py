"""The page of a class: what stands at the door, on the projector and on each phone.

Session-state key: `room-entered`, the code of the room that was shown last.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from diffsmooth_core import InputError
from ui import page
from ui.classroom import hall, open_rooms, phone
from ui.classroom.asking import ask, enter, leave, refusal
from ui.classroom.pieces import frog, lessons
from ui.jobs import rooms

STYLE = Path(__file__).with_name("classroom.css")
STEPS = {
    "Guess": "How many of us would claim too much, if all stopped counting as soon as it suits them?",
    "Give a seed": "Everybody their own. It chooses the noise, and so 100 votes on this frog.",
    "See the bounds": "One after the other, beside the truth.",
    "Peek": "Look after every vote: who would have claimed too much?",
}


def show(code: str) -> None:
    """The room of this code: for its teacher the projector's view, for others the phone's; without a room the
    door."""
    st.html(STYLE)
    if not code:
        _door()
        return
    try:
        room = rooms.look(code)
        room = room if room.teacher else rooms.join(code)
    except InputError as error:
        if st.session_state.get("room-entered") == code:
            _closed()
        else:
            _door(str(error))
        return
    st.session_state["room-entered"] = code
    (hall if room.teacher else phone).show(room)


def _door(why: str = "") -> None:
    """Two ways in: to join a room, or to open one; the operator sees those that are open. `why` is the reason
    that the address leads to none."""
    st.markdown(
        "An experiment for a whole class: how many claim too much, if they stop counting when it suits?"
    )
    joining, opening = st.columns(2, gap="medium")
    with joining.container(border=True, height="stretch"):
        st.subheader("Take part", anchor=False)
        with st.form("join", border=False):
            st.text_input("Code on the projector", key="room-code", max_chars=20, autocomplete="off")
            st.form_submit_button("Join", type="primary", on_click=partial(ask, "join", _join))
        refusal("join")
        page.problem_line(why)
    with opening.container(border=True, height="stretch"):
        st.subheader("Teach", anchor=False)
        st.markdown("Open a room on the projector. The class joins it with phones, without names.")
        st.button("Open a room", type="primary", on_click=partial(ask, "open", _open))
        refusal("open")
    open_rooms.show()
    with st.container(key="room-story"):
        picture, steps = st.columns([2, 3], gap="large", vertical_alignment="center")
        picture.html(frog())
        for number, (name, words) in enumerate(STEPS.items(), 1):
            steps.subheader(f"{number}. {name}", anchor=False)
            steps.markdown(words)


def _closed() -> None:
    """What whoever was in a room sees when it is closed, or its time is over."""
    with st.container(key="room-phone"):
        st.subheader("The room is closed", anchor=False)
        st.markdown("All that was given in it is forgotten. Each for themselves can go on:")
        lessons()
        st.button("Join another room", type="tertiary", on_click=leave)


def _open() -> None:
    enter(rooms.open_room().code)


def _join() -> None:
    enter(rooms.join(st.session_state["room-code"]).code)
