"""The Runs page over a store of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from diffsmooth_core.runs.store import Store
from diffsmooth_core.runs.workers import load_picture
from tests.datasets.conftest import write_twelve
from tests.ui.conftest import APP
from ui.components import picker
from ui.jobs import audits
from ui.runs import new
from ui.session import state

Open = Callable[..., AppTest]


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
    def open_page(**parameters: str) -> AppTest:
        page = AppTest.from_file(str(APP), default_timeout=200).run()
        page.switch_page("pages/runs.py")
        for name, value in parameters.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    return open_page
