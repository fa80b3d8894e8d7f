"""The rooms that are open on this server, for its operator."""

from __future__ import annotations

import streamlit as st

from ui.classroom.asking import closing, enter, refusal
from ui.jobs import rooms
from ui.session.visitor import is_operator

SECONDS = 5.0  # between two looks


def show() -> None:
    """The rooms with how long they have been open and how many people are in them, each with the way in
    and the way to close it; nothing for whoever is not the operator."""
    if is_operator():
        with st.container(border=True):
            st.subheader("Open rooms", anchor=False)
            st.fragment(_listed, run_every=SECONDS)()


def _listed() -> None:
    found = rooms.every_room()
    if not found:
        st.markdown("No room is open. You are the operator: all that are would stand here.")
    for room in found:
        with st.container(horizontal=True, vertical_alignment="center"):
            people = "1 person is" if room.people == 1 else f"{room.people} people are"
            st.markdown(f"**{room.code}**: open for {room.minutes} min, {people} in it", width="content")
            if st.button("Lead", key=f"room-lead-{room.code}"):
                enter(room.code)
                st.rerun()
            closing("Close", room.code)
    refusal("close")
