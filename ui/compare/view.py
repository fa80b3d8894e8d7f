"""The Compare page, side by side: cards of settings, and what each of them says on the same noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.certification.commitment import Tie
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets.sources import Picture, class_names
from diffsmooth_core.experiments import Comparison, Entry, evaluations
from diffsmooth_core.purification.purifiers import purifier_of
from diffsmooth_core.runs.results import outcome_of
from diffsmooth_core.wording import confidence, down, length, written
from ui import commands, tours
from ui.colours import class_colour, outcome_colour, outcome_mark
from ui.compare import best_setting, charts, controls, job_controls
from ui.compare.controls import LETTERS, TABS, Chosen, listed, title
from ui.components import figure, softmax, strip
from ui.images import data_url
from ui.jobs import experiments, networks, recorded_comparison, votes
from ui.jobs.experiments import ExperimentTask
from ui.jobs.polling import poll
from ui.jobs.registry import Snapshot
from ui.page import problem_line
from ui.session import state
from ui.session.draft import Draft
from ui.text import plain
from ui.verdict import verdict

ROWS = 6  # classes shown in a count, at most
SAMPLES = 3  # ways to differ of which a noisy copy is shown
KIND = "comparison"
Counts = npt.NDArray[np.float32]


def tabs() -> None:
    """Which half of the page is shown."""
    if not tours.shows("tabs"):
        return

    def chosen() -> None:
        state.change_settings(tab=st.session_state["compare-tabs"])

    st.session_state["compare-tabs"] = state.setting("tab")
    st.segmented_control(
        "Compare what",
        list(TABS),
        key="compare-tabs",
        on_change=chosen,
        required=True,
        format_func=TABS.__getitem__,
        label_visibility="collapsed",
    )


def show(picture: Picture, shared: Draft[SmoothingConfig], settings: list[Chosen]) -> None:
    """The half of the page that has settings side by side."""
    if shared.values is None:
        problem_line(shared.problem)
        return
    drafts = controls.drafts(settings, shared.values)
    controls.cards(settings, drafts)
    ready = tuple(draft.values for draft in drafts if draft.values)
    able = len(ready) == len(drafts)
    snapshot = _shown(picture, ready)
    task = ExperimentTask(KIND, picture, ready if able else ())
    with st.container(horizontal=True, vertical_alignment="center"):
        time = job_controls.buttons("Compare", task, snapshot)
        controls.more(settings)
        if snapshot and snapshot.subject.recorded:
            when = recorded_comparison.created()
            st.caption(f"This is a recording of {when}. Compare counts its votes here.", width="content")
    if snapshot is None:
        if able:
            _preview(picture, ready)
        job_controls.say_time(time, task)
        return
    if (started := snapshot.subject.configs) != ready:
        words = (f"{title(config, i)}: {controls.words(config)}" for i, config in enumerate(started))
        st.caption(f":material/info: The results below are of {'; '.join(words)}.")
    poll(lambda: [_shown(picture, ready)], lambda: _live(picture, ready))
    found: Comparison | None = snapshot.progress
    if found and snapshot.finished:
        if tours.shows("costs"):
            _costs(found, "the recording's" if snapshot.subject.recorded else "this server's")
        if tours.shows("differences"):
            _differences(snapshot, found)
        if tours.shows("best"):
            _best(snapshot, found)
            picture = snapshot.subject.picture
            commands.show(
                *(
                    commands.certify(entry.config, picture, f"cert-{letter}.json")
                    for letter, entry in zip(LETTERS, found.entries, strict=False)
                ),
                note="Each certifies by itself and has noise of its own, so it draws other votes than this "
                "comparison, whose settings share their noise.",
            )
    if snapshot.subject.recorded:
        job_controls.say_time(time, task)


def _preview(picture: Picture, configs: tuple[SmoothingConfig, ...]) -> None:
    """Before a run: the first vote of each setting."""
    if not all(map(networks.votes_quickly, configs)):
        return
    tied_to = votes.group_of(picture, configs)
    labels = [votes.traced(picture, config, 1, tied_to).vote for config in configs]
    _sample(picture, configs, labels, 1, tied_to)
    total = sum(config.n0 + config.n for config in configs)
    st.caption(
        f"The first vote of each setting. Compare counts {total:,} of them, then shows bound, radius and "
        "cost of each setting, the copies on which they differ, and what may be claimed of the best."
    )


def _shown(picture: Picture, configs: tuple[SmoothingConfig, ...]) -> Snapshot[Any] | None:
    """The comparison that the page shows. Without one, the bundled recording, if it is of the chosen picture
    and settings; None otherwise."""
    known = experiments.find(KIND)
    return known or (None if state.setting(KIND) else recorded_comparison.recorded(picture, configs))


def _live(picture: Picture, configs: tuple[SmoothingConfig, ...]) -> None:
    snapshot = _shown(picture, configs)
    if snapshot is None:
        return
    configs = snapshot.subject.configs
    found: Comparison | None = snapshot.progress
    total = sum(config.n0 + config.n for config in configs)
    job_controls.status(snapshot, total)
    job_controls.note_other_picture(snapshot, picture)
    if found is None and snapshot.state == "failed":
        return
    found = found or Comparison(tuple(Entry(config) for config in configs))
    names = class_names(configs[0].dataset)
    _verdicts(snapshot, found, names)
    spec = charts.bounds(found, snapshot.subject.picture.label)
    alt = "Each setting's lower bound against ½, and its radius"
    figure.show(spec, "compare-bounds", alt, charts.height(found))


def _verdicts(snapshot: Snapshot[Any], found: Comparison, names: tuple[str, ...]) -> None:
    """Draw each setting's answer and its counts, in columns."""
    with st.container(key="compare-answers"):
        columns = st.columns(len(found.entries), gap="small")
    counts = [_cast(entry, len(names)) for entry in found.entries]
    shown = softmax.leading(np.sum(counts, 0), ROWS)
    for i, (column, entry) in enumerate(zip(columns, found.entries, strict=True)):
        with column:
            _verdict(i, entry, snapshot, counts[i], shown)


def _cast(entry: Entry, classes: int) -> Counts:
    """The votes of each class so far (classes,): for the bound, or before them those that select."""
    progress = entry.progress
    cast = (progress.counts if any(progress.counts) else progress.counts0) if progress else (0,) * classes
    return np.array(cast, np.float32)


def _verdict(i: int, entry: Entry, snapshot: Snapshot[Any], counts: Counts, shown: Sequence[int]) -> None:
    """One setting's answer, and its counts of the classes in `shown`, which are the same for all settings."""
    progress, certificate, n = entry.progress, entry.certificate, int(counts.sum())
    names, selecting = class_names(entry.config.dataset), progress is not None and not any(progress.counts)
    if certificate:
        said = verdict(certificate, snapshot.subject.picture, names)
        words = "abstains"
        if certificate.radius:
            wrong = "wrong: " if said.mood == "wrong" else ""
            words = f"{wrong}**{plain(names[certificate.label])}**, radius **{length(certificate.radius)}**"
        with st.container(key=f"verdict-{said.mood}-{i}"):
            st.markdown(f"**{LETTERS[i]}** {said.mark} {words}")
    else:
        stage = "stopped" if snapshot.finished else "counting" if progress else "waiting"
        icon = "stop_circle" if snapshot.finished else "hourglass_empty"
        st.markdown(f"**{LETTERS[i]}** :material/{icon}: {stage}")
    bars = [
        softmax.Bar(bar.label, bar.share / max(n, 1), bar.text, bar.colour, bar.leads and n > 0)
        for bar in softmax.bars(counts, shown, names, "{:,.0f}")
    ]
    of = f"n₀ = {entry.config.n0:,} selection" if selecting else f"n = {entry.config.n:,}"
    card = softmax.SoftmaxCard(f"{n:,} of {of} votes", tuple(bars))
    softmax.show([card], key=f"compare-counts-{i}")


def _costs(found: Comparison, whose: str) -> None:
    st.subheader("What it took", anchor=False)
    rows: dict[str, list[str]] = {
        "setting": [],
        "votes": [],
        "denoiser": [],
        "classifier": [],
        "seconds": [],
        "peak memory": [],
    }
    for i, entry in enumerate(found.entries):
        denoiser, classifier = (entry.counted * each for each in evaluations(entry.config))
        cells = (
            title(entry.config, i),
            f"{entry.counted:,}",
            f"{denoiser:,}",
            f"{classifier:,}",
            f"{entry.seconds:.1f}",
            f"{entry.memory / 2**20:.0f} MiB",
        )
        for name, cell in zip(rows, cells, strict=True):
            rows[name].append(cell)
    st.table(rows, border="horizontal")
    st.caption(
        f"Denoiser and classifier: how many pictures each network looked at. Seconds are {whose}. Peak "
        "memory is the most that was held at once while copies passed through the networks, their weights "
        "aside. The noise is shared by these settings alone: Certify draws other copies, and its radius may "
        "differ by chance."
    )


def _differences(snapshot: Snapshot[Any], found: Comparison) -> None:
    """Draw how the settings differ on noisy copies, the most frequent way first, and a copy of each."""
    if not (shared := found.shared):
        return
    differing = found.differing
    st.subheader("Where they differ", anchor=False)
    if not len(differing):
        st.markdown(f"All settings give the same class on each of {shared:,} noisy copies.")
        return
    st.markdown(f"On {len(differing):,} of {shared:,} noisy copies not all say the same:")
    progress, patterns = found.entries[0].progress, found.patterns
    assert progress is not None
    picture, configs = snapshot.subject.picture, snapshot.subject.configs
    for labels, copies in patterns[:SAMPLES]:
        often = f"{len(copies):,} copies" if len(copies) > 1 else "1 copy"
        st.markdown(f"**{often}**: {in_words(labels, class_names(configs[0].dataset))}.")
        _sample(picture, configs, labels, int(copies[0]) + 1, progress.tied_to)
    if rest := patterns[SAMPLES:]:
        ways = "another way" if len(rest) == 1 else f"{len(rest):,} other ways"
        st.caption(f"On the other {sum(len(copies) for _, copies in rest):,} they differ in {ways}.")


def in_words(labels: Sequence[int], names: Sequence[str]) -> str:
    """Who says what of a copy: "A and B say frog, C says ship", as Markdown."""
    by_class: dict[int, list[str]] = {}
    for letter, label in zip(LETTERS, labels, strict=False):
        by_class.setdefault(label, []).append(letter)
    return ", ".join(
        f"{listed(letters)} {'say' if len(letters) > 1 else 'says'} {plain(names[label])}"
        for label, letters in by_class.items()
    )


def _makes_one_picture(config: SmoothingConfig) -> bool:
    """Whether the method purifies each noisy copy exactly once, so that there is one picture to show."""
    return METHODS[config.method].purifies and not purifier_of(config.method).majority


def _sample(
    picture: Picture,
    configs: tuple[SmoothingConfig, ...],
    labels: Sequence[int],
    copy: int,
    tied_to: Tie | None,
) -> None:
    """One noisy copy, what purification makes of it, and each setting's class."""
    names, frames = class_names(configs[0].dataset), []
    if all(map(networks.votes_quickly, configs)):
        purifying = next((config for config in configs if _makes_one_picture(config)), configs[0])
        traced = votes.traced(picture, purifying, copy, tied_to)
        frames.append(strip.Frame(f"Copy {copy:,}", f"σ = {purifying.sigma:g}", (data_url(traced.noisy),)))
        if traced.purified is not None:
            frames.append(strip.Frame("Purified", "in one step", (data_url(traced.purified),)))
    for i, (config, label) in enumerate(zip(configs, labels, strict=True)):
        method, outcome = METHODS[config.method].title, outcome_of(label, picture.label)
        colour = class_colour(label) if picture.label is None else outcome_colour(outcome)
        word = outcome_mark(outcome) + names[label]
        frames.append(strip.Frame(LETTERS[i], method, word=word, colour=colour, sign=""))
    strip.show(frames, key=f"compare-sample-{copy}")


def _best(snapshot: Snapshot[Any], found: Comparison) -> None:
    """State what may be claimed of the best setting, which was picked after looking at all of them."""
    if not found.finished:
        return
    k, alpha = len(found.entries), found.entries[0].config.alpha
    st.subheader("Picking the best", anchor=False)
    if (best := found.best(snapshot.subject.picture.label)) is None:
        st.markdown(best_setting.none_is_best(snapshot, k))
        return
    which, held = best
    alone = found.entries[which].certificate
    assert alone is not None
    st.markdown(
        f"**{title(held.config, which)}** has the largest radius{best_setting.for_class(snapshot)}, "
        f"{length(alone.radius)} at α = {written(alpha)}{best_setting.as_large(found, which)}. "
        f"Whoever compares first and picks then has had {k} chances to be fooled. What may be claimed of the "
        f"best of {k} is what its votes give at α/{k} = {written(held.config.alpha, 3)}: radius "
        f"**{length(held.radius)}**, bound {down(held.p_a_lower, 4)}, with {confidence(alpha)} confidence."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            f"Download the certificate at α/{k}",
            held.to_json(),
            f"best-of-{k}-{held.image_sha256[:8]}.json",
            "application/json",
            on_click="ignore",
            icon=":material/download:",
        )
        best_setting.certify_again(snapshot, alone.config)
