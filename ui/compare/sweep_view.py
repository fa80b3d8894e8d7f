"""The Compare page's sweep of one or two settings: a heat map or a curve of radii, from shared noisy
copies."""

from __future__ import annotations

from typing import Any

import streamlit as st

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.certification.ballots import Ballots
from diffsmooth_core.config import METHODS
from diffsmooth_core.datasets.sources import Picture, class_names
from diffsmooth_core.experiments import SWEEPS, Cell, Sweep, grid
from diffsmooth_core.wording import confidence, down, length, written
from ui import commands
from ui.compare import best_setting, charts, job_controls
from ui.components import figure
from ui.jobs import experiments
from ui.jobs.experiments import ExperimentTask
from ui.jobs.networks import runnable
from ui.jobs.polling import poll
from ui.jobs.registry import Snapshot
from ui.page import problem_line
from ui.session import state
from ui.session.draft import Draft

KIND = "sweep"
CHART = 340  # pixels high
WORDS = {
    "sigma_local": "Local noise makes purified pictures look like those that the classifier was trained on, "
    "so the noise of its training is the natural choice. Here it varies, at three levels of smoothing noise: "
    "tables 4 and 5 of the paper. At σ′ = 0 nothing is smoothed locally.",
    "m": "More local copies average out more of the local noise, and each costs another look of the "
    "classifier: figure 3 of the paper.",
    "shift": "The paper takes a little more local noise than the classifier was trained under: 0.03 more on "
    "CIFAR-10, 0.01 or 0.02 on ImageNet (table 8). Here σ′ starts at the sidebar's and grows.",
    "budget": "The same number of classifier predictions, n · m, spent on many votes or on surer ones: "
    "tables 6 and 7 of the paper. Fewer votes also lower the largest radius that there can be.",
}


def show(picture: Picture, draft: Draft[SmoothingConfig]) -> None:
    """The half of the page that sweeps one setting around those of the sidebar."""
    over = _over()
    st.markdown(WORDS[over])
    drafts = draft.then(lambda config: _grid(over, config))
    problem_line(drafts.problem)
    configs = drafts.values or ()
    snapshot = experiments.find(KIND)
    with st.container(horizontal=True, vertical_alignment="center"):
        task = ExperimentTask(KIND, picture, configs, over)
        time = job_controls.buttons("Sweep", task, snapshot)
        if configs:
            st.caption(_plan(configs))
    if snapshot is None:
        if configs:
            _chart(_empty(configs), over, picture.label)
        job_controls.say_time(time, task)
        return
    poll(lambda: [experiments.find(KIND)], lambda: _live(picture))
    found: Sweep | None = snapshot.progress
    if found and found.finished:
        _best(snapshot, found)
        swept = snapshot.subject
        commands.show(commands.sweep(swept.configs[0], swept.over, swept.picture))


def _grid(over: str, config: SmoothingConfig) -> tuple[SmoothingConfig, ...]:
    """The settings of the sweep. Raises InputError where it cannot be run."""
    method = METHODS[config.method]
    if not method.smooths_locally:
        raise InputError(
            f"{method.title} has no local noise to sweep; choose DiffSmooth, or local smoothing without "
            "diffusion"
        )
    configs = grid(over, config)
    runnable(configs[0])
    return configs


def _over() -> str:
    def chosen() -> None:
        state.change_settings(over=st.session_state["sweep-over"])

    st.session_state["sweep-over"] = state.setting("over")
    return str(
        st.segmented_control(
            "What to sweep",
            list(SWEEPS),
            key="sweep-over",
            on_change=chosen,
            required=True,
            format_func=SWEEPS.__getitem__,
            label_visibility="collapsed",
        )
    )


def _plan(configs: tuple[SmoothingConfig, ...]) -> str:
    """How many votes are cast, and how many copies are purified for them."""
    votes = sum(config.n0 + config.n for config in configs)
    longest = {config.sigma: max(c.n for c in configs if c.sigma == config.sigma) for config in configs}
    copies = sum(configs[0].n0 + n for n in longest.values())
    return f"{len(configs)} settings, {votes:,} votes from {copies:,} noisy copies, each purified once."


def _live(picture: Picture) -> None:
    snapshot = experiments.find(KIND)
    if snapshot is None:
        return
    found: Sweep | None = snapshot.progress
    job_controls.status(snapshot, found.total if found else 1)
    job_controls.note_other_picture(snapshot, picture)
    if found is None and snapshot.state == "failed":
        return
    configs, over = snapshot.subject.configs, snapshot.subject.over
    label = snapshot.subject.picture.label
    _chart(found or _empty(configs), over, label)
    first = configs[0]
    sigma = "" if over == "sigma_local" else f"σ = {first.sigma:g}, "
    marks = "" if label is None else ", ✓ where that is right and ✕ where it is wrong"
    provisional = "" if snapshot.finished else " Provisional while votes come in."
    st.caption(
        f"Certified radius (L2) and class{marks}, – where it abstains; {sigma}n₀ = {first.n0:,}, "
        f"α = {written(first.alpha)} for each setting on its own.{provisional}"
    )


def _empty(configs: tuple[SmoothingConfig, ...]) -> Sweep:
    """A sweep before its first vote."""
    none = Ballots.none(len(class_names(configs[0].dataset)))
    return Sweep(tuple(Cell(config, none, none) for config in configs), 0, 1)


def _chart(found: Sweep, over: str, label: int | None) -> None:
    names = class_names(found.cells[0].config.dataset)
    heat = over == "sigma_local"
    spec = charts.heat(found, names, label) if heat else charts.curve(found, over, names, label)
    figure.show(spec, f"sweep-{over}", "Certified radius of each setting", CHART)


def _best(snapshot: Snapshot[Any], found: Sweep) -> None:
    """State what may be claimed of the best cell, which was picked after looking at all of them."""
    st.subheader("Picking the best", anchor=False)
    k, alpha = len(found.cells), found.cells[0].config.alpha
    if (best := found.best(snapshot.subject.picture.label)) is None:
        st.markdown(best_setting.none_is_best(snapshot, k))
        return
    which, held = best
    cell: Cell = found.cells[which]
    config = cell.config
    st.markdown(
        f"**σ = {config.sigma:g}, σ′ = {config.sigma_local:g}, m = {config.m}, n = {config.n:,}** has the "
        f"largest radius{best_setting.for_class(snapshot)}, {length(cell.decision.radius)} at "
        f"α = {written(alpha)}. Picked afterwards from {k}, it may claim what its votes give at α/{k}: "
        f"radius **{length(held.radius)}**, bound {down(held.p_a_lower, 4)}, with {confidence(alpha)} "
        f"confidence. Picking costs a radius of {cell.decision.radius - held.radius:.2g}."
    )
    best_setting.certify_again(snapshot, config)
