"""Audits as jobs, and the store that they write to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import streamlit as st

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.analysis import browsing, explaining
from diffsmooth_core.analysis.browsing import RunRow
from diffsmooth_core.analysis.diagnosis import Diagnosis
from diffsmooth_core.analysis.rescue import Rescue
from diffsmooth_core.analysis.stages import Stages
from diffsmooth_core.caching import kept
from diffsmooth_core.runs import batch
from diffsmooth_core.runs.indices import parse_indices
from diffsmooth_core.runs.records import Run, config_of
from diffsmooth_core.runs.store import Store
from diffsmooth_core.runs.workers import this_process
from ui.jobs import gate
from ui.jobs.gate import Demand
from ui.jobs.registry import Snapshot, jobs
from ui.session.visitor import visitor

ROWS = 600_000  # of all runs together that are kept as they were read; a log of 20 MB has fewer


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


Job = Snapshot[Any] | None


@dataclass(frozen=True)
class AuditTask:
    """The input of an audit's job, or of one that explains or rescues pictures of its run."""

    run: Run
    demand: Demand


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
    chosen = parse_indices(indices, config.dataset)
    gate.allow(Demand(runs=(config,), pictures=len(chosen)))  # before there is a run
    run = batch.start(store(), name, config, chosen)
    resume(run)
    return run


def resume(run: Run, after: Job = None) -> None:
    """Queue the certification of the pictures that a run still lacks. `after`, here and below, is the last
    job of this kind that the visitor saw: where another has begun since, nothing is queued. Raises
    InputError."""
    demand = Demand(runs=(config_of(run),), pictures=len(run.indices))
    _submit(run, "audit", lambda: batch.work(store(), run, this_process), demand, after)


def unclear(every: Sequence[RunRow]) -> list[RunRow]:
    """The abstentions that vote counts alone do not explain and that have not been diagnosed."""
    return [row for row in every if row.reason == "scattered" and not row.diagnosed]


def explain(run: Run, after: Job = None) -> None:
    """Queue the diagnosis of every abstention that vote counts alone do not explain. Raises InputError."""
    todo = [row.result.idx for row in unclear(rows(run))]

    def stream() -> Iterator[ExplainingProgress]:
        found = (store().result(run, idx) for idx in todo)
        for i, _ in enumerate(explaining.diagnose_each(store(), run, found), 1):
            yield ExplainingProgress((), i, len(todo))

    _submit(run, "explain", stream, Demand(samples=(config_of(run),), pictures=len(todo)), after)


def rescue(run: Run, idx: int, after: Job = None) -> None:
    """Queue the certification of one picture under those other settings that the operator allows. Raises
    InputError where none is."""
    result = store().result(run, idx)
    every = explaining.rescue_settings_of(run)
    allowed = {change: config for change, config in every.items() if gate.allows(Demand(runs=(config,)))}
    demand = Demand(runs=tuple((allowed or every).values()), pictures=1)

    def stream() -> Iterator[ExplainingProgress]:
        found = list[Rescue]()
        for rescue in explaining.rescues_of(run, result, allowed):
            found.append(rescue)
            yield ExplainingProgress(tuple(found), len(found), len(allowed))

    _submit(run, f"rescue-{idx}", stream, demand, after)


def _submit(run: Run, what: str, stream: Callable[[], Iterator[Any]], demand: Demand, after: Job) -> None:
    jobs().submit(
        "audits", stream, key=(run.id, what), subject=AuditTask(run, demand), owner=visitor(), after=after
    )


def latest(run: Run, what: str) -> Snapshot[Any] | None:
    """The last job of this kind for a run, running or finished; None where this server knows of none."""
    return jobs().latest((run.id, what))


def remove(run: Run) -> None:
    """Delete a run from the store. Raises InputError while a job of this server works on it."""
    found = [job for job in jobs().snapshots("audits") if job.subject.run == run]
    if any(not job.finished for job in found):
        raise InputError(f"run {run.name!r} is being worked on; stop that first")
    store().remove(run)
    for job in found:  # the number of a run that is gone may be given again
        jobs().forget(job.id)


@lru_cache(maxsize=64)
def taken_apart(run: Run, idx: int) -> tuple[Stages, Diagnosis]:
    """The classes of a result's first votes after each stage, and why it is not certified. Raises
    InputError, also where the operator does not allow such votes."""
    gate.allow(Demand(samples=(config_of(run),)))
    result = store().result(run, idx)
    stages = explaining.stages_of(run, result)
    return stages, explaining.diagnose(run, result, stages)
