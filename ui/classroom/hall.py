"""The projector's view of a room: what is asked, how many have answered, and what came out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import median

import streamlit as st

from diffsmooth_core import InputError
from diffsmooth_core.certification.thousand_seeds import recorded
from diffsmooth_core.markup import element
from ui import page
from ui.classroom import charts, joining
from ui.classroom.asking import ask, closing, leave, refusal, refused
from ui.classroom.pieces import QUESTION, big, frog, lessons, truth
from ui.components import figure
from ui.jobs import rooms
from ui.jobs.registry import jobs
from ui.jobs.room import Phase, Room
from ui.jobs.seeds import ALPHA

SECONDS = 1.0  # between two looks at the room
NEXT = {
    Phase.GATHERING: "Guess",
    Phase.GUESSING: "Give seeds",
    Phase.SEEDS: "Draw the votes",
    Phase.BOUNDS: "What if we had peeked?",
}


def show(room: Room) -> None:
    """The room as its teacher's screen has it, drawn again as the class answers."""
    _lead(room)
    if room.phase is Phase.GATHERING and joining.only_here(joining.address()):
        st.markdown(f":material/phonelink_off: {joining.UNREACHABLE}")

    def draw() -> None:
        try:
            now = rooms.look(room.code)
        except InputError:
            st.rerun()
        if now.phase is not room.phase:
            st.rerun()
        if now.phase is Phase.GATHERING:
            _gathering(now)
        else:
            _staged(now)

    with st.container(key=f"room-hall-{room.phase}"):
        st.fragment(draw, run_every=SECONDS)()


def _lead(room: Room) -> None:
    """The way on, named by what it does, and the way out."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if room.phase in NEXT:
            go_on = partial(ask, room.phase, partial(rooms.advance, room.code, room.phase))
            st.button(NEXT[room.phase], key="room-next", type="primary", on_click=go_on)
        else:
            lessons()
        closing("Close the room", room.code, then=leave)
        if refused(room.phase):
            st.fragment(partial(_hindered, room.code), run_every=SECONDS)()


def _hindered(code: str) -> None:
    """Why the way on was pressed in vain, for as long as it would be again."""
    try:
        page.problem_line(rooms.look(code).hindered)
    except InputError:
        st.rerun()


def _gathering(room: Room) -> None:
    code, typed, here = st.columns([5, 5, 3], gap="large", vertical_alignment="center")
    code.html(joining.qr(joining.link(room.code)))
    typed.html(joining.typed(room.code))
    here.html(frog())
    here.html(_here(room))


def _staged(room: Room) -> None:
    """What the phase is about; at its side the picture, and the way in for whoever comes late."""
    side, stage = st.columns([1, 5], gap="large")
    with side:
        st.html(frog())
        st.html(_here(room))
        st.html(joining.qr(joining.link(room.code)))
        st.html(element("p", room.code, class_="room-code"))
    with stage, st.container(key="room-stage"):
        STAGES[room.phase](room)


def _here(room: Room) -> str:
    return big(f"{room.people}", "is here" if room.people == 1 else "are here")


def _guessing(room: Room) -> None:
    st.subheader(QUESTION, anchor=False)
    st.markdown(
        f"Each of us counts {recorded().config.n} votes on noisy copies of this frog, then claims: *at least "
        "so many in a hundred are for a frog*. Claimed once, at the end, that is too much "
        f"{100 * ALPHA:g} times in a hundred at most."
    )
    st.html(big(f"{len(room.guesses)} of {room.people}", "have guessed"))


def _seeds(room: Room) -> None:
    st.subheader(
        f"Give a seed: any number. It chooses your noise, and so your own {recorded().config.n} votes.",
        anchor=False,
    )
    st.html(big(f"{len(room.seeds)} of {room.people}", "have given one"))
    if room.guesses:
        st.markdown(f"Our guesses; the middle one is **{_middle(room)}** in a hundred:")
        alt = "How many of the class guessed how many in a hundred"
        figure.show(charts.guessed(room.guesses), "room-guesses", alt, 300)


def _bounds(room: Room) -> None:
    false, found = sum(result.false for result in room.results), len(room.results)
    st.subheader(
        f"{'✕ ' if false else ''}{false} of {found} claim more than is true: the share is {truth()}."
        if found
        else "The votes are being drawn.",
        anchor=False,
    )
    _waiting(room)
    alt = "The lower bound of each seed, against the true share"
    chart = charts.bounds(room.results, len(room.seeds), recorded().share)
    figure.show(chart, "room-bounds", alt, 560)


def _waiting(room: Room) -> None:
    """Why there is no more to see, where that is so: other runs are ahead, or the run has ended early."""
    job = jobs().snapshot(room.job) if room.job else None
    if job and job.position:
        st.markdown(f"Runs ahead of ours on this server: {job.position}.")
    if room.problem:
        page.problem_line(f"It ended early: {room.problem}")
        again = partial(ask, "again", partial(rooms.try_again, room.code))
        st.button("Try again", key="room-again", on_click=again)
        refusal("again")


def _peeking(room: Room) -> None:
    total = len(room.results)
    peeked = sum(result.naive_at is not None for result in room.results)
    guessed = f"You guessed {_middle(room)} in a hundred; it" if room.guesses else "It"
    hundred = f"{100 * peeked / total:.0f} in a hundred"
    st.subheader(f"{guessed} came out {peeked} of {total}, which is {hundred}.", anchor=False)
    claimed = {
        "Looked once, at the end": sum(result.false for result in room.results),
        "Looked after every vote": peeked,
        "The same, with the anytime bound": sum(result.anytime_at is not None for result in room.results),
    }
    for column, (rule, false) in zip(st.columns(3), claimed.items(), strict=True):
        column.metric(rule, f"{false} of {total}")
    st.markdown("How many of us have claimed too much by each vote:")
    alt = "Share of the class that has claimed too much by each vote, against alpha"
    figure.show(charts.by_each_look(room.results, recorded().config.n), "room-peeking", alt, 400)


def _middle(room: Room) -> str:
    """The median guess."""
    return f"{median(room.guesses):g}"


STAGES: dict[Phase, Callable[[Room], None]] = {
    Phase.GUESSING: _guessing,
    Phase.SEEDS: _seeds,
    Phase.BOUNDS: _bounds,
    Phase.PEEKING: _peeking,
}
