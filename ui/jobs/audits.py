"""Audits as jobs, and the store that they write to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import streamlit as st

from diffsmooth_core import ABSTAIN, InputError, SmoothingConfig
from diffsmooth_core.analysis import browsing, explaining
from diffsmooth_core.analysis.browsing import RunRow
from diffsmooth_core.analysis.diagnosis import Diagnosis
from diffsmooth_core.analysis.rescue import Rescue
from diffsmooth_core.analysis.stages import Stages
from diffsmooth_core.caching import kept
from diffsmooth_core.runs import batch
from diffsmooth_core.runs.indices import parse_indices
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.store import Store
from diffsmooth_core.runs.workers import this_process
from ui.jobs.registry import Snapshot, jobs
from ui.session import state
from ui.session.limits import limit

ROWS = 200_000  # of all runs together that are kept as they were read


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """The store that DIFFSMOOTH_STORE names. Raises InputError."""
    return Store()


def rows(run: Run) -> list[RunRow]:
    """Every row of a run, read again only when there is something new."""
    return _rows(store(), run, store().version(run))


@kept(ROWS, weigh=len)
def _rows(store: Store, run: Run, version: tuple[int, int]) -> list[RunRow]:
    return browsing.rows(store, run)


def left(run: Run, done: int) -> int:
    """Pictures that a run of ours still has to certify."""
    if run.origin != "audit":
        return 0
    return len(run.indices) - done - sum(r.kind == "skipped" for r in store().remarks(run))


@dataclass(frozen=True)
class ExplainingProgress:
    """How many of a list of abstentions or of settings are done, and the rescues that were found."""

    rescues: tuple[Rescue, ...]
    done: int
    total: int

    @property
    def finished(self) -> bool:
        return self.done == self.total


def start(name: str, indices: str, config: SmoothingConfig) -> Run:
    """Create a run and queue its audit. Raises InputError."""
    chosen, most = parse_indices(indices, config.dataset), limit("audits", "pictures")
    if len(chosen) > most:
        raise InputError(
            f"indices {indices!r} name {len(chosen):,} pictures, here an audit has up to {most:,}"
        )
    run = batch.start(store(), name, config, chosen)
    resume(run)
    return run


def resume(run: Run) -> None:
    """Queue the certification of the pictures that a run still lacks."""
    _submit(run, "audit", lambda: batch.work(store(), run, this_process))


def unclear(every: Sequence[RunRow]) -> list[RunRow]:
    """The abstentions that vote counts alone do not explain and that have not been diagnosed."""
    return [row for row in every if row.reason == "scattered" and not row.diagnosed]


def explain(run: Run) -> None:
    """Queue the diagnosis of every abstention that vote counts alone do not explain."""
    wanted = {row.result.idx for row in unclear(rows(run))}
    todo = [r for r in store().results(run, certificates=True, predict=ABSTAIN) if r.idx in wanted]

    def stream() -> Iterator[ExplainingProgress]:
        for i, _ in enumerate(explaining.diagnose_each(store(), run, todo), 1):
            yield ExplainingProgress((), i, len(todo))

    _submit(run, "explain", stream)


def rescue(run: Run, idx: int) -> None:
    """Queue the certification of one picture under other settings."""
    result = store().result(run, idx)

    def stream() -> Iterator[ExplainingProgress]:
        total, found = len(explaining.rescue_settings_of(run)), list[Rescue]()
        for rescue in explaining.rescues_of(run, result):
            found.append(rescue)
            yield ExplainingProgress(tuple(found), len(found), total)

    _submit(run, f"rescue-{idx}", stream)


def _submit(run: Run, what: str, stream: Callable[[], Iterator[Any]]) -> None:
    jobs().submit("audits", stream, key=(run.id, what), subject=run, owner=state.visitor())


def latest(run: Run, what: str) -> Snapshot[Any] | None:
    """The last job of this kind for a run, running or finished; None where this server knows of none."""
    return jobs().latest((run.id, what))


def stop(run: Run, what: str) -> None:
    """Stop a job after its current step."""
    if job := latest(run, what):
        jobs().cancel(job.id)


def remove(run: Run) -> None:
    """Delete a run from the store. Raises InputError while a job of this server works on it."""
    found = [job for job in jobs().snapshots("audits") if job.subject == run]
    if any(not job.finished for job in found):
        raise InputError(f"run {run.name!r} is being worked on; stop that first")
    store().remove(run)
    for job in found:  # the number of a run that is gone may be given again
        jobs().forget(job.id)


@lru_cache(maxsize=64)
def taken_apart(run: Run, idx: int) -> tuple[Stages, Diagnosis]:
    """The classes of a result's first votes after each stage, and why it is not certified. Raises
    InputError."""
    result = store().result(run, idx)
    stages = explaining.stages_of(run, result)
    return stages, explaining.diagnose(run, result, stages)
