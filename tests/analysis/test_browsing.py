"""Rows, rules, orders, neighbours, the confusion matrix, and views that come back."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from diffsmooth_core.analysis import browsing
from diffsmooth_core.analysis.browsing import RowFilter, chosen, confusion, following
from diffsmooth_core.config import ABSTAIN, InputError
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import Result, curve
from diffsmooth_core.runs.store import Store
from diffsmooth_core.statistics import certified_accuracy

RESULTS = [
    Result(0, 3, 3, 0.5, 0.8, 100, 90, 90),
    Result(1, 3, 5, 0.2, 0.6, 100, 75, 75),
    Result(2, 3, ABSTAIN, 0.0, 0.4, 100, 51, 51),
    Result(3, 8, 8, 0.0, 0.5, 100, 65, 67),
    Result(4, 8, ABSTAIN, 0.0),
    Result(5, None, 8, 0.3, 0.7),
]


@pytest.fixture
def run(store: Store) -> Run:
    run = store.create("log", "Cohen", "cifar10", {"sigma": 0.5}, range(6), {})
    store.add(run, [], RESULTS)
    return run


def idx(rows: list[browsing.RunRow]) -> list[int]:
    return [row.result.idx for row in rows]


def test_what_was_said_last_stands_in_the_row(store: Store, run: Run) -> None:
    before = store.version(run)
    said = (
        ("tag", "odd"),
        ("tag", "dark"),
        ("untag", "odd"),
        ("note", "a"),
        ("note", "b"),
        ("review", "disputed"),
        ("review", "accepted"),
        ("reason", "tie"),
        ("reason", "few"),
    )
    for kind, text in said:
        store.remark(run, 2, kind, text)  # type: ignore[arg-type]
    assert store.version(run) != before, "a reader can tell that there is something new"
    row = browsing.rows(store, run)[2]
    assert (row.tags, row.review, row.reason) == (("dark",), "accepted", "few")
    assert [note.text for note in row.notes] == ["a", "b"]
    assert browsing.rows(store, run)[4].reason == "", "an imported abstention has no counts to speak of"


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (RowFilter(), [0, 1, 2, 3, 4, 5]),
        (RowFilter(outcome="right"), [0, 3]),
        (RowFilter(outcome="certified"), [5]),
        (RowFilter(label=3, predict=ABSTAIN), [2]),
        (RowFilter(predict=8), [3, 5]),
        (RowFilter(radius=(0.2, 0.3)), [1, 5]),
        (RowFilter(margin=(0.0, 0.2)), [2, 3]),
        (RowFilter(reason="few"), [2]),
        (RowFilter(tag="dark", outcome="abstained"), [2]),
        (RowFilter(review="disputed"), [0]),
        (RowFilter(noted=True), [1]),
    ],
)
def test_a_rule_picks_rows(store: Store, run: Run, rule: RowFilter, found: list[int]) -> None:
    for at, kind, text in (
        (2, "reason", "few"),
        (2, "tag", "dark"),
        (0, "tag", "dark"),
        (0, "review", "disputed"),
        (1, "note", "?"),
    ):
        store.remark(run, at, kind, text)  # type: ignore[arg-type]
    assert idx(chosen(browsing.rows(store, run), rule)) == found
    assert RowFilter.from_dict(rule.as_dict()) == rule


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"outcome": "<b>"}, "outcome '<b>' is unknown; choose one of right, wrong, abstained, certified"),
        ({"predict": "cat"}, "predict 'cat' is no class id"),
        ({"radius": 3}, "radius '3' is no range"),
        ({"colour": 1}, "is no filter for rows"),
        ([], "is no filter for rows"),
    ],
)
def test_a_rule_from_outside_is_checked(values: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        RowFilter.from_dict(values)


def test_orders(store: Store, run: Run) -> None:
    rows = browsing.rows(store, run)
    assert idx(chosen(rows, RowFilter(), "radius"))[:3] == [0, 5, 1]
    assert idx(chosen(rows, RowFilter(), "small"))[-3:] == [1, 5, 0]
    assert idx(chosen(rows, RowFilter(), "close"))[:2] == [2, 3], "0.51 and 0.66 are the nearest to a half"
    assert idx(chosen(rows, RowFilter(), "label"))[0] == 5, "without a class first"


def test_the_next_one_goes_round(store: Store, run: Run) -> None:
    rows = browsing.rows(store, run)

    def abstains(row: browsing.RunRow) -> bool:
        return row.result.predict == ABSTAIN

    assert [following(rows, at, abstains) for at in (None, 2, 4, 5)] == [2, 4, 2, 2]
    assert [following(rows, at, abstains, -1) for at in (None, 2, 4, 0)] == [4, 4, 2, 4]
    assert following(rows, 2, lambda row: True) == 3
    assert following(rows, 2, lambda row: False) is None
    assert following([], None, abstains) is None


def test_the_confusion_matrix_has_a_column_for_abstentions(store: Store, run: Run) -> None:
    matrix = confusion(browsing.rows(store, run), 10)
    assert matrix.shape == (10, 11)
    assert matrix.sum() == 5, "the picture of unknown class is in no row"
    assert (matrix[3, 3], matrix[3, 5], matrix[3, 10], matrix[8, 8], matrix[8, 10]) == (1, 1, 1, 1, 1)


def test_views_are_kept_as_rules(store: Store, run: Run) -> None:
    browsing.save_view(store, run, "lost cats", RowFilter(label=3, outcome="abstained"), "close")
    browsing.save_view(store, run, "sure", RowFilter(radius=(0.2, 9.0)), "radius")
    browsing.save_view(store, run, " lost cats ", RowFilter(label=3), "index")
    assert browsing.views(store, run) == {
        "lost cats": (RowFilter(label=3), "index"),
        "sure": (RowFilter(radius=(0.2, 9.0)), "radius"),
    }
    with pytest.raises(InputError, match="a view's name has 1 to 60 characters"):
        browsing.save_view(store, run, "  ", RowFilter(), "index")


def test_the_curve_is_the_certified_accuracy_with_its_band() -> None:
    radii, correct = [r.radius for r in RESULTS], [r.correct for r in RESULTS]
    points = curve(RESULTS)
    margin = math.sqrt(math.log(40) / (2 * len(RESULTS)))
    assert all(s.high == min(1, s.share + margin) and s.low == max(0, s.share - margin) for _, s in points)
    assert points[0][0] == 0
    assert points[-1][1].k == 0, "it comes down to the axis"
    for radius, share in points:
        assert share.share == pytest.approx(certified_accuracy(radii, correct, radius))
        assert share.low <= share.share <= share.high
    assert curve([replace(r, predict=ABSTAIN) for r in RESULTS])[0][1].k == 0


def test_benign_accuracy_counts_who_leads_among_abstentions_too(store: Store, run: Run) -> None:
    assert browsing.benign(browsing.rows(store, run)) is None, "a log says nothing of an abstention's votes"
    ours = store.create("ours", "audit", "cifar10", {"sigma": 0.5}, range(3), {})
    led = {"counts": [0, 0, 0, 48, 0, 42, 0, 0, 10, 0]}
    store.add(ours, [], [RESULTS[0], RESULTS[1]])
    assert browsing.benign(browsing.rows(store, ours)).share == 0.5  # type: ignore[union-attr]
    rows = [browsing.RunRow(RESULTS[2], leader=int(np.argmax(led["counts"])))]
    found = browsing.benign([*browsing.rows(store, ours), *rows])
    assert found is not None
    assert (found.k, found.n) == (2, 3)
