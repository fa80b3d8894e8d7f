"""The Lessons page: every tour leads to a page with its settings, and peeking is counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core.statistics.peeking import simulate
from ui import peeking, state
from ui.lessons import TOURS

from .conftest import APP

Visit = Callable[..., AppTest]


@pytest.fixture
def page(visit: Visit) -> AppTest:
    page = visit()
    page.switch_page("pages/lessons.py").run()
    assert not page.exception
    return page


@pytest.mark.parametrize("tour", [tour for tour in TOURS if tour.settings], ids=lambda tour: tour.link)
def test_every_tour_sets_the_controls_that_it_speaks_of(tour) -> None:  # type: ignore[no-untyped-def]
    page = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in tour.settings.items():
        page.query_params[name] = value
    page.switch_page(tour.page).run()
    assert not page.exception
    assert page.query_params.items() >= tour.settings.items(), "nothing fell back to a default"
    assert set(tour.settings) <= {"picture", *state.KEPT}
    start = {"certify": "Certify", "step": "step-next", "compare": "comparison-start", "sweep": "sweep-start"}
    assert not page.button(key=start[tour.settings.get("tab") or Path(tour.page).stem]).disabled


def test_peeking_is_counted_and_the_anytime_bound_keeps_its_promise(page: AppTest) -> None:
    shares = {metric.label: float(metric.value.split()[0]) for metric in page.metric}
    fixed, naive, anytime = shares.values()
    assert list(shares)[1] == "300 looks, fixed-end bound"
    assert naive > 4 * 5 > 5 > anytime
    assert fixed < 8
    page.select_slider[1].set_value(100).run()
    assert float(page.metric[1].value.split()[0]) < naive, "fewer looks, fewer false claims"


def test_the_chart_draws_the_counts_against_alpha() -> None:
    found = simulate(0.5, 1000, 0.05, 10, 200)
    naive, anytime = peeking.chart(found)["series"]
    assert naive["data"][-1] == [1000, 100 * int(found.naive[-1]) / 200]
    assert anytime["markLine"]["data"] == [{"yAxis": 5.0}]
    long = peeking.chart(simulate(0.5, 10_000, 0.05, 1, 5))["series"][0]["data"]
    assert len(long) <= 500
