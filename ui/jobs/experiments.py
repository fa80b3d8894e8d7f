"""Comparisons and sweeps as jobs, in the queue of certificates; the address names them by their ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.experiments import Comparison, Sweep, compare_stream, sweep_stream
from ui.jobs.networks import base_classifier
from ui.jobs.registry import Snapshot, jobs
from ui.session import notices, state


@dataclass(frozen=True)
class ExperimentTask:
    """The input of an experiment's job. `kind` is "comparison" or "sweep"; `over`, one of SWEEPS, is what a
    sweep varies."""

    kind: str
    picture: Picture
    configs: tuple[SmoothingConfig, ...]
    over: str = ""


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
    job = jobs().submit("certificates", stream, subject=task, owner=state.visitor(), resumed=resumed)
    state.change_settings(**{task.kind: job})


def find(kind: str) -> Snapshot[Any] | None:
    """The experiment of this kind that the page shows, or None where it is not known (any more)."""
    job = jobs().snapshot(state.setting(kind))
    return job if job and isinstance(job.subject, ExperimentTask) and job.subject.kind == kind else None


def forget_unknown(kind: str) -> None:
    """Say that an experiment in the address is gone."""
    if state.setting(kind) and find(kind) is None:
        state.change_settings(**{kind: ""})
        notices.notify(f"The {kind} in the address is no longer on this server; the same seed repeats it.")
