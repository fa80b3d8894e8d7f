"""Runs as they come from elsewhere on the page Runs: what they ask for is neither built nor begun."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.analysis import explaining
from diffsmooth_core.datasets import resolve
from diffsmooth_core.runs import batch
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store
from tests.ui.conftest import progress
from tests.ui.runs.conftest import Open
from ui.jobs import audits
from ui.jobs.gate import Demand
from ui.jobs.registry import jobs
from ui.session import limits

CONFIG = SmoothingConfig(n0=10, n=40, m=2, dtype="float32")


def opened(store: Store, config: SmoothingConfig, indices: Sequence[int] = range(3)) -> Run:
    """A run with the result of its first picture."""
    told = progress(replace(config, m=2), [(3, 10)], [(3, config.n)]).certificate
    assert told is not None
    shown = asdict(told) | {
        "config": config.as_dict(),
        "image_sha256": resolve("cifar10:0", "cifar10").sha256,
    }
    base = batch.base_of(CONFIG)
    how = batch.execution_settings(base, base.purifier_batch)
    run = store.create("opened", "audit", "cifar10", config.as_dict() | how, indices, base.weights)
    store.add(run, [], [Result(0, 3, 3, 0.3, 0.8, config.n, config.n, config.n, certificate=shown)])
    return run


def said(page: AppTest, sentence: str) -> int:
    """How often the page says this."""
    assert not page.exception
    return sum(sentence in box.value.replace("\\", "") for box in (*page.caption, *page.warning))


def press(page: AppTest, label: str) -> AppTest:
    return page.button[[button.label for button in page.button].index(label)].click().run()


def test_a_run_of_too_many_local_copies_is_shown_without_drawing_one(
    store: Store, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "take_apart", lambda *_, **__: pytest.fail("its votes were drawn"))
    opened(store, replace(CONFIG, m=1024))
    page = open_page(image="0")
    assert said(page, sentence := "m = 1,024 is asked for; here it is up to 64") == 1
    for label in ("Go on", "Try other settings"):
        assert said(press(page, label), sentence) == 2, "at the top too"
    assert not jobs().snapshots("audits")


def test_going_on_asks_the_operator(store: Store, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(store, CONFIG, range(10_000))
    monkeypatch.setitem(limits._limits()["audits"], "pictures", 9_999)
    page = press(open_page(), "Go on")
    assert said(page, "10,000 pictures are asked for; here an audit has up to 9,999") == 1
    monkeypatch.setitem(limits._limits()["audits"], "may_start", False)
    page = press(page, "Go on")
    assert said(page, "audits are started and gone on with from the command line here") == 1
    assert not jobs().snapshots("audits")


def test_anothers_audit_is_watched_and_not_stopped(store: Store, open_page: Open) -> None:
    run, go_on = opened(store, CONFIG), threading.Event()

    def waiting() -> Iterator[Any]:
        go_on.wait(100)
        yield from ()

    task = audits.AuditTask(run, Demand())
    job = jobs().submit("audits", waiting, key=(run.id, "audit"), subject=task, owner="somebody")
    page = open_page()
    assert said(page, "Another visitor started this") == 1
    assert "Stop" not in [button.label for button in page.button]
    go_on.set()
    jobs().wait(job, 100)


def test_a_command_that_no_shell_takes_is_not_written(store: Store, open_page: Open) -> None:
    opened(store, CONFIG, [k * k for k in range(300)])
    assert any("--indices 0,1,4,9" in code.value for code in open_page().code)
    store.remove(store.run("opened"))
    opened(store, CONFIG, [k * k for k in range(20_000)])
    assert not open_page().code
