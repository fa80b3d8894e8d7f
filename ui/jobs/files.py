"""Files that are read beside their page: a large one takes seconds, and the page answers meanwhile.

Session-state keys: `reading-PLACE` for each place of a page where a file can be given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import streamlit as st

from ui.jobs.gate import Demand
from ui.jobs.polling import is_waiting, poll
from ui.jobs.registry import Snapshot, jobs
from ui.session.visitor import visitor
from ui.text import plain

PATIENCE = 1.0  # seconds that a page waits for a file: most are read by then


@dataclass(frozen=True)
class FileTask:
    """The subject of a job that reads a file, whose size was checked before."""

    demand: Demand = field(default_factory=Demand)


@dataclass(frozen=True)
class Reading:
    """What came of a file; nothing while it is read."""

    result: Any = None
    finished: bool = False


@dataclass(frozen=True)
class _Begun:
    """A file that is being read, since when, and what is done with the result or with the reason why there is
    none."""

    job: str
    name: str
    since: float
    then: Callable[[Any], None]
    refused: Callable[[str], None]


def read(
    place: str,
    queue: Literal["pictures", "files"],
    name: str,
    work: Callable[[], Any],
    then: Callable[[Any], None],
    refused: Callable[[str], None],
) -> None:
    """Have the file that is called `name` read by `work`, which runs on another thread, and hand the result
    on to `then`, or to `refused` why there is none: at once where it is there after a moment, else when
    `show` finds it. Raises InputError where too many wait."""

    def stream() -> Iterator[Reading]:
        yield Reading(work(), finished=True)

    job = jobs().submit(queue, stream, subject=FileTask(), owner=visitor())
    st.session_state[f"reading-{place}"] = _Begun(job, name, time.monotonic(), then, refused)
    jobs().wait(job, PATIENCE)
    _take_up(place)


def show(place: str) -> None:
    """Say that a file is being read at this place of the page, if one is, and draw the page again with what
    came of it."""
    if _take_up(place):
        st.rerun()
    begun: _Begun | None = st.session_state.get(f"reading-{place}")
    if begun:
        poll(lambda: [jobs().snapshot(begun.job)], lambda: _say(begun))


def _say(begun: _Begun) -> None:
    if is_waiting(jobs().snapshot(begun.job)):
        st.caption(f":material/hourglass_empty: {plain(begun.name)} waits for another file to be read.")
    else:
        seconds = time.monotonic() - begun.since
        st.caption(f":material/hourglass_empty: {plain(begun.name)} is being read: {seconds:.0f} s so far.")


def _take_up(place: str) -> bool:
    """Hand on what came of a place's file; whether something did."""
    begun: _Begun | None = st.session_state.get(f"reading-{place}")
    snapshot = jobs().snapshot(begun.job) if begun else None
    if begun is None or (snapshot and not snapshot.finished):
        return False
    del st.session_state[f"reading-{place}"]
    jobs().forget(begun.job)  # with its result
    if snapshot and isinstance(snapshot.progress, Reading):
        begun.then(snapshot.progress.result)
    else:
        begun.refused(_reason(snapshot))
    return True


def _reason(snapshot: Snapshot[Any] | None) -> str:
    return (snapshot and snapshot.error) or "the file was not read to its end; give it again"
