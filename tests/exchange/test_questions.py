"""The questions that the paper's tables answer: their rows, those to begin with, and ours beside them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diffsmooth_core.exchange import published, questions
from diffsmooth_core.exchange.published import ACR, CERTIFIED, MeasuredSetting, Value
from diffsmooth_core.exchange.questions import QUESTIONS

VALUES = [value for path in published.files() for value in published.read(path)]
TABLES = [key for key, question in QUESTIONS.items() if question.tables and not question.sheet]
OURS = MeasuredSetting("ours", "", "cifar10", "diffsmooth", "small", 0.5, 0.25, 5, 1_000, 200)


def test_every_table_of_the_paper_is_asked_for() -> None:
    tables = {table for question in QUESTIONS.values() for table in question.tables}
    assert tables == {f"Table {i}" for i in range(1, 13)} | {"Section 5.3"}


@pytest.mark.parametrize("key", TABLES)
@pytest.mark.parametrize("dataset", ["cifar10", "imagenet"])
def test_a_question_compares_the_rows_of_its_tables_and_begins_with_a_few(key: str, dataset: str) -> None:
    question = QUESTIONS[key]
    asked = questions.asked(VALUES, question, dataset, 0.5)
    expected = [
        v
        for v in VALUES
        if v.setting.table in question.tables
        and v.setting.dataset == dataset
        and (not question.one_sigma or v.setting.sigma == 0.5)
    ]
    assert asked == expected
    begin = questions.usual(asked, 6)
    settings = list(dict.fromkeys(v.setting for v in asked))
    assert [s for s in settings if s in begin] == begin, "in the order of the tables"
    assert len(begin) == min(6, len(begin))
    assert not {"diffsmooth"} & {s.method for s in settings} or "diffsmooth" in {s.method for s in begin}


def test_of_too_many_rows_the_best_of_each_kind_is_shown_first() -> None:
    asked = questions.asked(VALUES, QUESTIONS["sigma"], "cifar10", 0.5)
    begin = {(s.method, s.classifier.partition(", ")[2]) for s in questions.usual(asked, 6)}
    assert begin == {
        ("diffsmooth", "Gaussian 0.5"),  # ACR .760, against .703 and .745
        ("diffsmooth", "SmoothAdv 0.25"),
        ("diffsmooth", "SmoothAdv with extra data 0.25"),
        ("plain", "Gaussian 0.5"),
        ("plain", "SmoothAdv 0.5"),
        ("plain", "SmoothAdv with extra data 0.5"),
    }


def test_everything_holds_other_sources_too() -> None:
    own = Value(MeasuredSetting("mine", dataset="tiny"), ACR, 0.5)
    assert questions.asked([*VALUES, own], QUESTIONS["everything"], "tiny", None) == [own]


@pytest.mark.parametrize(
    ("changed", "matches"),
    [({}, True), ({"sigma": None}, True), ({"sigma": 0.25}, False), ({"method": "dds"}, False)],
)
def test_ours_stands_beside_a_row_of_its_method_and_noise(changed: dict[str, object], matches: bool) -> None:
    printed = MeasuredSetting("a paper", "Table 4", "cifar10", "diffsmooth", "ResNet-110", 0.5)
    assert questions.matches(OURS, replace(printed, **changed)) is matches  # type: ignore[arg-type]


def test_what_differs_is_said_of_all_rows_together() -> None:
    row = MeasuredSetting("a paper", "Table 4", "cifar10", "diffsmooth", "big", 0.5, 0.25, 21, 100_000, 500)
    assert questions.differences(OURS, [row]) == [
        ("m", "5", "21"),
        ("n", "1,000", "100,000"),
        ("images", "200", "500"),
    ]
    two = [row, replace(row, sigma_local=0.12)]
    assert questions.differences(OURS, two)[0] == ("sigma_local", "0.25", "0.25 or 0.12")
    assert questions.differences(replace(OURS, m=21, n=100_000, images=500), [row]) == []


def test_the_sheets_are_there_as_printed() -> None:
    seconds = questions.sheet(QUESTIONS["cost"])
    assert {(row["n"], row["m"]): row["seconds"] for row in seconds}["100000", "21"] == "240"
    assert [row["epsilon_255"] for row in questions.sheet(QUESTIONS["training"])][:3] == ["64", "255", "512"]
    assert not [v for v in VALUES if v.kind not in (CERTIFIED, ACR)]
