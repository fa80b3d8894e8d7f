"""How often a page looks at its job again."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ui.certify import view
from ui.jobs import polling
from ui.jobs.gate import Demand
from ui.jobs.registry import Snapshot, jobs
from ui.jobs.theorems import TheoremTask

Visit = Callable[..., AppTest]
SMALL = {"n": "20", "n0": "10", "m": "1"}


@pytest.fixture
def intervals(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """What pages ask Streamlit for as the time between two looks at a job, in their order."""
    asked: list[float | None] = []
    fragment = st.fragment

    def noted(draw: Any, run_every: float | None = None) -> Any:
        if draw.__module__ == polling.__name__:
            asked.append(run_every)
        return fragment(draw, run_every=run_every)

    monkeypatch.setattr(polling.st, "fragment", noted)
    return asked


def job(state: Any, position: int = 0) -> Snapshot[Any]:
    return Snapshot("id", state, position=position)


@pytest.mark.parametrize(
    ("given", "phase"),
    [
        ([], "ended"),
        ([None, job("done")], "ended"),
        ([job("failed"), job("cancelled")], "ended"),
        ([job("running")], "working"),
        ([job("queued", position=0)], "working"),
        ([job("queued", position=1)], "waiting"),
        ([job("done"), job("queued", position=2), None], "waiting"),
        ([job("queued", position=1), job("running")], "working"),
    ],
)
def test_jobs_that_wait_are_told_from_those_that_work(given: list[Any], phase: str) -> None:
    assert polling.phase(given) == phase


@pytest.mark.parametrize(
    "there", [replace(job("running"), progress="votes"), job("failed"), job("queued", position=1), None]
)
def test_the_first_is_looked_out_for_and_no_longer(there: Snapshot[Any] | None) -> None:
    seen = iter([[job("queued")], [job("running")], [job("running")], [there]])
    polling.wait_for_progress(lambda: next(seen), math.inf)
    assert next(seen, None) is None, "it stayed while there was nothing, and then went on"
    polling.wait_for_progress(lambda: [job("running")], time.monotonic() + 0.1)


def test_a_page_asks_seldom_in_the_queue_and_not_once_its_run_has_ended(
    visit: Visit, intervals: list[float | None]
) -> None:
    held, begun = threading.Event(), threading.Event()

    def blocks() -> Iterator[Any]:
        begun.set()
        held.wait(100)
        yield from ()

    before = jobs().submit("certificates", blocks, subject=TheoremTask(False, Demand()))
    assert begun.wait(100)
    page = visit(**SMALL)
    assert set(intervals) == {None}
    intervals.clear()
    page.button(key="Certify").click().run()
    assert any("one run is ahead" in said.value for said in page.markdown)
    assert set(intervals) == {None, polling.QUEUE_SECONDS}, "only the place in the queue is asked for"
    intervals.clear()
    page.button(key="Cancel").click().run()
    assert set(intervals) == {None}
    held.set()
    jobs().wait(before, 100)


def test_the_first_drawing_of_a_run_already_has_votes(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[bool] = []
    monkeypatch.setattr(view, "POLL_SECONDS", 30)
    run = view._run

    def noted(snapshot: Snapshot[Any], *rest: Any) -> None:
        drawn.append(snapshot.progress is not None)
        run(snapshot, *rest)

    monkeypatch.setattr(view, "_run", noted)
    page = visit(**SMALL)
    page.button(key="Certify").click().run()
    assert drawn
    assert all(drawn), "it was drawn while there was nothing to see"
    assert not page.exception
