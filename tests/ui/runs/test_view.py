"""What a run came to: its figures and charts, and the tables whose cells and rows show their pictures."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from diffsmooth_core.config import ABSTAIN
from diffsmooth_core.figures import Line
from diffsmooth_core.runs.batch import Status
from diffsmooth_core.runs.commands import audit
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store
from tests.ui.conftest import choose_in_table
from tests.ui.runs.conftest import LOG, Open, audited, choice, headings, keep
from ui.colours import outcome_colour
from ui.runs import view


def test_the_pace_of_a_run_says_what_is_left_and_what_was_right() -> None:
    status = Status(4, 12, 0, 200, 24.6, 150.0, 0.5)
    assert view._pace(status) == " · 25 votes a second · 50.0 % of those finished are right · 2 min left"
    assert view._pace(None) == ""


def test_a_cell_has_the_colour_of_its_outcome_and_the_strength_of_its_share() -> None:
    shades = view._shaded(
        pd.DataFrame([[3, 1, 0], [0, 2, 2]], index=["a", "b"], columns=["a", "b", "abstains"])
    )
    right, wrong, abstained = (outcome_colour(outcome) for outcome in ("right", "wrong", "abstained"))
    assert shades.to_numpy().tolist() == [
        [f"background-color: {right}8a", f"background-color: {wrong}3e", ""],
        ["", f"background-color: {right}64", f"background-color: {abstained}64"],
    ]


def test_the_chart_has_the_run_the_shown_pictures_and_the_run_beside_it(
    store: Store, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[list[str]] = []
    real = view.certified_accuracy

    def chart(lines: list[Line]) -> Any:
        drawn.append([line.name for line in lines])
        return real(lines)

    monkeypatch.setattr(view, "certified_accuracy", chart)
    keep(store, "before", LOG)
    keep(store, "log", LOG)
    page = open_page(run="log")
    choice(page, "Outcome").set_value("right").run()
    choice(page, "Compare with").set_value("before").run()
    assert not page.exception
    assert drawn[-3:] == [["log"], ["log", "shown pictures"], ["log", "shown pictures", "before"]]


@pytest.mark.parametrize(
    ("column", "answer", "title"), [("dog", "5", "Certified but wrong"), ("abstains", "-1", "Abstains")]
)
def test_a_cell_shows_its_pictures(
    store: Store, open_page: Open, column: str, answer: str, title: str
) -> None:
    keep(store, "log", LOG)
    page = open_page(outcome="Certified and right")
    place = next(i for i, frame in enumerate(page.dataframe) if "abstains" in frame.value)
    choose_in_table(page, place, cells=[(3, column)])
    assert (choice(page, "True class").value, choice(page, "Answer").value) == ("3", answer)
    assert choice(page, "Outcome").value is None
    assert headings(page)[0] == "1 of 4 pictures"
    assert headings(page)[1].startswith(title)


def test_of_many_classes_the_most_frequent_mistakes_are_named(store: Store, open_page: Open) -> None:
    results = [Result(i, 437, 5 if i < 3 else 6, 0.5) for i in range(5)]
    results += [Result(5, 437, 437, 0.5), Result(6, None, 5, 0.5), Result(7, 437, ABSTAIN, 0.0)]
    settings = {"sigma": 0.5, "n": 100, "alpha": 0.001}
    run = store.create("log", "Cohen", "imagenet", settings, range(8), {})
    store.add(run, [], results)
    table = next(frame.value for frame in open_page().dataframe if "True class" in frame.value)
    assert table["Pictures"].tolist() == [3, 2]
    assert table["True class"].tolist() == ["beacon"] * 2
    assert table["Answer"].nunique() == 2


def test_a_row_of_reasons_shows_its_pictures(store: Store, open_page: Open) -> None:
    run = audited(store)
    certificate = store.result(run, 0).certificate
    assert certificate is not None
    certificate |= {"label": ABSTAIN, "radius": 0.0, "p_a_lower": 0.1}
    scattered = certificate | {"counts": [8, 8, 8, 8, 8, 0, 0, 0, 0, 0]}
    close = certificate | {"counts": [21, 19, 0, 0, 0, 0, 0, 0, 0, 0]}
    rows = [
        Result(0, 3, ABSTAIN, 0.0, 0.1, 40, 8, 8, certificate=scattered),
        Result(1, 3, ABSTAIN, 0.0, 0.1, 40, 21, 21, certificate=close),
        Result(2, 3, ABSTAIN, 0.0, 0.1, 40, 8, 8, certificate=scattered),
        Result(3, 3, ABSTAIN, 0.0),
    ]
    mixed = store.create("mixed", "audit", "cifar10", run.config, range(4), run.weights)
    store.add(mixed, [], rows)
    page = open_page(run="mixed")
    place = next(i for i, frame in enumerate(page.dataframe) if "Reason" in frame.value)
    assert page.dataframe[place].value["Pictures"].tolist() == [2, 1], "of one no votes are known"
    choose_in_table(page, place, rows=[1])
    assert choice(page, "Reason").value not in (None, "scattered")
    assert headings(page)[0] == "1 of 4 pictures"


def test_an_audit_ends_with_the_command_that_repeats_it_and_a_log_has_none(
    store: Store, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store, "log", LOG)
    run = audited(store)
    assert [code.value for code in open_page(run="ours").code] == [audit(run)]
    assert not open_page(run="log").code
    monkeypatch.setattr(view, "LONGEST_COMMAND", len(audit(run)) - 1)
    assert not open_page(run="ours").code
