"""A run's pictures: those that are asked for, page by page, with mouse or keyboard, and as a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st

from diffsmooth_core.analysis.browsing import rows_of
from diffsmooth_core.config import ABSTAIN
from diffsmooth_core.exchange import bundles
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store
from tests.ui.conftest import address
from tests.ui.runs.conftest import Open, choice, keep, tiles
from ui.components import picker
from ui.runs import grid

EIGHTY = [Result(i, i % 10, i % 10, 0.5) if i % 4 else Result(i, i % 10, ABSTAIN, 0.0) for i in range(80)]
ABSTENTIONS = [*range(0, 80, 4)]


@pytest.mark.parametrize(("image", "drawn"), [(35, (0, 36)), (36, (36, 72)), (79, (72, 80))])
def test_a_picture_is_on_its_page(store: Store, open_page: Open, image: int, drawn: tuple[int, int]) -> None:
    keep(store, "log", EIGHTY)
    page = open_page(image=str(image))
    assert tiles(page) == [*range(*drawn)]


def test_a_turned_page_chooses_its_first_picture(store: Store, open_page: Open) -> None:
    keep(store, "log", EIGHTY)
    page = open_page(image="36")
    page.get("pagination")[0].set_value(3).run()  # type: ignore[attr-defined]
    assert not page.exception
    assert address(page)["image"] == "72"
    assert tiles(page) == [*range(72, 80)]


def test_the_summary_shows_the_first_of_those_that_pass_the_filters(store: Store, open_page: Open) -> None:
    keep(store, "log", EIGHTY)
    page = open_page(outcome="Abstains")
    assert tiles(page) == ABSTENTIONS[: grid.FEW]
    assert any(c.value.startswith(f"The first {grid.FEW} of 20, each with") for c in page.caption)


def test_a_download_has_the_rows_that_are_shown_and_the_whole_run_all(
    store: Store, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = keep(store, "log", EIGHTY)
    offered: dict[str, Callable[[], bytes]] = {}

    def button(_: str, data: Callable[[], bytes], name: str, *__: Any, **___: Any) -> None:
        offered[name] = data

    monkeypatch.setattr(st, "download_button", button)
    page = open_page(view="pictures", order="Largest radius")
    choice(page, "Outcome").set_value("abstained").run()
    for name, mark in (("log.tsv", "\t"), ("log.csv", ",")):
        _, *lines = offered[name]().decode().splitlines()
        assert [int(line.split(mark)[0]) for line in lines] == ABSTENTIONS
    assert offered["log.json.gz"]() == bundles.packed(store, run)


def test_of_a_run_on_its_way_the_last_pictures_stand_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(picker, "picker", lambda data, **_: told.append(data))
    grid.latest(keep(store, "log", EIGHTY), rows_of(EIGHTY, []), tuple("abcdefghij"))
    assert [tile["spec"] for tile in told[0]["choices"]] == [str(i) for i in range(79, 67, -1)]
