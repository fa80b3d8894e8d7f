"""Audits of the whole server: the store, what was read from it, and the runs that are under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import streamlit as st

from diffsmooth_core import ABSTAIN, InputError, SmoothingConfig
from diffsmooth_core.analysis import browsing, explaining
from diffsmooth_core.analysis.browsing import Row
from diffsmooth_core.analysis.diagnosis import Diagnosis, Rescue, Stages
from diffsmooth_core.runs import batch
from diffsmooth_core.runs.store import Run, Store
from diffsmooth_core.runs.workers import Here
from ui.jobs import certificates as runs
from ui.jobs.registry import JobManager, Snapshot
from ui.session import state
from ui.session.limits import limit

_jobs: dict[tuple[int, str], str] = {}  # (run, what is done with it) -> the latest job


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """The store that DIFFSMOOTH_STORE names. Raises InputError."""
    return Store()


@st.cache_resource(show_spinner=False)
def manager() -> JobManager[Any]:
    """A queue of its own: an audit takes minutes, and nobody's certificate waits for it."""
    return runs.queue()


def rows(run: Run) -> list[Row]:
    """Every row of a run, read again only when there is something new."""
    return _rows(store(), run, store().version(run))


@lru_cache(maxsize=8)
def _rows(kept: Store, run: Run, version: tuple[int, int]) -> list[Row]:
    return browsing.rows(kept, run)


def left(run: Run, done: int) -> int:
    """Pictures that a run of ours still has to certify."""
    if run.origin != "audit":
        return 0
    return len(run.indices) - done - sum(r.kind == "skipped" for r in store().remarks(run))


@dataclass(frozen=True)
class Step:
    """How far a list of work is: what was found, of how many."""

    found: tuple[Rescue, ...]
    done: int
    total: int

    @property
    def finished(self) -> bool:
        return self.done == self.total


def start(name: str, indices: str, config: SmoothingConfig) -> Run:
    """A new run, under way. Raises InputError."""
    chosen, most = batch.indices(indices, config.dataset), limit("audits", "pictures")
    if len(chosen) > most:
        raise InputError(
            f"indices {indices!r} name {len(chosen):,} pictures, here an audit has up to {most:,}"
        )
    run = batch.start(store(), name, config, chosen)
    go_on(run)
    return run


def go_on(run: Run) -> None:
    """Certify what is left of a run."""
    _submit(run, "audit", lambda: batch.work(store(), run, Here))


def unclear(every: Sequence[Row]) -> list[Row]:
    """Abstentions that the counts alone do not explain and nobody took apart."""
    return [row for row in every if row.reason == "scattered" and not row.diagnosed]


def explain(run: Run) -> None:
    """Take the votes of every abstention apart that the counts alone do not explain."""
    wanted = {row.result.idx for row in unclear(rows(run))}
    todo = [r for r in store().results(run, certificates=True, predict=ABSTAIN) if r.idx in wanted]

    def stream() -> Iterator[Step]:
        for i, _ in enumerate(explaining.explained(store(), run, todo), 1):
            yield Step((), i, len(todo))

    _submit(run, "explain", stream)


def rescue(run: Run, idx: int) -> None:
    """Try other settings on one picture."""
    result = store().result(run, idx)

    def stream() -> Iterator[Step]:
        total, found = len(explaining.settings(run)), list[Rescue]()
        for rescue in explaining.rescued(run, result):
            found.append(rescue)
            yield Step(tuple(found), len(found), total)

    _submit(run, f"rescue-{idx}", stream)


def _submit(run: Run, what: str, stream: Callable[[], Iterator[Any]]) -> None:
    earlier = under_way(run, what)
    if earlier is None or earlier.finished:
        _jobs[run.id, what] = manager().submit(stream, run, state.visitor())


def under_way(run: Run, what: str) -> Snapshot[Any] | None:
    """The latest job of this kind for a run, running or finished; None where this server had none."""
    job = _jobs.get((run.id, what))
    return manager().snapshot(job) if job else None


def stop(run: Run, what: str) -> None:
    """End a job after what it has in hand."""
    if job := _jobs.get((run.id, what)):
        manager().cancel(job)


@lru_cache(maxsize=64)
def taken_apart(run: Run, idx: int) -> tuple[Stages, Diagnosis]:
    """The first votes of a result at each stage, and why it is not certified. Raises InputError."""
    result = store().result(run, idx)
    stages = explaining.stages_of(run, result)
    return stages, explaining.diagnosed(run, result, stages)
