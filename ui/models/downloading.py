"""Published networks that are not on this machine: what each is, what a download brings, and a button."""

from __future__ import annotations

import streamlit as st

from diffsmooth_core.zoo.download import HUB, Published
from ui.jobs import downloads
from ui.jobs.cancelling import cancel_button
from ui.jobs.polling import failure, is_waiting, poll, show_queue_position
from ui.session import notices
from ui.session.limits import limit
from ui.text import plain


def show(datasets: tuple[str, ...]) -> None:
    """Every published network for these data sets that is not here, each in a box of its own."""
    names = [name for dataset in datasets for name in downloads.missing(dataset)]
    if not names:
        return
    st.subheader("Not on this machine", anchor=False)
    st.caption(
        "Larger networks that others have published. Nothing is fetched before a button is pressed. A "
        "download that breaks off goes on where it was, and its SHA-256 is kept: a file that has changed "
        "since is not used."
    )
    poll(lambda: [downloads.latest(name) for name in names], lambda: _boxes(names))


def _boxes(names: list[str]) -> None:
    for name in names:
        with st.container(border=True, key=f"download-{name}"):
            _offer(name, downloads.OFFERS[name])


def _offer(name: str, offer: Published) -> None:
    """One network: size, source and licence, before the button that fetches it."""
    place = offer.address.removeprefix("https://").partition("/")[0]
    job = downloads.latest(name)
    words, action = st.columns([4, 1], vertical_alignment="center")
    words.markdown(
        f"**{plain(offer.title)}**  \n{downloads.size(offer)} from {plain(place)}, made by "
        f"{plain(offer.made_by)}. Licence: {plain(offer.licence)}."
    )
    if place == HUB:
        words.caption("The Hub does not tell how far a download is.")
    with action:
        if job and not job.finished:
            cancel_button(job, f"cancel-{name}")
        elif limit("models", "may_change"):
            st.button(
                f"Download {downloads.size(offer)}",
                key=f"fetch-{name}",
                icon=":material/download:",
                width="stretch",
                on_click=notices.attempt,
                args=(downloads.start, name, job),
            )
        else:
            st.caption("The operator of this server adds networks.")
    if job and job.error:
        st.error(failure(job))
    elif job and is_waiting(job):
        show_queue_position(lambda: downloads.latest(name))
    elif job and not job.finished and job.progress:
        done, total = job.progress.done, job.progress.total or offer.megabytes * 1_000_000
        st.progress(min(done / total, 1.0), f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB have come")
