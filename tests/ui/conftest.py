"""Pages as scripts, and runs whose votes a test makes up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core import Certificate, Progress, SmoothingConfig
from diffsmooth_core.certification.ballots import Ballots
from diffsmooth_core.certification.decision import decide
from diffsmooth_core.certification.progress import Samples
from ui.jobs import files
from ui.jobs.certificates import CertificationProgress, CertificationTask, with_history
from ui.jobs.registry import jobs
from ui.session import state
from ui.session.settings import DEFAULTS

APP = Path(__file__).parents[2] / "app.py"
Votes = Sequence[tuple[int, int]]  # (class, votes)


@pytest.fixture(autouse=True)
def patient_with_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page waits for a file as long as it takes, so that a busy machine changes no test."""
    monkeypatch.setattr(files, "PATIENCE", 100.0)


@pytest.fixture(scope="session", autouse=True)
def no_job_is_left() -> Iterator[None]:
    """A job in torch would abort the process that ends around it, after its tests have passed."""
    yield
    left = [job.id for queue in jobs()._queues for job in jobs().snapshots(queue) if not job.finished]
    for job in left:
        jobs().cancel(job)
    for job in left:
        jobs().wait(job, 100)


def opened(path: str, **parameters: str) -> AppTest:
    """The page at this path with these URL parameters."""
    page = AppTest.from_file(str(APP), default_timeout=200)
    for name, value in parameters.items():
        page.query_params[name] = value
    page.switch_page(path).run()
    assert not page.exception
    return page


def address(page: AppTest) -> dict[str, str]:
    """The parameters that the browser's address has after a run, of a repeated one the last. Where a page was
    just opened, a component completes them there."""
    found = next(
        e.proto for e in page.get("bidi_component") if e.proto.component_name == "diffsmooth_address"
    )
    told = json.loads(found.json)
    now = {name: text if isinstance(text, str) else text[-1] for name, text in page.query_params.items()}
    return dict(parse_qsl(told["query"])) if now in told["begun"] else now


def choose_in_table(
    page: AppTest, table: int, rows: Sequence[int] = (), cells: Sequence[tuple[int, str]] = ()
) -> None:
    """Press rows or cells of a page's table, as a browser tells it; without any, let go of what is chosen."""
    states = page._tree.get_widget_states()
    told = json.dumps({"selection": {"rows": rows, "columns": [], "cells": cells}})
    states.widgets.add(id=page.dataframe[table].proto.id, string_value=told)
    page._run(states)
    assert not page.exception


def dials(page: AppTest) -> dict[str, dict[str, Any]]:
    """The dials that the Certify page tells the browser, by their names."""
    told = [e.proto for e in page.get("bidi_component") if e.proto.component_name == "diffsmooth_dials"]
    return {dial["name"]: dial for one in told for dial in json.loads(one.json)["dials"]}


def turn(page: AppTest, **values: float) -> AppTest:
    """The page after its dials were turned to these values."""
    for name, value in values.items():
        assert dials(page)[name]["used"]
        page.session_state[name] = value
    return page.run()


@pytest.fixture
def visit() -> Callable[..., AppTest]:
    """Open the Certify page with these URL parameters."""

    def visit(**parameters: str) -> AppTest:
        return opened("pages/certify.py", **parameters)

    return visit


def counted(votes: Votes) -> tuple[int, ...]:
    counts = [0] * 10
    for label, number in votes:
        counts[label] = number
    return tuple(counts)


def progress(config: SmoothingConfig, votes0: Votes, votes: Votes, finished: bool = True) -> Progress:
    """The snapshot after these votes, with the certificate where the run is `finished`."""
    counts0, counts = counted(votes0), counted(votes)
    found = decide(counts0, counts, config)
    grey = np.full((32, 32, 3), 0.5, np.float32)
    certificate = Certificate(
        label=found.label,
        radius=found.radius,
        p_a_lower=found.p_a_lower,
        p_b_upper=found.p_b_upper,
        ending=found.ending or "spent",
        counts0=counts0,
        counts=counts,
        config=config,
        image_sha256="a" * 64,
        source="photo:cat",
        weights={"classifier": "b" * 64},
        device="cpu",
        dtype="float32",
        execution="eager",
        block=16,
        batch=26,
        commitment="c" * 64,
        votes0=Ballots.in_class_order(counts0).packed,
        votes=Ballots.in_class_order(counts).packed,
        hardware={"processor": "none", "instructions": "", "onednn": ""},
        versions={},
        created="2026-01-02T03:04:05+00:00",
        seconds=1.5,
    )
    return Progress(
        stage="estimation",
        n_done=sum(counts),
        n_total=config.n,
        tied_to=None,
        selection=Ballots.in_class_order(counts0),
        estimation=Ballots.in_class_order(counts),
        candidate=int(np.argmax(counts0)),
        p_hat=max(counts) / max(1, sum(counts)),
        p_a_lower=found.p_a_lower,
        provisional=not finished,
        radius=found.radius,
        clopper_pearson=found.p_a_lower,
        anytime=found.p_a_lower,
        votes_per_second=100.0,
        samples=Samples(grey, grey + 0.7, grey, (grey,) * config.m, vote=3),
        certificate=certificate if finished else None,
    )


@pytest.fixture
def finished_run() -> Callable[..., str]:
    """Have the server finish a run with the given votes for a picture; its job id."""

    def finished_run(spec: str, votes0: Votes, votes: Votes, finished: bool = True, **settings: Any) -> str:
        config = replace(DEFAULTS, **settings)
        task = CertificationTask(state.resolved(spec), config)

        def stream() -> Iterator[CertificationProgress]:
            return with_history([progress(config, votes0, votes, finished)])

        job = jobs().submit("certificates", stream, subject=task)
        snapshot = jobs().wait(job, 100)
        assert snapshot is not None
        assert snapshot.state == "done"
        return job

    return finished_run
