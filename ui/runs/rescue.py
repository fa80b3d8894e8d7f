"""What other settings say of a picture of a run, by a sweep over them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from diffsmooth_core import ABSTAIN
from diffsmooth_core.analysis.rescue import ranked
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import OUTCOMES, Result
from diffsmooth_core.wording import confidence, down, length, written
from ui.colours import outcome_colour, outcome_mark
from ui.jobs import audits
from ui.jobs.cancelling import cancel_button
from ui.jobs.polling import failure, is_waiting, poll, show_queue_position
from ui.session import notices
from ui.text import plain


def show(run: Run, result: Result, names: tuple[str, ...]) -> None:
    """Draw a button that tries other settings, and what they found; nothing for a log, whose votes cannot be
    cast here."""
    if run.origin != "audit":
        return
    what = f"rescue-{result.idx}"
    st.subheader(
        "What would rescue it?" if result.predict == ABSTAIN else "What would other settings say?",
        anchor=False,
    )
    poll(lambda: [audits.latest(run, what)], lambda: _rescuing(run, result, what, names))


def _rescuing(run: Run, result: Result, what: str, names: tuple[str, ...]) -> None:
    job = audits.latest(run, what)
    progress: audits.ExplainingProgress | None = job.progress if job else None
    if job and not job.finished:
        done, total = (progress.done, progress.total) if progress else (0, 1)
        if is_waiting(job):
            show_queue_position(lambda: audits.latest(run, what))
        st.progress(done / total, f"{done} of {total} settings" if progress else "Starting")
        cancel_button(job, f"stop-{what}", "Stop", wide=False)
    elif job is None or job.state != "done":
        if job and job.error:
            st.error(failure(job))
        st.caption(
            "Tries about ten settings on this picture, with the same noise: other σ, σ′, m and n, and other "
            "classifiers."
        )
        st.button(
            "Try other settings",
            on_click=notices.attempt,
            args=(audits.rescue, run, result.idx, job),
            icon=":material/healing:",
        )
    if progress and progress.rescues:
        _rescues(run, result, progress, names)


def _rescues(run: Run, result: Result, progress: audits.ExplainingProgress, names: tuple[str, ...]) -> None:
    """The result of each other setting, the best first, and what may be claimed of it."""
    no_rescue = {"wrong": ", no rescue"}
    found = ranked(progress.rescues, result.label)
    if result.label is not None and found[0][0] != "right":
        which = "None of these" if progress.done == progress.total else "None of these so far"
        st.markdown(f"{which} certifies {plain(names[result.label])}, which the picture is of.")
    table = pd.DataFrame(
        [
            {
                "Setting": r.change,
                "Outcome": outcome_mark(outcome) + OUTCOMES[outcome] + no_rescue.get(outcome, ""),
                "Radius": length(r.radius) if r.radius else "–",
                "Answer": "–" if r.label == ABSTAIN else names[r.label],
                "Share p̂": down(r.p_hat, 3),
                "Votes": r.config.n,
                "Classifications": r.cost,
            }
            for outcome, r in found
        ]
    )
    tints = [f"background-color: {outcome_colour(outcome)}33" for outcome, _ in found]
    st.dataframe(
        table.style.apply(lambda _: tints, subset=["Outcome"]),
        hide_index=True,
        column_config={"Setting": st.column_config.TextColumn(width=176)},  # all of it on a phone
    )
    fewest = min(r.config.n for r in progress.rescues)
    if fewest < run.config["n"]:
        st.caption(
            f"Tried with {fewest:,} votes where nothing else is said, so compare with “as it is”, not "
            f"with the run's {run.config['n']:,}."
        )
    alpha = progress.rescues[0].config.alpha
    st.caption(
        f"Each holds at α = {written(alpha, 2)}, the run's risk shared by {progress.total} tries, so the "
        f"best of them may be picked: together they hold with {confidence(run.config['alpha'])} confidence."
    )
