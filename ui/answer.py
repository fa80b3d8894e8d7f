"""The card at the top of a page: a picture, the answer about it, and the buttons."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from diffsmooth_core import Progress, SmoothingConfig
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.wording import duration
from ui import tours
from ui.components import sheet, strip
from ui.images import data_url
from ui.jobs import certificates
from ui.jobs.certificates import Certification
from ui.jobs.polling import failure, is_waiting, show_queue_position
from ui.session import state
from ui.verdict import true_class, verdict

NONE = "#c2362b"  # the colour of what cannot be done


def card(
    picture: Picture, names: tuple[str, ...], again: bool = False
) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Draw the picture on the left, or that there is none, and return the containers for the answer and for
    the buttons. Where the page shows it `again` below, it makes room for the answer when presenting."""
    left, action = st.columns([7, 1.1], gap="medium")
    with left:
        portrait, body = st.columns([1, 4.4], gap="medium", wrap=False)
    frame = strip.Frame(picture.title, true_class(picture, names), (_portrait(picture),), crisp=False)
    if state.picture_problem():
        frame = strip.Frame("What was given", "cannot be used", word="no picture", colour=NONE)
    with portrait:
        strip.show([frame], key="portrait-again" if again else "portrait")
        if tours.shows("picture"):
            sheet.pictures()
    return body, action


@lru_cache(maxsize=64)
def _portrait(picture: Picture) -> str:
    return data_url(picture.shown)


def status(snapshot: Certification, names: tuple[str, ...]) -> None:
    """Show the state of a certification: a line of text, and a progress bar or a sentence."""
    config, progress = snapshot.subject.config, snapshot.progress
    total = config.n0 + config.n
    counted = certificates.votes_counted(snapshot)
    if is_waiting(snapshot):
        show_queue_position(lambda: certificates.find(snapshot.id), _soon)
        st.progress(counted / total)
    elif not snapshot.finished:
        waiting = "**Cancelling:** the votes in hand are being counted."
        st.markdown(waiting if snapshot.cancelling else _pace(progress, total - counted))
        st.progress(counted / total)
    elif snapshot.state == "cancelled":
        after = f"after {counted:,} of {total:,} votes" if counted else "before the first vote"
        st.markdown(f"**Cancelled** {after}.")
        if counted:
            st.markdown(
                "What was counted is kept, and Resume goes on from there. Nothing is certified: only a run "
                "that has ended gives a certificate."
            )
    elif snapshot.state == "failed":
        st.subheader(":material/error: Stopped: no certificate", anchor=False)
        st.markdown(failure(snapshot))
    elif progress and progress.certificate:
        outcome = verdict(progress.certificate, snapshot.subject.picture, names)
        st.subheader(f"{outcome.mark} {outcome.word}: {outcome.headline}", anchor=False)
        st.markdown(outcome.sentence)


def find_time(place: DeltaGenerator, picture: Picture, config: SmoothingConfig) -> bool:
    """Find out how long a run takes where that is not known yet, once all else is drawn, and say it. Returns
    whether it was found out."""
    if certificates.seconds_needed(config):
        return False
    certificates.time_votes(picture, config)
    say_time(place, config)
    return bool(certificates.seconds_needed(config))


def say_time(place: DeltaGenerator, config: SmoothingConfig, counted: int = 0) -> None:
    """About how long the votes that are not counted yet take, where votes of this cost were timed."""
    if seconds := certificates.seconds_needed(config):
        left = 1 - counted / (config.n0 + config.n)
        most = "" if config.stopping == "fixed" else "at most "
        place.caption(f"{most}about {duration(seconds * left)}")


def _soon(waiting: Certification) -> str:
    seconds = certificates.seconds_until_turn(waiting.id)
    return f", for about {duration(seconds)}" if seconds else ""


def _pace(progress: Progress | None, left: int) -> str:
    if progress is None:
        return "**Starting:** the first votes are on their way."
    stage = "Choosing the class" if progress.stage == "selection" else "Counting votes for the bound"
    return (
        f"**{stage}:** {progress.n_done:,} of {progress.n_total:,} · "
        f"{progress.votes_per_second:.0f} votes a second · {duration(left / progress.votes_per_second)} left"
    )
