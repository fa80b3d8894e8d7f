"""The right side of the Certify page: the answer, the vote machine and the bound's course, live while a run
goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from diffsmooth_core import Progress, SmoothingConfig
from diffsmooth_core.certification.decision import decide
from diffsmooth_core.datasets.sources import Picture, class_names
from diffsmooth_core.wording import confidence, down, length
from diffsmooth_core.zoo.quality import too_noisy
from ui import answer, charts, sidebar, tours
from ui.certify import dials, vote_machine
from ui.components import figure, focus, machine
from ui.jobs import certificates
from ui.jobs.cancelling import cancel_button
from ui.jobs.certificates import Certification, CertificationTask
from ui.jobs.copies import Copy, copy_of
from ui.jobs.polling import POLL_SECONDS, poll
from ui.jobs.recordings import recorded
from ui.page import problem_line
from ui.session import notices, settings, state
from ui.session.draft import Draft
from ui.text import plain
from ui.verdict import evidence, meaning, verdict

SHARE = (
    "The part of the votes that the class has got. Chance moves it above or below the true share; the lower "
    "bound is above that with probability α at most."
)
LONG_NAME = 11  # letters of a class; a longer name needs two lines


def show(picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    """Draw the page's run, or the picture as it will go through one."""
    snapshot = _shown(picture, draft)
    poll(lambda: [_shown(picture, draft)], lambda: _live(picture, draft), patience=POLL_SECONDS)
    progress = snapshot.progress if snapshot else None
    if snapshot and progress and (certificate := progress.certificate):
        run = snapshot.subject
        if not _differences(run, picture, draft):
            tours.reveal(certificate)
        if certificate.radius and tours.shows("meaning"):
            meaning(certificate, run.picture)
        if tours.shows("evidence"):
            evidence(certificate, run.picture, class_names(run.config.dataset))
            _votes(progress, run)


def _shown(picture: Picture, draft: Draft[SmoothingConfig]) -> Certification | None:
    """The run that the page shows. Without one, the bundled recording, if it is of the chosen picture and
    settings; None otherwise."""
    return certificates.find(state.job()) or (None if state.job() else recorded(picture, draft.values))


def _live(picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    snapshot = _shown(picture, draft)
    if snapshot is None:
        _idle(picture, draft)
    else:
        _run(snapshot, picture, draft)


def _idle(picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    """Before a run: draw what it will find out, and the machine with one noisy copy as an example."""
    config = draft.values
    names = class_names(state.dataset())
    with st.container(border=True, key="answer-idle"):
        body, action = answer.card(picture, names, again=config is not None)
        with body:
            with st.container():
                st.subheader("Not certified yet", anchor=False)
                sure = f", with {confidence(config.alpha)} confidence" if config else ""
                st.markdown(
                    "Certify finds a radius within which no change of the picture, however clever, changes "
                    f"the class that the method gives it{sure}."
                )
                st.empty()  # as many elements as a run has, so that none of them takes a place of its own
                problem_line(draft.problem)
            _figures(None, names)
        with action:
            place = _start("Certify", picture, draft)
            focus.steer("idle")
    waiting = vote_machine.waiting(picture, config, _example(picture, config), names) if config else None
    _machine(waiting, picture, draft)
    if config is not None:
        note = "" if state.picture_problem() else picture.note
        for sentence in filter(None, (note, too_noisy(config))):
            st.caption(f":material/info: {plain(sentence)}")
        if answer.find_time(place, picture, config):
            st.rerun()  # for the dials, which say it too


def _example(picture: Picture, config: SmoothingConfig) -> tuple[Copy, ...]:
    """The first copy of a run with these settings, where it is there at once."""
    samples = certificates.preview(picture, config)
    return (copy_of(samples, "selection"),) if samples else ()


def _run(snapshot: Certification, picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    """Draw a run in any state; every part keeps its place on the page from the first update to the last."""
    run, progress = snapshot.subject, snapshot.progress
    names = class_names(run.config.dataset)
    with st.container(border=True, key=f"answer-{_mood(snapshot, names)}"):
        body, action = answer.card(run.picture, names, again=True)
        with body:
            with st.container():
                answer.status(snapshot, names)
                st.empty() if snapshot.finished else st.caption(_validity(run.config))
                _whose(snapshot, picture, draft)
                problem_line(draft.problem)
            _figures(snapshot, names)
        with action:
            place = _actions(snapshot, picture, draft)
    example = () if progress else _example(run.picture, run.config)
    _machine(vote_machine.of_run(snapshot, example, names), picture, draft)
    for sentence in filter(None, (too_noisy(run.config), _other_bound(progress))):
        st.caption(f":material/info: {plain(sentence)}")
    done = progress is not None and progress.certificate is not None
    spec = charts.trace(progress.trace if progress else (), run.config, done)
    figure.show(spec, "trace", "Share of votes and its lower bound, against ½", charts.HEIGHT)
    if place and draft.values and answer.find_time(place, picture, draft.values):
        st.rerun()


def _machine(shown: machine.Machine | None, picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    """The dials and the machine, which in a class is all that is on the screen beside the answer."""
    presenting = state.presenting()
    if not presenting:
        dials.show(picture, draft)
    if shown:
        machine.show(replace(shown, large=presenting), key="machine")
    if presenting:
        dials.show(picture, draft)


def _votes(progress: Progress, run: CertificationTask) -> None:
    """The votes of both stages as a chart, with their numbers."""
    names = class_names(run.config.dataset)
    spec = charts.votes(progress, run.config, names)
    every = charts.votes(progress, run.config, names, most=len(names))
    figure.show(spec, "votes", "Votes for each class", charts.height(spec), saved=every)


def _mood(snapshot: Certification, names: tuple[str, ...]) -> str:
    progress = snapshot.progress
    if snapshot.state == "done" and progress and progress.certificate:
        return verdict(progress.certificate, snapshot.subject.picture, names).mood
    return snapshot.state


def _figures(snapshot: Certification | None, names: tuple[str, ...]) -> None:
    """Class, radius, bound and share, at the same place before a run, while they grow and when they are
    final."""
    label, name, radius, bound, share, final = "Leading class", "–", "–", "–", "–", False
    if progress := snapshot.progress if snapshot else None:
        name, final = names[progress.candidate], bool(progress.certificate)
        if any(progress.counts):  # before, there is only the share of the votes that choose the class
            bound = down(progress.p_a_lower, 4) if progress.p_a_lower else "–"
            share = down(progress.p_hat, 4)
        if progress.radius:
            radius, label = length(progress.radius), "Class" if final else label
    key = f"figures-{'final' if final else 'provisional'}{'-long' if len(name) > LONG_NAME else ''}"
    with st.container(horizontal=True, key=key):
        st.metric(label, plain(name), width=190)
        st.metric("Radius (L2)", radius, width=130, help="L2 length in pixel values, which go from 0 to 1.")
        st.metric("Lower bound", bound, width=120, help="Of the class's true share; it has to exceed ½.")
        st.metric("Share p̂", share, width=110, help=SHARE)


def _validity(config: SmoothingConfig) -> str:
    """When the bound and the radius of a run that goes on hold."""
    return {
        "fixed": f"Provisional: bound and radius hold once all {config.n:,} votes are in.",
        "adaptive": "Provisional: bound and radius hold at the end of a round.",
        "sequential": f"The target radius {config.target_radius:g} is tested: there is no bound until it is "
        "shown.",
    }.get(
        config.stopping,
        "Bound and radius hold at every moment: this bound may be looked at while votes come in.",
    )


def _other_bound(progress: Progress | None) -> str:
    """A sentence where the two-class bound would certify more from the same votes; otherwise empty."""
    certificate = progress.certificate if progress else None
    if certificate is None or certificate.config.stopping != "fixed":
        return ""
    two_class = replace(certificate.config, bound="two-class")
    other = decide(certificate.counts0, certificate.counts, two_class).radius
    if other < 1.25 * certificate.radius or not other:
        return ""
    return (
        f"Against the runner-up alone such votes would certify {length(other)}: under More settings choose "
        "the bound “p_A against p_B”, which draws votes of its own, as these have been seen."
    )


def _whose(snapshot: Certification, picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    """Say beside the answer that it is a recording, not computed on this machine, or that it is of other
    settings than the controls show now."""
    run = snapshot.subject
    if run.recorded:
        certificate = snapshot.progress.certificate if snapshot.progress else None
        when = f" of {certificate.created[:10]}" if certificate else ""
        st.caption(f"This is a recording{when}. Certify counts its votes here.")
    elif differences := _differences(run, picture, draft):
        st.caption(f":material/info: This run was started with {plain(', '.join(differences))}.")


def _actions(
    snapshot: Certification, picture: Picture, draft: Draft[SmoothingConfig]
) -> DeltaGenerator | None:
    """The buttons of a run; the place for the time that another run takes, where one can be started."""
    run, place = snapshot.subject, None
    again = _again(run, picture, draft)
    if not snapshot.finished:
        cancel_button(snapshot)
    elif snapshot.state == "cancelled" and snapshot.progress:
        _start("Resume", run.picture, Draft(run.config), earlier=snapshot)
        label = "Start again" if again == "Certify again" else again
        place = _start(label, picture, draft, kind="secondary")
    elif run.recorded:
        _start("Certify", picture, draft)
    else:
        place = _start(again, picture, draft)
    focus.steer(snapshot.state)
    return place


def _again(run: CertificationTask, picture: Picture, draft: Draft[SmoothingConfig]) -> str:
    """What pressing Certify would do now."""
    if run.picture.sha256 != picture.sha256:
        return "Certify the chosen picture"
    return "Certify with these settings" if _differences(run, picture, draft) else "Certify again"


def _start(
    label: str,
    picture: Picture,
    draft: Draft[SmoothingConfig],
    earlier: Certification | None = None,
    kind: Literal["primary", "secondary"] = "primary",
) -> DeltaGenerator:
    """A button that starts a run and shows it, and how long that takes, as far as it is known; the place for
    the latter."""
    key = "Resume" if earlier else "Certify"
    clicked = st.button(label, key=key, type=kind, width="stretch", disabled=draft.values is None)
    if clicked and draft.values:
        notices.attempt(certificates.start, picture, draft.values, earlier)
        st.rerun()
    place = st.empty()
    if draft.values:
        answer.say_time(place, draft.values, certificates.votes_counted(earlier) if earlier else 0)
    return place


def _differences(run: CertificationTask, picture: Picture, draft: Draft[SmoothingConfig]) -> list[str]:
    """In words, the settings of the run that differ from those that the controls show now. A recording has
    none: its precision is that of another processor."""
    config = draft.values
    if config is None or run.recorded:
        return []
    changed = [name for name in settings.CONFIG_FIELDS if getattr(run.config, name) != getattr(config, name)]
    asked = str(state.setting("challenge")).strip()
    pictures = [f"the picture {run.picture.title}"] if run.picture.sha256 != picture.sha256 else []
    challenges = [f"the challenge {run.challenge or 'none'}"] if run.challenge != asked else []
    return pictures + [sidebar.described(run.config, name) for name in changed] + challenges
