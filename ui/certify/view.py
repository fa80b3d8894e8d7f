"""The right side of the Certify page: the answer, the strip and the charts, live while a run goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from diffsmooth_core import Progress, SmoothingConfig
from diffsmooth_core.certification.decision import decide
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets.sources import Picture, class_names
from diffsmooth_core.purification.purifiers import purifier_of
from diffsmooth_core.wording import confidence, down, length
from diffsmooth_core.zoo.quality import too_noisy
from ui import answer, charts, sidebar, tours
from ui.components import figure, focus, strip
from ui.jobs import certificates, recordings
from ui.jobs.cancelling import cancel_button
from ui.jobs.certificates import Certification, CertificationTask
from ui.jobs.polling import POLL_SECONDS, poll
from ui.page import problem_line
from ui.session import notices, settings, state
from ui.session.draft import Draft
from ui.text import plain
from ui.verdict import evidence, meaning, verdict

LONG_NAME = 11  # letters of a class; a longer name needs two lines


def show(picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    """Draw the page's run, or the picture as it will go through one."""
    snapshot = _shown(picture, draft)
    poll(lambda: [_shown(picture, draft)], lambda: _live(picture, draft), patience=POLL_SECONDS)
    progress = snapshot.progress if snapshot else None
    if snapshot and progress and (certificate := progress.certificate):
        run = snapshot.subject
        if certificate.radius and tours.shows("meaning"):
            meaning(certificate, run.picture)
        if tours.shows("evidence"):
            evidence(certificate, run.picture, class_names(run.config.dataset))


def _shown(picture: Picture, draft: Draft[SmoothingConfig]) -> Certification | None:
    """The run that the page shows. Without one, the bundled recording, if it is of the chosen picture and
    settings; None otherwise."""
    return certificates.find(state.job()) or (
        None if state.job() else recordings.recorded(picture, draft.values)
    )


def _live(picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    snapshot = _shown(picture, draft)
    if snapshot is None:
        _idle(picture, draft)
    else:
        _run(snapshot, picture, draft)


def _idle(picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    """Before a run: draw the question, one noisy copy as an example, and the steps of the run."""
    config = draft.values
    names = class_names(state.dataset())
    with st.container(border=True, key="answer-idle"):
        body, action = answer.card(picture, names)
        with body:
            st.subheader("How far can this picture change before the answer may change?", anchor=False)
            sure = f", with {confidence(config.alpha)} confidence" if config else ""
            st.markdown(
                "Certify finds a radius within which no change of the picture, however clever, changes the "
                f"class that the method gives it{sure}."
            )
            if picture.note and not state.picture_problem():
                st.caption(plain(picture.note))
            problem_line(draft.problem)
        with action:
            place = _start("Certify", picture, draft)
            focus.steer("idle")
    if config is None:
        return
    if warning := too_noisy(config):
        st.caption(f":material/info: {plain(warning)}")
    if samples := certificates.preview(picture, config):
        strip.show(strip.journey(samples, config, names), key="strip")
    _plan(config)
    answer.find_time(place, picture, config)


def _plan(config: SmoothingConfig) -> None:
    """What a run will do, in four steps."""
    method = METHODS[config.method]
    purifier = purifier_of(config.method)
    classified = "classified once: its vote"
    if method.smooths_locally:
        classified = f"classified {config.m} times under a little noise σ′; the average is its vote"
    if purifier.pictures(config) > 1:
        classified = "classified; the majority is its vote"
    most = "" if config.stopping == "fixed" else "At most "
    steps = {
        "1 · Noise": f"{most}{config.n0 + config.n:,} copies of the picture, each with noise of its own.",
        "2 · Vote": f"Each copy {purifier.clause(config)}{classified}. Above is one of them.",
        "3 · Count": f"The first {config.n0:,} votes choose a class, {config.n:,} more count for it. They "
        f"bound its true share from below, wrongly with probability {config.alpha:g} at most.",
        "4 · Certify or abstain": "A bound above ½ gives the radius. Otherwise there is no clear majority, "
        "and the method says so.",
    }
    for column, (title, words) in zip(st.columns(4, gap="medium"), steps.items(), strict=True):
        column.markdown(f"**{title}**  \n{words}")


def _run(snapshot: Certification, picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    """Draw a run in any state; every part keeps its place on the page from the first update to the last."""
    run, progress = snapshot.subject, snapshot.progress
    names = class_names(run.config.dataset)
    with st.container(border=True, key=f"answer-{_mood(snapshot, names)}"):
        body, action = answer.card(run.picture, names)
        with body:
            answer.status(snapshot, names)
            _figures(snapshot, names)
            problem_line(draft.problem)
        with action:
            place = _actions(snapshot, picture, draft)
    if run.recorded:
        _recorded(snapshot)
    for sentence in filter(None, (too_noisy(run.config), _other_bound(progress))):
        st.caption(f":material/info: {plain(sentence)}")
    if (differences := _differences(run, picture, draft)) and not _only_dtype(run, picture, draft):
        st.caption(f":material/info: This run was started with {plain(', '.join(differences))}.")
    if samples := progress.samples if progress else certificates.preview(run.picture, run.config):
        strip.show(strip.journey(samples, run.config, names), key="strip")
    with st.container(key="charts"):
        left, right = st.columns(2, gap="medium")
    with left:
        spec = charts.votes(progress, run.config, names)
        every = charts.votes(progress, run.config, names, most=len(names))
        figure.show(spec, "votes", "Votes for each class", charts.HEIGHT, saved=every)
    with right:
        done = progress is not None and progress.certificate is not None
        spec = charts.trace(progress.trace if progress else (), run.config, done)
        figure.show(spec, "trace", "Share of votes and its lower bound, against ½", charts.HEIGHT)
    if place and draft.values:
        answer.find_time(place, picture, draft.values)


def _mood(snapshot: Certification, names: tuple[str, ...]) -> str:
    progress = snapshot.progress
    if snapshot.state == "done" and progress and progress.certificate:
        return verdict(progress.certificate, snapshot.subject.picture, names).mood
    return snapshot.state


def _figures(snapshot: Certification, names: tuple[str, ...]) -> None:
    """Class, radius, bound and share, at the same place while they grow and when they are final."""
    label, name, radius, bound, share, final = "Leading class", "–", "–", "–", "–", False
    config = snapshot.subject.config
    if progress := snapshot.progress:
        name, final = names[progress.candidate], bool(progress.certificate)
        if any(progress.counts):  # before, there is only the share of the votes that choose the class
            bound = down(progress.p_a_lower, 4) if progress.p_a_lower else "–"
            share = down(progress.p_hat, 4)
        if progress.radius:
            radius, label = length(progress.radius), "Class" if final else label
    key = f"figures-{'final' if final else 'provisional'}{'-long' if len(name) > LONG_NAME else ''}"
    with st.container(horizontal=True, key=key):
        st.metric(label, name, width=190)
        st.metric("Radius (L2)", radius, width=130, help="L2 length in pixel values, which go from 0 to 1.")
        st.metric("Lower bound", bound, width=120, help="Of the class's true share; it has to exceed ½.")
        st.metric("Share p̂", share, width=90)
    if not snapshot.finished:
        st.caption(
            f"Provisional: bound and radius hold once all {config.n:,} votes are in."
            if config.stopping == "fixed"
            else "Provisional: bound and radius hold at the end of a round."
            if config.stopping == "adaptive"
            else f"The target radius {config.target_radius:g} is tested: there is no bound until it is shown."
            if config.stopping == "sequential"
            else "Bound and radius hold at every moment: this bound may be looked at while votes come in."
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


def _recorded(snapshot: Certification) -> None:
    """Say that the run is a recording and was not computed on this machine."""
    certificate = snapshot.progress.certificate if snapshot.progress else None
    when = f" on {certificate.created[:10]} in {certificate.seconds:.0f} s" if certificate else ""
    st.caption(
        "How far can this picture change before the answer may change? This is a recording of how the "
        f"method answers: these votes were counted before{when}. Certify counts them here."
    )


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
        _start(
            "Certify" if again == "Certify again" or _only_dtype(run, picture, draft) else again,
            picture,
            draft,
        )
        if st.button("Replay", key="Replay", width="stretch"):
            state.show_job(recordings.replay(snapshot))
            st.rerun()
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


def _only_dtype(run: CertificationTask, picture: Picture, draft: Draft[SmoothingConfig]) -> bool:
    """Whether a recording differs from the chosen settings only in the precision, which depends on the
    processor."""
    if not run.recorded or draft.values is None:
        return False
    same = replace(draft.values, dtype=run.config.dtype)
    return not _differences(run, picture, Draft(same))


def _differences(run: CertificationTask, picture: Picture, draft: Draft[SmoothingConfig]) -> list[str]:
    """In words, the settings of the run that differ from those that the controls show now."""
    config = draft.values
    if config is None:
        return []
    changed = [name for name in settings.CONFIG_FIELDS if getattr(run.config, name) != getattr(config, name)]
    asked = str(state.setting("challenge")).strip()
    pictures = [f"the picture {run.picture.title}"] if run.picture.sha256 != picture.sha256 else []
    challenges = [f"the challenge {run.challenge or 'none'}"] if run.challenge != asked else []
    return pictures + [sidebar.described(run.config, name) for name in changed] + challenges
