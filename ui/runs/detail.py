"""One picture of a run: its result, why it is not certified, and who votes for what."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from diffsmooth_core import ABSTAIN, InputError
from diffsmooth_core.analysis.browsing import RunRow
from diffsmooth_core.analysis.comparing import CHANGES
from diffsmooth_core.analysis.diagnosis import REASONS, Diagnosis
from diffsmooth_core.analysis.stages import Stages
from diffsmooth_core.runs.reading import with_readable_certificate
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import Result
from diffsmooth_core.wording import down, written
from ui.answer import card
from ui.components import figure, strip
from ui.images import data_url
from ui.jobs import audits
from ui.navigation import certify_by_name
from ui.runs import charts, remarks, rescue
from ui.runs.controls import Selection, with_numbers
from ui.runs.grid import describe
from ui.session import state
from ui.session.settings import CONFIG_FIELDS
from ui.text import plain

MOODS = {"right": "right", "wrong": "wrong", "certified": "unknown", "abstained": "abstain"}
VOTERS = 8  # sample pictures of a class


def show(selection: Selection, idx: int) -> None:
    """The chosen picture's card, its votes, stages, rescue and notes."""
    run = selection.run
    row = next(row for row in selection.every if row.result.idx == idx)
    result = with_readable_certificate(audits.store().result(run, idx))
    if result.certificate is not None:
        selection = replace(selection, names=with_numbers(selection.names, len(result.certificate["counts"])))
    with st.container(border=True, key=f"answer-{MOODS[row.result.outcome]}"):
        why, here = _card(selection, result)
    if result.certificate is None:
        why.caption("An imported log says what came out and not how the votes fell.")
    else:
        _votes(selection, row, result, why, here)
    if here:
        rescue.show(run, result, selection.names)
    remarks.show(run, row)


def _card(selection: Selection, result: Result) -> tuple[DeltaGenerator, bool]:
    """The result; the place for its reason, and whether the picture is here to be tried further."""
    run, names, other = selection.run, selection.names, False
    body: DeltaGenerator | None = None
    try:
        picture = state.resolved(f"{run.dataset}:{result.idx}", run.dataset)
        other = result.certificate is not None and picture.sha256 != result.certificate["image_sha256"]
        if not other:
            body, action = card(picture, names)
            _watch(action, run, result)
    except InputError:  # its data set is not here
        pass
    with body or st.container():
        if other:
            st.warning(
                f"On this machine {plain(f'{run.dataset}:{result.idx}')} is another picture than the one "
                "that was certified, so it is not shown.",
                icon=":material/image_not_supported:",
            )
        sentence = describe(result, names)
        st.subheader(plain(sentence[0].upper() + sentence[1:]), anchor=False)
        facts = []
        if result.n is not None and result.n_a_low is not None and result.n_a_high is not None:
            votes = f"{result.n_a_low:,}"
            if result.n_a_high != result.n_a_low:
                votes += f" to {result.n_a_high:,}"
            whose = ""
            if result.certificate is not None:
                whose = f" for {names[int(np.argmax(result.certificate['counts0']))]}"
            facts.append(f"{votes} of {result.n:,} votes{whose}")
        if result.p_a_lower is not None:
            facts.append(f"lower bound {down(result.p_a_lower, 4)}")
        if change := selection.changes.get(result.idx):
            before = describe(change.before, names)
            facts.append(f"{CHANGES[change.kind].lower()}; in the other run: {before}")
        if result.note:
            facts.append(result.note)
        st.markdown(plain(" · ".join(facts)))
        why = st.container()
    return why, body is not None


def _watch(place: DeltaGenerator, run: Run, result: Result) -> None:
    settings = {name: str(run.config[name]) for name in CONFIG_FIELDS if name in run.config}
    place.page_link(
        certify_by_name(),
        label="Watch live",
        icon=":material/play_circle:",
        query_params={"picture": f"{run.dataset}:{result.idx}"} | settings,
        help="The Certify page with this picture and these settings.",
    )


def _votes(selection: Selection, row: RunRow, result: Result, why: DeltaGenerator, here: bool) -> None:
    """The diagnosis, the votes, and what each stage shows the classifier. Where votes cannot be drawn again,
    their counts, and the reason that is known from an earlier diagnosis; why they cannot was said above where
    the picture is not `here`."""
    run, names, known = selection.run, selection.names, row.reason
    assert result.certificate is not None
    counts = result.certificate["counts"]
    key = f"voters-{run.id}-{result.idx}"
    try:
        with why, st.spinner("Taking some votes apart…"):
            stages, diagnosis = audits.taken_apart(run, result.idx)
            _said(diagnosis)
    except InputError as problem:
        with why:
            if known in REASONS and result.predict == ABSTAIN:
                st.markdown(f"**{REASONS[known]}.**")
            if here:
                st.warning(plain(str(problem)))
        figure.show(charts.votes(counts, names, None), f"{key}-bars", "Votes for each class")
        return
    present = [int(k) for k in np.unique(stages.votes)]
    with st.container(key="charts-picture"):
        left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Votes.** Choose a class to see who votes for it")
        chosen = st.session_state.get(key, int(np.argmax(counts)))
        figure.show(
            charts.votes(counts, names, chosen),
            f"{key}-bars",
            "Votes for each class",
            selection_mode="points",
            on_select=partial(_clicked, key),
        )
    with right:
        st.markdown(f"**Stage by stage**, what the classifier sees in the first {len(stages.votes)} copies")
        alt = "Percent of the copies that are taken for each class, stage by stage"
        figure.show(charts.stages(stages, names), f"{key}-stages", alt)
    chosen = st.pills(
        "Voters",
        present,
        format_func=lambda k: f"{plain(names[k])} ({int(np.sum(stages.votes == k))})",
        key=key,
        default=max(present, key=lambda k: counts[k]),
        required=True,
        help=f"Of the first {len(stages.votes)} estimation votes.",
    )
    _voters(stages, int(chosen), names)


def _clicked(key: str) -> None:
    """A bar was clicked: show the voters of its class."""
    points = st.session_state[f"{key}-bars"].selection.points
    if points and points[0]["customdata"] != charts.OTHERS:
        st.session_state[key] = int(points[0]["customdata"])


def _said(diagnosis: Diagnosis) -> None:
    if diagnosis.reason == "none":
        return
    st.markdown(f"**{diagnosis.title}.** {plain(diagnosis.sentence)}")
    with st.popover("The numbers behind it", icon=":material/function:"):
        st.table(
            {plain(name): _number(name, value) for name, value in diagnosis.evidence.items()},
            border="horizontal",
            hide_header=True,
        )


def _number(name: str, value: float) -> str:
    if "votes" in name:
        return f"{value:,.0f}" if np.isfinite(value) else "none up to ten million"
    return written(value, 2) if name.startswith("p of") else f"{100 * value:.1f} %"


def _voters(stages: Stages, label: int, names: tuple[str, ...]) -> None:
    """Real copies that voted for a class: with noise, and purified."""
    voters = np.flatnonzero(stages.votes == label)[:VOTERS]
    if not len(voters):
        st.caption(f"None of the first {len(stages.votes)} votes is for {plain(names[label])}.")
        return
    rows = {"with noise": (stages.noisy_pictures, stages.noisy)}
    if stages.purified is not None:
        rows["purified"] = (stages.purified_pictures, stages.purified)
    for title, (pictures, classes) in rows.items():
        frames = [
            strip.Frame(
                f"Vote {i + 1}, {title}", f"alone taken for: {names[classes[i]]}", (data_url(pictures[i]),)
            )
            for i in voters
        ]
        strip.show(frames, key=f"audit-voters-{title}", arrows=False)
