"""The Results page: runs and cards in one table, and what to mind when comparing them."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from diffsmooth_core.exchange import published
from diffsmooth_core.exchange.published import ACR, BENIGN, CERTIFIED, MeasuredSetting, Value
from diffsmooth_core.runs.results import Result
from tests.ui.conftest import APP
from ui.jobs import audits
from ui.results.published import collected


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFSMOOTH_PUBLISHED", str(tmp_path / "published"))
    monkeypatch.setenv("DIFFSMOOTH_STORE", f"sqlite:///{tmp_path / 'store.sqlite'}")
    st.cache_resource.clear()


def open_page() -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=200).run()
    page.switch_page("pages/results.py").run()
    assert not page.exception
    return page


def test_without_a_run_the_models_cards_are_compared() -> None:
    page = open_page()
    table = page.dataframe[0].value.set_index("Name")
    assert table.loc["Bundled diffusion model (card)", ["ACR", "r = 0.50", "Pictures"]].tolist() == [
        0.43,
        "38.5 %",
        200,
    ]
    assert list(page.dataframe[0].value)[:3] == ["Name", "ACR", "r = 0.00"], "all that a phone has room for"


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
        0.3,
        0.534,
        "50.0 %",
        "0.0 %",
    ]
    assert "From 2 to 500 pictures" in said(page)
    assert "From n = 1,000 to 100,000 votes" in said(page)


PAPER = MeasuredSetting("A paper", "Table 1", "cifar10", "<b>DDS</b>", "", 0.5, None, None, 10_000, 50)
VALUES = (
    Value(PAPER, CERTIFIED, 61.25, 0.5, "Rounded *up*."),
    Value(PAPER, CERTIFIED, 70.0, 0.0),
    Value(PAPER, BENIGN, 80.5),
    Value(PAPER, ACR, 0.5),
)


def said(page: AppTest) -> str:
    return " ".join(c.value.replace("\\", "") for c in page.caption)


def test_the_papers_numbers_are_there_with_their_size_and_slips() -> None:
    page = open_page()
    table = page.dataframe[0].value.set_index("Name")
    name = "Section 5.2: first figure quoted"
    assert table.loc[name, ["Pictures", "Votes n", "r = 0.50"]].tolist() == [500, 100_000, "65.6 %"]
    assert "① Section 5.2 quotes 65.6 % for CIFAR-10 at r = 1.0" in said(page)
    assert "From 200 to 500 pictures" in said(page)
    page.multiselect(key="published").set_value([]).run()
    assert name not in set(page.dataframe[0].value["Name"])


def test_a_visitors_own_numbers_are_drawn_filtered_and_not_kept() -> None:
    page = open_page()
    page.file_uploader[0].set_value(("mine.csv", published.encoded(VALUES), "text/csv")).run()
    page.selectbox(key="published-method").set_value("<b>DDS</b>").run()
    name = "Table 1: <b>DDS</b>, σ = 0.5"
    assert page.multiselect(key="published").options[-1] == name
    page.multiselect(key="published").set_value([name]).run()
    assert not page.exception
    assert page.multiselect(key="published").options == [name]
    table = page.dataframe[0].value.set_index("Name")
    assert table.loc[name, ["Pictures", "ACR", "Benign", "r = 0.50"]].tolist() == [
        50,
        0.5,
        "80.5 %",
        "61.2 %",
    ]
    assert "① Rounded *up*." in said(page)
    assert "From 50 to 200 pictures" in said(page)
    page.file_uploader[0].set_value([]).run()
    assert not page.exception
    assert name not in set(page.dataframe[0].value["Name"]), "they leave with their file"
    assert open_page().multiselect(key="published").options != [name], "another visitor does not see it"


def test_a_bad_file_is_one_sentence_and_the_rest_stays(tmp_path: Path) -> None:
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "old.csv").write_text("source,dataset,value,kind\na,cifar10,<i>,ACR\n")
    page = open_page()
    (error,) = page.error
    assert error.value.replace("\\", "") == (
        "old.csv, line 2: value is '<i>'; a number from 0 to 100 is expected"
    )
    assert "<i>" not in error.value
    assert len(page.dataframe[0].value) > 2


def test_settings_that_differ_only_in_their_size_have_names_of_their_own() -> None:
    values = [
        Value(MeasuredSetting("A", "T", "cifar10", "m", images=images), ACR, 0.5)
        for images in (50, 500, None)
    ]
    assert [p.name for p in collected(values)] == [
        "T: m (A, cifar10, 50 pictures)",
        "T: m (A, cifar10, 500 pictures)",
        "T: m (A, cifar10, number of pictures unknown)",
    ]
