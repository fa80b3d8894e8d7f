"""Several visitors press at once: one audit starts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from diffsmooth_core import InputError, SmoothingConfig
from diffsmooth_core.runs import batch
from tests.datasets.conftest import write_twelve
from ui.jobs import audits
from ui.jobs.registry import jobs

CONFIG = SmoothingConfig(method="plain", n0=10, n=40, dtype="float32")
THREADS, ROUNDS = 8, 25


@pytest.fixture(autouse=True)
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs of the audits that began; each ends at once, so that a second press finds nothing at work."""
    write_twelve(tmp_path / "data")
    monkeypatch.setenv("DIFFSMOOTH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DIFFSMOOTH_STORE", f"sqlite:///{tmp_path / 'store.sqlite'}")
    st.cache_resource.clear()
    begun: list[int] = []

    def work(_: Any, run: Any, __: Any) -> Iterator[Any]:
        begun.append(run.id)
        yield from ()

    monkeypatch.setattr(batch, "work", work)
    return begun


def together(press: Callable[[], object]) -> list[str]:
    """Have every thread press in the same moment; what was refused."""
    ready, said = threading.Barrier(THREADS), list[str]()

    def wait_and_press() -> None:
        ready.wait(100)
        try:
            press()
        except InputError as error:
            said.append(str(error))

    threads = [threading.Thread(target=wait_and_press) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for job in jobs().snapshots("audits"):
        jobs().wait(job.id, 100)
    return said


def test_presses_of_go_on_in_the_same_moment_start_one_audit(begun: list[int]) -> None:
    run = audits.store().create("ours", "audit", "cifar10", CONFIG.as_dict(), range(3), {})
    for number in range(1, ROUNDS + 1):
        seen = audits.latest(run, "audit")
        assert together(lambda seen=seen: audits.resume(run, seen)) == []  # type: ignore[misc]
        assert len(begun) == number, "a press after what all of them saw had ended begins another"


def test_presses_of_start_in_the_same_moment_start_one_audit(begun: list[int]) -> None:
    said = together(lambda: audits.start("mine", "0:3", CONFIG))
    assert [run.name for run in audits.store().runs()] == ["mine"]
    assert len(begun) == 1
    assert len(said) == THREADS - 1
    assert all(words.startswith("there is a run 'mine' already") for words in said), said
