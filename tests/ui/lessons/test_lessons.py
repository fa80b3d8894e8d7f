"""The Lessons page: every tour leads to a page with its settings, and peeking is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core import ABSTAIN, SmoothedClassifier, SmoothingConfig, certify
from diffsmooth_core.config import SIDES, USUAL
from diffsmooth_core.datasets import class_names, resolve
from diffsmooth_core.statistics.peeking import simulate
from tests.ui.conftest import address, opened
from ui.compare import controls as compare
from ui.jobs.networks import base_classifier
from ui.lessons import peeking, seeds
from ui.session import settings, state
from ui.step import view as step
from ui.tours import LESSONS, TOURS, Tour

Visit = Callable[..., AppTest]
SETTINGS = {one.page: one for one in (settings.CERTIFY, step.SETTINGS, compare.SETTINGS)}


@pytest.fixture
def page(visit: Visit) -> AppTest:
    page = visit()
    page.switch_page("pages/lessons.py").run()
    assert not page.exception
    return page


def settings_drawn(page: AppTest) -> set[str]:
    widgets = (*page.sidebar.number_input, *page.sidebar.selectbox)
    return {str(widget.key) for widget in widgets} & set(settings.CONFIG_FIELDS)


@pytest.mark.parametrize(
    "tour",
    [tour for tour in (*LESSONS, *TOURS) if "theorem" not in tour.lesson],
    ids=lambda tour: tour.lesson,
)
def test_every_tour_sets_the_controls_that_it_speaks_of_and_hides_the_rest(tour: Tour) -> None:
    page = opened(tour.page, **tour.settings, lesson=tour.lesson)
    assert address(page).items() >= tour.settings.items(), "nothing fell back to a default"
    assert set(tour.settings) <= {"picture", *SETTINGS[Path(tour.page).stem].defaults}
    start = {"certify": "Certify", "step": "step-next", "compare": "comparison-start", "sweep": "sweep-start"}
    button = start[tour.settings.get("tab") or Path(tour.page).stem]
    assert not page.button(key=button).disabled
    assert settings_drawn(page) == set(tour.shows) & set(settings.CONFIG_FIELDS)
    assert address(page)["lesson"] == tour.lesson
    before = address(page)
    page.button(key="show-everything").click().run()
    assert not page.exception
    assert len(settings_drawn(page)) > 10 or tour.lesson == "parts"
    assert address(page) == {name: v for name, v in before.items() if name != "lesson"}
    assert not page.button(key=button).disabled


def test_a_lesson_ends_with_its_page_and_an_unknown_one_is_said(visit: Visit) -> None:
    page = visit(lesson="noise", sigma="0.01")
    page.number_input(key="sigma").set_value(0.25).run()
    assert address(page)["lesson"] == "noise", "it goes on while one tries things"
    page.query_params.clear()  # as the navigation does
    page.switch_page("pages/step.py").run()
    assert "lesson" not in address(page)
    assert len(settings_drawn(page)) > 10
    page = visit(lesson="<b>none</b>")
    assert len(settings_drawn(page)) > 10
    said = " ".join(caption.value.replace("\\", "") for caption in page.caption)
    assert "lesson = '<b>none</b>' in the address is unknown" in said


def test_a_lesson_leaves_out_the_panels_that_it_is_not_about(
    visit: Visit, finished_run: Callable[..., str]
) -> None:
    job = finished_run(settings.FIRST_PICTURE, [(8, 100)], [(8, 1000)])
    for lesson, drawn in (
        ("noise", {"What this radius means"}),
        ("purify", set()),
        ("", {"What this radius means", "Evidence"}),
    ):
        page = visit(job=job, lesson=lesson)
        assert {"What this radius means", "Evidence"} & {s.value for s in page.subheader} == drawn


def test_peeking_is_counted_and_the_anytime_bound_keeps_its_promise(page: AppTest) -> None:
    shares = {metric.label: float(metric.value.split()[0]) for metric in page.metric[:3]}
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


def test_a_thousand_seeds_claim_too_much_and_a_ledger_takes_it_back(page: AppTest) -> None:
    def figures() -> list[str]:
        return [metric.value for metric in page.metric[3:]]

    page.select_slider[3].set_value(1).run()
    assert figures() == ["0.000", "0.114", "0 of 1"]
    page.select_slider[3].set_value(1000).run()
    assert figures() == ["0.132", "0.114", "8 of 1,000"]
    assert page.metric[3].delta == "+0.018 against the truth"
    page.segmented_control[0].set_value(seeds.CHALLENGED).run()
    assert not page.exception
    assert [page.metric[3].label, *figures()] == [
        "Best of 1,000, read at α/1,000",
        "0.067",
        "0.114",
        "8 of 1,000",
    ]
    assert any("challenge COMMITMENT" in code.value for code in page.code)
    free, fair = (seeds.chart(seeds._ground(0.01, 0.676), 0.114, fair)["series"] for fair in (False, True))
    assert (len(free), len(fair)) == (1, 2)
    assert free[0]["data"][-1] == [1000, 0.1326]
    assert fair[1]["data"][-1][1] < 0.114


def test_the_record_of_seeds_is_of_what_it_says() -> None:
    """The first seeds certified again: the same votes, on the machine and in the execution of the test."""
    record = seeds.recorded()
    config = SmoothingConfig.from_dict(record["config"] | {"dtype": "float32"})
    smoothed = SmoothedClassifier.load(config)
    x = resolve(record["picture"], config.dataset).tensor
    shares = [
        smoothed.under(replace(config, seed=seed)).certify(x).counts[record["label"]] for seed in range(3)
    ]
    assert len(record["votes"]) == 1000
    assert np.mean(record["votes"]) == pytest.approx(
        100 * record["long"]["votes"] / record["long"]["n"], abs=3
    )
    assert np.mean(shares) == pytest.approx(67.6, abs=15)


def test_the_answer_comes_after_the_guess(page: AppTest) -> None:
    assert not any(m.value.startswith(("**Yes.**", "**No.**")) for m in page.markdown)
    for number, tour in enumerate(LESSONS):
        page.pills(key=f"guess-{number}").set_value(tour.guesses[tour.right - 1]).run()
        assert sum(m.value.startswith("**No.**") for m in page.markdown) == 1
        page.pills(key=f"guess-{number}").set_value(tour.guesses[tour.right]).run()
        assert not any(m.value.startswith("**No.**") for m in page.markdown)
    assert sum(m.value.startswith("**Yes.**") for m in page.markdown) == len(LESSONS)


def test_a_radius_is_spread_over_the_values_that_there_are() -> None:
    levels = {side: 255 * 0.25 / (3 * side**2) ** 0.5 for side in SIDES.values()}
    assert levels[32] == pytest.approx(1.15, abs=0.01), "a little more than one"
    assert levels[224] == pytest.approx(1 / 6, abs=0.01)
    assert levels[32] / levels[224] == pytest.approx(7)
    in_one_pixel = 255 * 0.25 / 3**0.5
    assert in_one_pixel == pytest.approx(37, abs=0.5)


def test_what_the_lesson_on_a_photograph_claims_is_so() -> None:
    picture = state.resolved("gallery:king-penguin", "imagenet")
    names = class_names("imagenet")
    usual = {"dataset": "imagenet", "dtype": "float32"} | USUAL["imagenet"]
    alone = SmoothedClassifier.load(SmoothingConfig(**usual | {"method": "plain"})).certify(picture.tensor)
    first, second = np.argsort(alone.counts)[::-1][:2]
    assert alone.label == ABSTAIN
    assert [names[first], names[second]] == ["swing", "hook"]
    purified = SmoothedClassifier.load(SmoothingConfig(**usual)).votes(picture.tensor, "estimation", 0, 12)
    assert np.sum(purified == picture.label) >= 11


def test_what_the_lessons_claim_is_so() -> None:
    """The class, and whether there is a certificate; counted with fewer votes where the lesson names none."""
    many = replace(LESSONS[3], settings=LESSONS[3].settings | {"n": "1000"})
    for tour, said in zip((*LESSONS[:4], many), ("ship", "frog", "ship", None, "ship"), strict=True):
        known = {k: v for k, v in tour.settings.items() if k in ("method", "classifier")}
        config = SmoothingConfig(
            **known,
            sigma=float(tour.settings.get("sigma", 0.5)),
            n=int(tour.settings.get("n", 400)),
            dtype="bfloat16",
        )
        base = base_classifier(config)
        found = certify(base, state.resolved(tour.settings["picture"]).tensor, config)
        assert (None if found.label == ABSTAIN else class_names("cifar10")[found.label]) == said
