"""Comparisons and sweeps as jobs, in the queue of certificates; the address names them by their ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.experiments import Comparison, Sweep, compare_stream, sweep_stream
from ui.jobs import certificates
from ui.jobs.gate import Demand
from ui.jobs.networks import base_classifier
from ui.jobs.registry import Snapshot, jobs
from ui.session import notices, state
from ui.session.visitor import visitor


@dataclass(frozen=True)
class ExperimentTask:
    """The input of an experiment's job. `kind` is "comparison" or "sweep"; `over`, one of SWEEPS, is what a
    sweep varies; `recorded` says that it was computed elsewhere."""

    kind: str
    picture: Picture
    configs: tuple[SmoothingConfig, ...]
    over: str = ""
    recorded: bool = False

    @property
    def demand(self) -> Demand:
        return Demand(runs=self.configs)


def submit(task: ExperimentTask, resumed: Any = None) -> None:
    """Queue an experiment, which goes on from `resumed`, and show it. Raises InputError where the queue is
    full."""
    picture, configs = task.picture, task.configs

    def compared() -> Iterator[Comparison]:
        settings = [(base_classifier(config), config) for config in configs]
        return compare_stream(settings, picture.tensor, picture.source, resumed)

    def swept() -> Iterator[Sweep]:
        return sweep_stream(base_classifier(configs[0]), picture.tensor, configs, resumed)

    stream: Callable[[], Iterator[Any]] = compared if task.kind == "comparison" else swept
    job = jobs().submit("certificates", stream, subject=task, owner=visitor(), resumed=resumed)
    state.change_settings(**{task.kind: job})


def seconds_needed(task: ExperimentTask) -> float | None:
    """Seconds that an experiment takes about, where the pace of all its votes is known."""
    if task.kind == "comparison":
        each = [certificates.seconds_needed(config) for config in task.configs]
        return sum(map(float, filter(None, each))) if all(each) else None
    vote, look = map(certificates.seconds_a_vote, _timed_for_sweep(task.configs[0]))
    if not (vote and look):
        return None
    return sum(copies * (vote + more * look) for copies, more in _shared(task.configs))


def time_votes(task: ExperimentTask) -> None:
    """Let `seconds_needed` know the pace of an experiment; see `certificates.time_votes`."""
    for config in task.configs if task.kind == "comparison" else _timed_for_sweep(task.configs[0]):
        certificates.time_votes(task.picture, config)


def _timed_for_sweep(config: SmoothingConfig) -> tuple[SmoothingConfig, SmoothingConfig]:
    """The settings whose votes tell what those of a sweep cost: one of its own, and one that looks once."""
    return config, replace(config, method="plain")


def _shared(configs: Sequence[SmoothingConfig]) -> Iterator[tuple[int, int]]:
    """For each sigma of a sweep its noisy copies, and how many more times the classifier looks at one than
    for a vote of the first setting: m times for each sigma_local, for the largest m."""
    for sigma in {config.sigma for config in configs}:
        group = [config for config in configs if config.sigma == sigma]
        most = {
            local: max(c.m for c in group if c.sigma_local == local)
            for local in (c.sigma_local for c in group)
        }
        yield configs[0].n0 + max(config.n for config in group), sum(most.values()) - configs[0].m


def find(kind: str) -> Snapshot[Any] | None:
    """The experiment of this kind that the page shows, or None where it is not known (any more)."""
    job = jobs().snapshot(state.setting(kind))
    return job if job and isinstance(job.subject, ExperimentTask) and job.subject.kind == kind else None


def forget_unknown(kind: str) -> None:
    """Say that an experiment in the address is gone."""
    if state.setting(kind) and find(kind) is None:
        state.change_settings(**{kind: ""})
        notices.notify(f"The {kind} in the address is no longer on this server; the same seed repeats it.")
