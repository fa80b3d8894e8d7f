"""The Results page: a question and its rows, ours beside them, what was recomputed, and what to mind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from diffsmooth_core.analysis.curves import Difference
from diffsmooth_core.exchange import published
from diffsmooth_core.exchange.published import ACR, BENIGN, CERTIFIED, MeasuredSetting, Value
from diffsmooth_core.exchange.questions import QUESTIONS
from diffsmooth_core.runs.results import Result
from tests.ui.conftest import APP, address
from ui.jobs import audits
from ui.results import charts


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFSMOOTH_PUBLISHED", str(tmp_path / "published"))
    monkeypatch.setenv("DIFFSMOOTH_STORE", f"sqlite:///{tmp_path / 'store.sqlite'}")
    st.cache_resource.clear()


def open_page(question: str = "best") -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=200).run()
    page.query_params["question"] = question
    page.switch_page("pages/results.py").run()
    assert not page.exception
    return page


def ours_of(page: AppTest) -> Any:
    return next(box for box in page.multiselect if box.label == "Our results")


def rows_of(page: AppTest) -> Any:
    return next(box for box in page.multiselect if box.label == "Published rows")


def table_of(page: AppTest) -> Any:
    """The table as it is read, by name."""
    table = page.table[0].value.map(lambda cell: cell.replace("\\", ""))
    assert not table["r\u00a0=\u00a00.50"].str.contains(" ").any(), "no number is broken into two lines"
    spaced = table.rename(columns=lambda name: name.replace("\u00a0", " "))
    return spaced.map(lambda cell: cell.replace("\u00a0", " ")).set_index("Name")


def said(page: AppTest) -> str:
    return " ".join(c.value.replace("\\", "") for c in page.caption)


def test_the_papers_rows_stand_beside_our_best_of_each_method() -> None:
    page = open_page()
    table = table_of(page)
    assert list(table.columns)[:2] == ["ACR", "r = 0.00"], "all that a phone has room for"
    (ours,) = [name for name in table.index if name.startswith("DiffSmooth, ours")]
    assert table.loc[ours, ["ACR", "r = 0.50", "Pictures"]].tolist() == ["0.430", "38.5 %", "200"]
    name = "DiffSmooth, SmoothAdv with extra data"
    assert table.loc[name, ["Pictures", "Votes n", "r = 0.50"]].tolist() == ["500", "100,000", "65.6 %"]
    assert table.loc[name, "ACR"] == "", "it is not known"
    assert "[arXiv 2308.14333](https://arxiv.org/abs/2308.14333)" in table.loc[name, "From"]
    assert table.loc[ours, "From"].endswith("](models)")
    assert "① Section 5.2 quotes this value as that of r = 1.0." in said(page)
    assert "Our results: n = 1,000, in the paper 100,000; number of pictures 200, in the paper 500." in said(
        page
    )
    assert "is led by the pictures that are easy" in said(page)
    rows_of(page).set_value([]).run()
    assert name not in set(table_of(page).index)
    assert "From n" not in said(page)


@pytest.mark.parametrize("key", QUESTIONS)
def test_every_question_is_answered_on_both_data_sets(key: str) -> None:
    page = open_page(key)
    if QUESTIONS[key].sheet:
        assert len(page.dataframe[0].value) == {"cost": 12, "training": 11}[key]
        return
    assert page.selectbox(key="address-question").value == key
    for dataset in page.selectbox(key="address-results-dataset").options:
        page.selectbox(key="address-results-dataset").set_value(
            {"CIFAR-10": "cifar10"}.get(dataset, "imagenet")
        ).run()
        assert not page.exception
        assert rows_of(page).value, dataset
    page.segmented_control[0].set_value("share").run()
    assert not page.exception
    page.segmented_control[0].set_value("difference").run()
    assert not page.exception


def test_a_difference_is_the_first_minus_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Difference] = []
    real = charts.difference
    monkeypatch.setattr(charts, "difference", lambda of: (found.append(of), real(of))[1])
    page = open_page()
    table = table_of(page)
    page.segmented_control[0].set_value("difference").run()
    first, second = (page.selectbox(key=f"address-{which}").value for which in ("of", "minus"))
    at = {name: float(table.loc[name, "r = 0.50"].removesuffix(" %")) for name in (first, second)}
    shares = dict(zip(found[-1].radii, found[-1].shares, strict=True))
    assert 100 * shares[0.5] == pytest.approx(at[first] - at[second])
    assert shares[0.5]


def test_no_rows_at_all_are_a_choice_like_any_other() -> None:
    page = AppTest.from_file(str(APP), default_timeout=200)
    page.query_params["published"] = "none"
    page.switch_page("pages/results.py").run()
    assert not page.exception
    assert rows_of(page).value == []
    assert "in the address" not in said(page)


def test_a_row_that_an_address_names_twice_is_drawn_once() -> None:
    once = rows_of(open_page()).value[:1]
    page = AppTest.from_file(str(APP), default_timeout=200)
    page.query_params["published"] = once * 3
    page.switch_page("pages/results.py").run()
    assert not page.exception
    assert rows_of(page).value == once


@pytest.mark.parametrize("parameter", ["results", "published"])
def test_a_row_that_an_address_names_in_vain_is_said_and_left_out(parameter: str) -> None:
    box = {"results": ours_of, "published": rows_of}[parameter]
    usual = box(open_page()).value
    for known, drawn in ((usual[:1], usual[:1]), ([], usual)):
        page = AppTest.from_file(str(APP), default_timeout=200)
        page.query_params[parameter] = ["<b>no row</b>", *known]
        page.switch_page("pages/results.py").run()
        assert not page.exception
        assert box(page).value == drawn
        assert (
            f"{parameter} = '<b>no row</b>' in the address is none of the rows here; it is left out"
            in said(page)
        )
        assert address(page).get(parameter) == (known[0] if known else None), "and out of the address"


def test_another_question_begins_with_rows_of_its_own() -> None:
    page = open_page()
    rows_of(page).set_value([]).run()
    page.segmented_control[0].set_value("share").run()
    page.selectbox(key="address-question").set_value("local-only").run()
    assert not page.exception
    assert page.segmented_control[0].value == "share", "what is drawn over stays"
    assert rows_of(page).value == [
        "Plain",
        "Local smoothing, σ′ = 0.12",
        "Local smoothing, σ′ = 0.25",
        "Local smoothing, σ′ = 0.5",
    ]


def test_a_log_is_set_beside_what_is_printed_for_its_network() -> None:
    config = {"sigma": 0.5, "n": 100_000, "alpha": 0.001, "training_sigma": 0.5}
    run = audits.store().create("cohen", "Cohen", "cifar10", config, list(range(100)), {})
    results = [Result(i, 3, *((3, 0.6) if i < 65 else (5, 2.0))) for i in range(100)]
    audits.store().add(run, [], results)
    page = open_page("sigma")
    (name,) = [name for name in ours_of(page).value if "log" in name]
    assert name.startswith("Plain, log, Gaussian 0.5")
    (expander,) = [e for e in page.expander if "cohen beside Table 12" in e.label.replace("\\", "")]
    assert "ResNet-110, Gaussian 0.5: 3 of 11 numbers come out as printed" in expander.label
    rows = page.dataframe[0].value.set_index("")
    assert rows.loc["r = 0.00"].tolist() == ["65.0 %", "65.0 %", "0", "the same"]
    assert rows.loc["r = 0.50", "Recomputed is"].startswith("in conflict")
    assert rows.loc["ACR", ["Printed", "Recomputed"]].tolist() == ["0.534", "0.390"]


def test_a_small_run_is_drawn_only_where_it_is_asked_for() -> None:
    config = {"sigma": 0.5, "n": 100_000, "alpha": 0.001}
    run = audits.store().create("two", "Cohen", "cifar10", config, [0, 1], {})
    audits.store().add(run, [], [Result(0, 3, 3, 0.6), Result(1, 3, 5, 2.0)])
    page = open_page()
    (small,) = [name for name in ours_of(page).options if name.startswith("log, two")]
    assert small not in ours_of(page).value
    ours_of(page).set_value([small]).run()
    assert table_of(page).loc[small, ["ACR", "r = 0.00", "r = 0.50"]].tolist() == [
        "0.300",
        "50.0 %",
        "50.0 %",
    ]
    assert table_of(page).loc[small, "From"].endswith("](runs?run=two)")
    rows_of(page).set_value([]).run()
    ours_of(page).set_value([small, ours_of(page).options[1]]).run()
    assert "From 2 to 200 pictures" in said(page)
    assert "From n = 1,000 to 100,000 votes" in said(page)


PAPER = MeasuredSetting("A paper", "Table 1", "cifar10", "<b>DDS</b>", "", 0.5, None, None, 10_000, 50)
VALUES = (
    Value(PAPER, CERTIFIED, 61.25, 0.5, "Rounded *up*."),
    Value(PAPER, CERTIFIED, 70.0, 0.0),
    Value(PAPER, BENIGN, 80.5),
    Value(PAPER, ACR, 0.5),
)


def test_a_visitors_own_numbers_are_drawn_and_not_kept() -> None:
    page = open_page("everything")
    page.file_uploader[0].set_value(("mine.csv", published.encoded(VALUES), "text/csv")).run()
    (name,) = [name for name in rows_of(page).options if "<b>DDS</b>" in name]
    rows_of(page).set_value([name]).run()
    assert not page.exception
    table = table_of(page)
    assert table.loc[name, ["Pictures", "ACR", "Benign", "r = 0.50"]].tolist() == [
        "50",
        "0.500",
        "80.5 %",
        "61.2 %",
    ]
    assert "① Rounded *up*." in said(page)
    page.file_uploader[0].set_value([]).run()
    assert not page.exception
    assert name not in set(table_of(page).index), "they leave with their file"
    assert name not in rows_of(open_page("everything")).options, "another visitor does not see it"


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
    assert len(table_of(page)) > 2


@pytest.mark.parametrize("question", ["best", "cost"])
def test_a_broken_run_does_not_end_the_page(question: str) -> None:
    config = {"sigma": 0.5, "n": 100_000, "alpha": 0.001}
    run = audits.store().create("broken", "Cohen", "cifar10", config, [0], {})
    audits.store().add(run, [], [Result(0, 3, 3, 0.6)])
    with audits.store()._transaction() as connection:
        connection.exec_driver_sql("UPDATE runs SET config = ? WHERE id = ?", ('{"sigma": NaN}', run.id))
    page = open_page(question)
    assert not page.error
    assert len(table_of(page) if question == "best" else page.dataframe[0].value) > 2
