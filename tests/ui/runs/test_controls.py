"""The filters of a run: which pictures pass them, from the address and from a saved view."""

from __future__ import annotations

import pytest

from diffsmooth_core.analysis import browsing
from diffsmooth_core.analysis.browsing import RowFilter
from diffsmooth_core.config import ABSTAIN
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store
from tests.ui.runs.conftest import LOG, Open, choice, keep, tiles

BELOW = Result(4, 8, ABSTAIN, 0.0, 0.35, 100, 45, 45)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"from": "0.25"}, [0, 3]),
        ({"to": "0.25"}, [1, 2, 3, 4]),
        ({"from": "0.1", "to": "0.25"}, [1, 3]),
        ({"near": "0.05"}, [2, 4]),
        ({"noted": "true"}, [1]),
        ({"tag": "dark"}, [3]),
        ({"review": "Disputed"}, [0]),
        ({"class": "cat", "answer": "abstains"}, [2]),
        ({"order": "Closest to ½", "class": "cat"}, [2, 1, 0]),
    ],
)
def test_the_pictures_that_an_address_asks_for_are_shown(
    store: Store, open_page: Open, asked: dict[str, str], shown: list[int]
) -> None:
    run = keep(store, "log", [*LOG, BELOW])
    store.remark(run, 1, "note", "blurred")
    store.remark(run, 3, "tag", "dark")
    store.remark(run, 0, "review", "disputed")
    assert tiles(open_page(view="pictures", **asked)) == shown


def test_a_saved_view_sets_every_filter(store: Store, open_page: Open) -> None:
    run = keep(store, "log", [*LOG, BELOW])
    store.remark(run, 3, "tag", "dark")
    rule = RowFilter(
        outcome="right", label=8, predict=8, tag="dark", review="", radius=(0.1, 0.25), margin=(-0.4, 0.4)
    )
    browsing.save_view(store, run, "ships", rule, "radius")
    browsing.save_view(store, run, "far", RowFilter(radius=(0.3, 1e9)), "index")
    page = open_page(view="pictures")
    choice(page, "Saved views").set_value("ships").run()
    assert not page.exception
    assert tiles(page) == [3]
    numbers = {name: page.number_input(key=name).value for name in ("from", "to", "near")}
    assert numbers == {"from": 0.1, "to": 0.25, "near": 0.4}
    chosen = {box.label: box.value for box in page.selectbox}
    wanted = {"Outcome": "right", "True class": "8", "Answer": "8", "Tag": "dark", "Order": "radius"}
    assert chosen | wanted == chosen
    choice(page, "Saved views").set_value("far").run()
    assert tiles(page) == [0]
    assert page.number_input(key="to").value is None, "as far as it goes"
    assert choice(page, "Outcome").value is None
