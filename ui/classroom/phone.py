"""A phone's view of a room: one thing at a time."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial

import streamlit as st

from diffsmooth_core import InputError
from diffsmooth_core.certification.thousand_seeds import recorded
from diffsmooth_core.markup import Markup
from diffsmooth_core.statistics import clopper_pearson_lower
from diffsmooth_core.wording import down
from ui.classroom.asking import ask, refusal
from ui.classroom.pieces import QUESTION, big, frog, judged, truth
from ui.jobs import rooms
from ui.jobs.room import Phase, Room
from ui.jobs.seeds import ALPHA, SeedResult

SECONDS = 2.0  # between two looks at the room
LARGEST = 999_999_999  # of the seeds that can be typed: a browser's numbers keep all its digits


def show(room: Room) -> None:
    """What a phone in the room shows now, until that changes."""
    with st.container(key="room-phone"):
        STAGES[room.phase](room)
    with st.container(key="room-watch"):
        st.fragment(partial(_watch, room), run_every=SECONDS)()


def _watch(shown: Room) -> None:
    """Draw the page again once the room has gone on, has this phone's result, or counts no more: not before,
    so that nobody loses what they are typing."""
    try:
        now = rooms.look(shown.code)
    except InputError:
        st.rerun()
    told, new = ((room.phase, room.mine_result, room.problem) for room in (shown, now))
    if told != new:
        st.rerun()


def _gathering(room: Room) -> None:
    st.html(frog())
    st.subheader("You are in", anchor=False)
    st.markdown("All of us will certify this frog. Look to the front.")


def _guessing(room: Room) -> None:
    if room.mine_guess is not None and not _changing(room):
        _sent(room, big(f"{room.mine_guess:g}", "in a hundred is your guess"))
        return
    st.subheader(QUESTION, anchor=False)
    with st.form("guess", border=False):
        before = 50 if room.mine_guess is None else int(room.mine_guess)
        st.slider("How many in a hundred", 0, 100, before, key="room-guess", label_visibility="collapsed")
        _send("guess", lambda: rooms.guess(room.code, st.session_state["room-guess"]))


def _seeds(room: Room) -> None:
    refusal("guess")  # which came too late
    if room.mine_seed is not None and not _changing(room):
        _sent(room, big(f"{room.mine_seed}", "is your seed"))
        return
    st.subheader("Give a seed: any number", anchor=False)
    offered = 1000 + secrets.randbelow(9000) if room.mine_seed is None else room.mine_seed
    st.session_state.setdefault("room-seed", offered)
    with st.form("seed", border=False):
        st.number_input("Seed", 0, LARGEST, step=1, key="room-seed", label_visibility="collapsed")
        _send("seed", lambda: rooms.give_seed(room.code, st.session_state["room-seed"]))


def _send(what: str, give: Callable[[], None]) -> None:
    """A form's button, which gives the room what was chosen."""

    def given() -> None:
        give()
        st.session_state.pop("room-changing", None)

    st.form_submit_button("Send", type="primary", width="stretch", on_click=partial(ask, what, given))
    refusal(what)


def _sent(room: Room, said: Markup) -> None:
    """What was given, and the way to give something else while that is asked for."""
    st.html(said)
    st.markdown("Look to the front.")
    st.button("Change it", type="tertiary", on_click=partial(_change, room.phase))


def _change(phase: Phase) -> None:
    st.session_state["room-changing"] = phase


def _changing(room: Room) -> bool:
    return bool(st.session_state.get("room-changing") == room.phase)


def _bounds(room: Room) -> None:
    if (result := _mine(room)) is None:
        return
    st.html(big(f"{result.votes} of {recorded().config.n}", "votes for a frog"))
    st.markdown(
        f"So, you claim, the share is at least **{down(100 * result.lower, 1)} %**. True: **{truth()}**."
    )
    st.html(judged(not result.false, "This claim holds" if not result.false else "This claims too much"))


def _peeking(room: Room) -> None:
    if (result := _mine(room)) is None:
        return
    if (at := result.naive_at) is None:
        st.html(judged(True, "Wherever you had stopped, your claim would have held"))
        st.markdown(f"Your bound was never above **{truth()}**.")
        return
    bound, true = _told_apart(first_above(recorded().share, at), recorded().share)
    st.html(judged(False, "You would have claimed too much"))
    st.markdown(f"After vote **{at}** your bound was **{bound} %**: more than is true, **{true} %**.")
    st.markdown("Had you stopped there, nobody could have told.")


def _mine(room: Room) -> SeedResult | None:
    """The result of this phone's seed, where it claims something; says why, where there is none."""
    result = room.mine_result
    if room.mine_seed is None:
        said, why = "You gave no seed", ""
    elif result is None:
        counted = "were not counted: that ended early" if room.problem else "are being counted"
        said, why = f"Your votes {counted}", f"Your seed is {room.mine_seed}. "
    elif not result.votes:
        said = "You claim nothing for a frog"
        why = f"The first {recorded().config.n0} votes of your seed, which choose the class, chose another. "
    else:
        return result
    st.subheader(said, anchor=False)
    refusal("seed")  # which came too late
    st.markdown(f"{why}Look to the front.")
    return None


def first_above(share: float, votes: int) -> float:
    """The bound of somebody who looks after every vote, when after so many it is above `share` for the first
    time. It is the least one above: with one vote for the class less it would have been so a vote ago."""
    found = (clopper_pearson_lower(k, votes, ALPHA) for k in range(votes + 1))
    return next(bound for bound in found if bound > share)


def _told_apart(bound: float, true: float) -> tuple[str, str]:
    """Two shares in percent, with as many digits as it takes to see that they differ."""
    pairs = ((down(100 * bound, digits), down(100 * true, digits)) for digits in range(1, 9))
    return next(pair for pair in pairs if pair[0] != pair[1])


STAGES: dict[Phase, Callable[[Room], None]] = {
    Phase.GATHERING: _gathering,
    Phase.GUESSING: _guessing,
    Phase.SEEDS: _seeds,
    Phase.BOUNDS: _bounds,
    Phase.PEEKING: _peeking,
}
