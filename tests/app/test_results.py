"""The Results page: runs and cards in one table, and what to mind when comparing them."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from diffsmooth_core.audit.results import Result
from tests.app.conftest import APP
from ui import audits


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFSMOOTH_STORE", f"sqlite:///{tmp_path / 'store.sqlite'}")
    st.cache_resource.clear()


def open_page() -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=60).run()
    page.switch_page("pages/results.py").run()
    assert not page.exception
    return page


def test_without_a_run_the_models_cards_are_compared() -> None:
    page = open_page()
    table = page.dataframe[0].value.set_index("Name")
    assert table.loc["bundled (card)", ["ACR", "r = 0.50", "Pictures"]].tolist() == [0.421, "36.5 %", 200]


def test_runs_come_first_beside_the_papers_figure() -> None:
    config = {"sigma": 0.5, "n": 100_000, "alpha": 0.001, "training_sigma": 0.5}
    run = audits.store().create("cohen", "Cohen", "cifar10", config, [0, 1], {})
    audits.store().add(run, [], [Result(0, 3, 3, 0.6), Result(1, 3, 5, 2.0)])
    page = open_page()
    assert page.multiselect[0].value == ["run:cohen"]
    page.multiselect[0].set_value(["run:cohen", "card:bundled"]).run()
    assert not page.exception
    table = page.dataframe[0].value.set_index("Name")
    assert table.loc["cohen", ["ACR", "Paper's ACR", "r = 0.50", "r = 0.75"]].tolist() == [
        0.3, 0.534, "50.0 %", "0.0 %",
    ]  # fmt: skip
    said = " ".join(c.value.replace("\\", "") for c in page.caption)
    assert "From 2 to 200 pictures" in said
    assert "From n = 1,000 to 100,000 votes" in said
