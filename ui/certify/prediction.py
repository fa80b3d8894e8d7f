"""The class alone: PREDICT with a few votes, below the answer of the Certify page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from diffsmooth_core import ABSTAIN, InputError, SmoothingConfig
from diffsmooth_core.datasets.sources import Picture, class_names
from diffsmooth_core.wording import confidence, written
from ui import commands, tours
from ui.jobs import predictions
from ui.jobs.cancelling import cancel_button
from ui.jobs.polling import failure, is_waiting, poll, show_queue_position
from ui.jobs.registry import Snapshot
from ui.page import problem_line
from ui.session import notices
from ui.session.draft import Draft
from ui.session.limits import limit
from ui.text import plain

if TYPE_CHECKING:
    from diffsmooth_core.certification.prediction import PredictProgress

VOTES = (100, 300, 1000)  # to choose from
FORM = "prediction"  # that what is refused is shown with


def offer(picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    """Offer to ask for the picture's class without a radius, and show the answer."""
    if draft.values is None or not tours.shows("prediction"):
        return
    with st.expander("Only the class, by fewer votes", icon=":material/how_to_vote:"):
        st.caption(
            "PREDICT (Cohen et al. 2019) names the class that noisy copies get most often, or abstains where "
            "two are too close to tell. It says nothing about pictures nearby, so fewer votes do. Each "
            f"answer is wrong with probability {written(draft.values.alpha)} at most."
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            offered = [n for n in VOTES if n <= limit("runs", "n")] or [limit("runs", "n")]
            n = st.segmented_control("Votes", offered, default=offered[0], required=True, key="prediction-n")
            try:
                config = replace(draft.values, n=n, stopping="fixed")
            except InputError as problem:
                problem_line(str(problem))
                return
            last = predictions.latest(picture, config)
            st.button(
                "Predict",
                key="Predict",
                disabled=last is not None and not last.error,
                on_click=lambda: notices.attempt(predictions.submit, picture, config, last, form=FORM),
            )
        notices.show_with(FORM)
        poll(lambda: [predictions.latest(picture, config)], lambda: _show(picture, config))


def _show(picture: Picture, config: SmoothingConfig) -> None:
    job = predictions.latest(picture, config)
    if job is None:
        return
    if not job.finished:
        _pending(picture, config, job)
    elif job.error:
        st.error(failure(job))
    elif job.progress and job.progress.finished:
        st.markdown(answer(job.progress, picture, class_names(config.dataset)))
        command = commands.predict(config, picture)
        commands.where(command)
        st.code(command, language="bash", wrap_lines=True)


def _pending(picture: Picture, config: SmoothingConfig, job: Snapshot[Any]) -> None:
    done = job.progress.n_done if job.progress else 0
    if is_waiting(job):
        show_queue_position(lambda: predictions.latest(picture, config))
    st.progress(done / config.n, f"{done:,} of {config.n:,} votes")
    cancel_button(job, "cancel-prediction", wide=False)


def answer(found: PredictProgress, picture: Picture, names: tuple[str, ...]) -> str:
    """What a prediction says, as Markdown in which outside text is escaped."""
    second, first = (int(k) for k in np.argsort(found.counts, kind="stable")[-2:])
    won, lost = found.counts[first], found.counts[second]
    ahead, behind = plain(names[first]), plain(names[second])
    if found.label == ABSTAIN:
        return (
            f":material/do_not_disturb_on: **Abstains:** {won:,} of {found.n_total:,} votes for {ahead} and "
            f"{lost:,} for {behind} do not tell the two apart with {confidence(found.alpha)} confidence."
        )
    others = f", {lost:,} for {behind}" if lost else ""
    truth = ""
    if picture.label is not None:
        right = picture.label == found.label
        truth = " That is right." if right else f" The picture is of class {plain(names[picture.label])}."
    return (
        f":material/how_to_vote: **{ahead}**, with {confidence(found.alpha)} confidence: {won:,} of "
        f"{found.n_total:,} votes{others}.{truth}"
    )
