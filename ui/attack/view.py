"""The page "Try to break it": certify, attack inside and outside the certificate, watch the votes move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from diffsmooth_core import Certificate, SmoothingConfig
from diffsmooth_core.attacks import AttackConfig, AttackProgress
from diffsmooth_core.datasets.sources import Picture, class_names
from diffsmooth_core.wording import duration, length, percent
from ui import answer, charts, commands, tours
from ui.attack import controls, drawing_view, regions_view
from ui.attack.charts import shares
from ui.attack.outcome import verdict
from ui.colours import class_colour
from ui.components import figure, strip
from ui.images import amplified, data_url
from ui.jobs import attacks, certificates
from ui.jobs.cancelling import cancel_button
from ui.jobs.certificates import Certification
from ui.jobs.polling import is_waiting, poll, show_queue_position
from ui.jobs.registry import Snapshot
from ui.page import problem_line
from ui.session import notices, state, url
from ui.session.draft import Draft


def show(picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    """Draw the page for this picture and these settings: the attack, or what must come before it."""
    certified = _certified(picture, draft)
    if certified and certified.progress and certified.progress.certificate and controls.by_hand():
        drawing_view.show(certified)
        return
    poll(lambda: attacks.with_jobs_on_it(_certified(picture, draft)), lambda: _live(picture, draft))
    if (tour := tours.current()) and (certified := _certified(picture, draft)):
        attacked = attacks.latest(certified)
        if attacked and attacked.state == "done" and attacked.subject.inside and (made := attacked.progress):
            tours.came_out(tour, f"{made.count('broken')} of {len(made.attempts)}")


def _certified(picture: Picture, draft: Draft[SmoothingConfig]) -> Certification | None:
    return attacks.certification(picture, draft.values) if draft.values else None


def _live(picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    certified = _certified(picture, draft)
    if certified is None or not (certified.progress and certified.progress.certificate):
        _first(picture, draft, certified)
    else:
        _attack(certified)
        regions_view.show(certified)


def _first(picture: Picture, draft: Draft[SmoothingConfig], certified: Certification | None) -> None:
    """Without a certificate: say why one is needed first, and show how far its computation is."""
    names = class_names(state.dataset())
    with st.container(border=True, key="answer-idle"):
        body, action = answer.card(picture, names)
        with body:
            st.subheader("No certificate to attack yet", anchor=False)
            st.markdown(
                "First certify: that gives the radius within which nobody can. Then attack the picture "
                "inside the radius, where every attempt must fail, and outside, where one may succeed."
            )
            if certified is not None:
                answer.status(certified, names)
            problem_line(draft.problem)
        with action:
            place = _certify(picture, draft, certified)
    _plan()
    if place and draft.values:
        answer.say_time(place, draft.values)
        answer.find_time(place, picture, draft.values)


def _certify(
    picture: Picture, draft: Draft[SmoothingConfig], certified: Certification | None
) -> DeltaGenerator | None:
    """A button that certifies, and below it the place for how long that takes; one that cancels meanwhile."""
    if certified is not None and not certified.finished:
        cancel_button(certified)
        return None
    off = draft.values is None
    clicked = st.button("Certify first", key="Certify", type="primary", width="stretch", disabled=off)
    if clicked and draft.values:
        earlier = certified if certified and certified.state == "cancelled" else None
        notices.attempt(certificates.start, picture, draft.values, earlier)
        st.rerun()
    return st.empty()


def _plan() -> None:
    """What an attack does, in four steps."""
    steps = {
        "1 · Search": "An attempt looks for a change of the chosen length that hurts most: averaged over "
        "noisy copies, as no single copy decides.",
        "2 · Vote": "The changed picture is put to the vote, with new noise. A success is a clear majority "
        "for another class.",
        "3 · Count": "All attempts share the risk α, so a hundred of them do not find a success by chance.",
        "4 · Narrow down": "After a success shorter changes are tried, for the shortest that can be found.",
    }
    for column, (title, words) in zip(st.columns(4, gap="medium"), steps.items(), strict=True):
        column.markdown(f"**{title}**  \n{words}")


def _attack(certified: Certification) -> None:
    """Draw a certificate and the attack on it in any state; every part keeps its place on the page."""
    certificate = attacks.certificate_of(certified)
    picture, names = certified.subject.picture, class_names(certificate.config.dataset)
    attacked = attacks.latest(certified)
    progress: AttackProgress | None = attacked.progress if attacked else None
    running = attacked is not None and not attacked.finished
    recorded = attacked.subject.recorded if attacked else ""
    said = verdict(certificate, picture, attacked, names)
    with st.container(border=True, key=f"answer-{said.mood}"):
        body, action = answer.card(picture, names, again=True)
        with body:
            with st.container():
                st.subheader(f"{said.mark} {said.word}: {said.headline}", anchor=False)
                st.markdown(said.sentence)
                if recorded:
                    st.caption(f"A recording of {recorded}, as the certificate is. Attack makes your own.")
                elif certified.subject.recorded:
                    st.caption(f"The certificate is a recording of {certificate.created[:10]}.")
                if is_waiting(attacked):
                    show_queue_position(lambda: attacks.latest(certified))
            _figures(certificate, progress, attacked)
        url.recall_in_part(controls.SETTINGS, controls.SEARCH)
        chosen = controls.settings(certificate, running)
        url.write_in_part(controls.SETTINGS)  # only this part of the page is drawn after a change
        problem_line(chosen.problem)
        with action:
            _button(certified, attacked, chosen)
    attack: AttackConfig | None = attacked.subject.attack if attacked else chosen.values
    with st.container(key="attack-evidence"):
        strip.show(_frames(picture, progress, names), key="attack-strip")
        if attack:
            _charts(certificate, progress, attack, names)
    if attack:
        st.caption(_marks(certificate, attack))
    if recorded or progress is None:
        _plan()
    if attacked is not None and attacked.finished:
        commands.show(commands.attack(certificate.config, attacked.subject.attack, picture))


def _button(certified: Certification, attacked: Snapshot[Any] | None, chosen: Draft[AttackConfig]) -> None:
    if attacked is not None and not attacked.finished:
        cancel_button(attacked)
        return
    off = chosen.values is None
    label = "Attack again" if attacked and not attacked.subject.recorded else "Attack"
    if st.button(label, key="Attack", type="primary", width="stretch", disabled=off) and chosen.values:
        notices.attempt(attacks.submit, certified, chosen.values)
        st.rerun()
    if chosen.values:
        st.caption(f"about {duration(attacks.seconds_of(certified, chosen.values))}")


def _figures(
    certificate: Certificate, progress: AttackProgress | None, attacked: Snapshot[Any] | None
) -> None:
    made = len(progress.attempts) if progress else 0
    found = progress.smallest if progress else None
    final = attacked is None or attacked.finished
    with st.container(horizontal=True, key="figures-final" if final else "figures-provisional"):
        st.metric(
            "Certified radius",
            length(certificate.radius) if certificate.radius else "–",
            width=155,
            help="No change shorter than this changes the class.",
        )
        st.metric(
            "Broken at",
            length(found.length) if found else "–",
            width=125,
            help="The length of the shortest change that succeeded.",
        )
        st.metric("Attempts", f"{made}" if attacked else "–", width=95)
        st.metric(
            "Too close",
            progress.count("abstained") if progress else "–",
            width=95,
            help="Votes that could not decide; they count neither way.",
        )


def _frames(picture: Picture, progress: AttackProgress | None, names: tuple[str, ...]) -> list[strip.Frame]:
    """Frames of the picture, the change and the changed picture, for the shortest change that succeeded or
    else the latest attempt; before the first one they are empty, and keep its place."""
    height, width, _ = picture.pixels.shape
    given = strip.Frame("The picture", f"{height} × {width} pixels", (data_url(picture.pixels),))
    if progress is None:
        return [
            given,
            strip.Frame("The change", "of the chosen length"),
            strip.Frame("Changed", "the picture with the change"),
            strip.Frame("Its votes", "under new noise"),
        ]
    found = progress.smallest
    shown = found.picture if found and found.picture is not None else progress.adversarial
    changed = shown.permute(1, 2, 0).numpy()
    alone, gain = amplified((shown - picture.tensor).permute(1, 2, 0).numpy())
    size = length(float(found.length if found else progress.length))
    which = "the shortest that succeeded" if found else f"attempt {progress.number}"
    return [
        given,
        strip.Frame("The change", f"length {size}, {gain:.0f} × amplified", (data_url(alone),)),
        strip.Frame("Changed", which, (data_url(changed),)),
        _said(progress, found.counts if found else progress.counts, names),
    ]


def _said(progress: AttackProgress, counts: Sequence[int], names: tuple[str, ...]) -> strip.Frame:
    """What the votes say of the changed picture, or before they are cast what the average answer does."""
    if votes := sum(counts):
        leading = max(range(len(counts)), key=counts.__getitem__)
        said = f"{counts[leading]:,} of {votes:,} votes"
        return strip.Frame("Its votes", said, word=names[leading], colour=class_colour(leading))
    label = progress.label
    return strip.Frame(
        "Probability",
        f"of {names[label]}, over noisy copies",
        word=percent(progress.probabilities[label], 0),
        colour=class_colour(label),
    )


def _charts(
    certificate: Certificate, progress: AttackProgress | None, attack: AttackConfig, names: tuple[str, ...]
) -> None:
    before = ("Votes as it is", f"{certificate.n:,} of {certificate.n:,}", certificate.counts, certificate.n)
    with st.container(key="charts"):
        left, right = st.columns(2, gap="medium")
    with left:
        panels = (before, _after(progress, attack, names))
        alt, every = (
            "Votes for each class before and after the change",
            charts.tallies(panels, names, len(names)),
        )
        figure.show(charts.tallies(panels, names), "attack-votes", alt, charts.HEIGHT, saved=every)
    with right:
        spec = shares(
            certificate, certificate.candidate, progress.attempts if progress else (), attack.radius
        )
        alt = "Share of votes over the length of the change, against what is guaranteed"
        figure.show(spec, "attack-shares", alt, charts.HEIGHT)


def _marks(certificate: Certificate, attack: AttackConfig) -> str:
    """What the marks and the dashed line of the charts are."""
    meets = certificate.radius and certificate.config.bound == "one-class"
    return (
        "Each mark is an attempt: how long its change is, and what share of the votes the class keeps. No "
        "change brings the true share below the dashed line"
        + (", which meets ½ at the certified radius" if meets else "")
        + f"; {attack.n:,} votes scatter around the truth."
    )


def _after(progress: AttackProgress | None, attack: AttackConfig, names: tuple[str, ...]) -> charts.Panel:
    """The votes after the change; while the change is still being searched, the average softmax of the noisy
    copies."""
    counts: tuple[int, ...] = (0,) * len(names)
    if progress is not None:
        if not progress.smallest and progress.stage == "searching":
            percent = [100 * p for p in progress.probabilities]
            return "Average answer, %", f"step {progress.step} of {attack.steps}", percent, 100
        counts = progress.smallest.counts if progress.smallest else progress.counts
    return "Votes after the change", f"{sum(counts):,} of {attack.n:,}", counts, attack.n
