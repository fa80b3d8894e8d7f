"""The Runs page over a store of the test's own, and runs to be kept in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from diffsmooth_core.config import ABSTAIN, SmoothingConfig
from diffsmooth_core.runs import batch
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store
from diffsmooth_core.runs.workers import ThisProcess, load_picture
from tests.datasets.conftest import write_twelve
from tests.ui.conftest import opened
from ui.components import picker
from ui.jobs import audits
from ui.runs import new
from ui.session import state

Open = Callable[..., AppTest]

CONFIG = SmoothingConfig(
    method="plain", classifier="gaussian-0.25-b", sigma=0.25, n0=10, n=40, dtype="float32"
)
LOG = [
    Result(0, 3, 3, 0.5, 0.8, 100, 90, 90),
    Result(1, 3, 5, 0.2, 0.6, 100, 75, 75),
    Result(2, 3, ABSTAIN, 0.0, 0.4, 100, 51, 51),
    Result(3, 8, 8, 0.25, 0.7, 100, 80, 80),
]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of this test's own, twelve made-up pictures, and no recorded audit to begin with."""
    monkeypatch.setattr(new, "RECORDED", tmp_path / "recorded")
    write_twelve(tmp_path / "data")
    monkeypatch.setenv("DIFFSMOOTH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DIFFSMOOTH_STORE", f"sqlite:///{tmp_path / 'store.sqlite'}")
    for cached in (load_picture, state.resolved, picker.thumbnail, audits.taken_apart):
        cached.cache_clear()
    st.cache_resource.clear()
    yield audits.store()
    st.cache_resource.clear()
    for cached in (load_picture, state.resolved, picker.thumbnail):
        cached.cache_clear()


@pytest.fixture
def open_page() -> Open:
    return partial(opened, "pages/runs.py")


def keep(store: Store, name: str, results: list[Result]) -> Run:
    """A run with these results, as from a log in Cohen's dialect."""
    run = store.create(name, "Cohen", "cifar10", {"sigma": 0.5, "n": 100, "alpha": 0.001}, range(4), {})
    store.add(run, [], results)
    return run


def audited(store: Store) -> Run:
    """A finished audit of three pictures, named "ours"."""
    run = batch.start(store, "ours", CONFIG, (0, 1, 2))
    for _ in batch.work(store, run, ThisProcess):
        pass
    return run


def choice(page: AppTest, label: str):  # type: ignore[no-untyped-def]
    return next(box for box in page.selectbox if box.label == label)


def headings(page: AppTest) -> list[str]:
    return [heading.value.replace("\\", "") for heading in page.subheader]


def tiles(page: AppTest) -> list[int]:
    """The pictures that are drawn, by their index."""
    (told,) = (e.proto for e in page.get("bidi_component") if e.proto.component_name == "diffsmooth_picker")
    return [int(choice["spec"]) for choice in json.loads(told.json)["choices"]]
