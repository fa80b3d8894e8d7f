"""The Lessons page: every tour leads to a page with its settings, and peeking is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from diffsmooth_core import ABSTAIN, SmoothedClassifier, SmoothingConfig
from diffsmooth_core.attacks import AttackConfig, attack_stream, distance
from diffsmooth_core.certification.decision import predicted
from diffsmooth_core.certification.thousand_seeds import recorded
from diffsmooth_core.config import SIDES, USUAL
from diffsmooth_core.datasets import class_names, resolve
from diffsmooth_core.datasets.drawn import from_file
from diffsmooth_core.statistics import certified_radius, clopper_pearson_lower
from diffsmooth_core.statistics.peeking import simulate
from diffsmooth_core.wording import length, percent
from tests.ui.conftest import address, dials, opened, turn
from ui import curriculum, tours
from ui.attack import controls as attack
from ui.attack import drawing
from ui.compare import controls as compare
from ui.curriculum import LESSONS, TOURS, Tour
from ui.jobs import recordings
from ui.lessons import seeds
from ui.session import settings, state
from ui.step import view as step
from ui.step_charts import false_claims

Visit = Callable[..., AppTest]
SETTINGS = {one.page: one for one in (settings.CERTIFY, step.SETTINGS, compare.SETTINGS, attack.SETTINGS)}


@pytest.fixture
def page(visit: Visit) -> AppTest:
    page = visit()
    page.switch_page("pages/lessons.py").run()
    assert not page.exception
    return page


def settings_drawn(page: AppTest) -> set[str]:
    widgets = (*page.sidebar.number_input, *page.sidebar.selectbox)
    return ({str(widget.key) for widget in widgets} | set(dials(page))) & set(settings.CONFIG_FIELDS)


@pytest.mark.parametrize(
    "tour",
    [tour for tour in (*LESSONS, *TOURS) if Path(tour.page).stem in SETTINGS],
    ids=lambda tour: tour.lesson,
)
def test_every_tour_sets_the_controls_that_it_speaks_of_and_hides_the_rest(tour: Tour) -> None:
    page = opened(tour.page, **tour.settings, lesson=tour.lesson)
    assert address(page).items() >= tour.settings.items(), "nothing fell back to a default"
    assert set(tour.settings) <= {"picture", *SETTINGS[Path(tour.page).stem].defaults}
    start = {
        "certify": "Certify",
        "step": "step-next",
        "attack": "Certify",
        "compare": "comparison-start",
        "sweep": "sweep-start",
    }
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
    turn(page, sigma=0.25)
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


def lesson(name: str) -> AppTest:
    return opened("pages/lessons.py", lesson=name)


def said(page: AppTest) -> str:
    return " ".join(m.value.replace("\\", "") for m in page.markdown)


def test_peeking_is_counted_once_asked_for_and_the_anytime_bound_keeps_its_promise() -> None:
    page = lesson("peek")
    assert not page.metric, "the answer is not there before the guess"
    page.pills(key="guess-peek").set_value("1 in 1,000").run()
    assert not page.metric
    next(b for b in page.button if b.label == "Simulate").click().run()
    assert "You guessed 1 in 1,000; it came out 22 in 1,000." in said(page)
    fixed, naive, anytime = (float(metric.value.split()[0]) for metric in page.metric)
    assert page.metric[1].label == "1,000 looks, fixed-end bound"
    assert naive > 1.5 > fixed, "more than 15 in 1,000, with room to spare"
    assert anytime <= 0.1
    page.select_slider[1].set_value(100).run()
    assert float(page.metric[1].value.split()[0]) < naive, "fewer looks, fewer false claims"
    assert "it came out 22 in 1,000." in said(page), "what came out first"
    page.number_input[0].set_value(2.0).run()
    assert "True share p is 2: it can be from 0.5 to 0.99" in said(page)


def test_the_chart_draws_the_counts_against_alpha() -> None:
    found = simulate(0.5, 1000, 0.05, 10, 200)
    naive, anytime = false_claims(found.looks, found.naive, found.anytime, found.runs, found.alpha)["series"]
    assert naive["data"][-1] == [1000, 100 * int(found.naive[-1]) / 200]
    assert anytime["markLine"]["data"] == [{"yAxis": 5.0}]
    long = np.arange(1, 10_001)
    drawn = false_claims(long, 0 * long, 0 * long, 5, 0.05)["series"][0]["data"]
    assert len(drawn) <= 500
    assert drawn[-1][0] == 10_000
    looks = np.arange(10, 10_001, 10)
    (_, _), *_, last = false_claims(looks, looks, 0 * looks, 20_000, 0.05)["series"][0]["data"]
    assert last == [10_000, 50.0], "how it ends is drawn, whichever looks are left out"


def test_a_thousand_seeds_claim_too_much_and_a_ledger_takes_it_back() -> None:
    page = lesson("seeds")

    def figures() -> list[str]:
        return [metric.value for metric in page.metric]

    assert figures() == ["0.000", "0.114", "0 of 1"]
    assert "it came out" not in said(page).lower()
    page.select_slider[0].set_value(1000).run()
    assert "It came out 0.132." in said(page), "without a guess too"
    assert figures() == ["0.132", "0.114", "8 of 1,000"]
    assert page.metric[0].delta == "+0.018 against the truth"
    any_false = 1 - (1 - seeds._ground(0.01, recorded().share).chance) ** 1000
    assert f"At least one of 1,000 is false with probability {percent(any_false)}" in said(page)
    page.segmented_control[0].set_value(seeds.CHALLENGED).run()
    assert not page.exception
    assert [page.metric[0].label, *figures()] == [
        "Best of 1,000, read at α/1,000",
        "0.067",
        "0.114",
        "8 of 1,000",
    ]
    assert any("challenge COMMITMENT" in code.value for code in page.code)
    found = seeds._ground(0.01, 0.676)
    free, fair = (seeds.chart(found, 0.114, fair, 1000)["series"] for fair in (False, True))
    assert (len(free), len(fair)) == (1, 2)
    assert free[0]["data"][-1] == [1000, 0.1326]
    assert fair[1]["data"][-1][1] < 0.114
    assert len(seeds.chart(found, 0.114, False, 3)["series"][0]["data"]) == 3, "those that were tried"


def test_the_record_of_seeds_is_of_what_it_says() -> None:
    """The first seeds certified again: the same votes, on the machine and in the execution of the test."""
    record = recorded()
    config = replace(record.config, dtype="float32")
    smoothed = SmoothedClassifier.load(config)
    x = resolve(record.picture, config.dataset).tensor
    shares = [smoothed.under(replace(config, seed=seed)).certify(x).counts[record.label] for seed in range(3)]
    assert len(record.votes) == 1000
    assert np.mean(record.votes) == pytest.approx(100 * record.share, abs=3)
    assert np.mean(shares) == pytest.approx(67.6, abs=15)


def links(page: AppTest) -> dict[str, dict[str, str]]:
    """The parameters of the page's links by their labels."""
    return {e.proto.label: dict(parse_qsl(e.proto.query_string)) for e in page.get("page_link")}


def test_a_guess_leads_on_and_the_answer_comes_with_the_evidence(page: AppTest) -> None:
    for tour in LESSONS:
        assert tour.link not in links(page)
        page.pills(key=f"guess-{tour.lesson}").set_value(tour.guesses[tour.right]).run()
        led = links(page)[tour.link]
        assert led == tour.settings | {"lesson": tour.lesson, "guess": str(tour.right)}
        assert tour.answer not in said(page)
    assert not page.exception


def test_what_was_guessed_and_what_came_out_stand_in_the_banner_and_the_next_lesson_beside_it(
    visit: Visit, finished_run: Callable[..., str]
) -> None:
    noise, purify = LESSONS[:2]
    asked = {"sigma": 0.01, "method": "plain", "classifier": "standard"}
    job = finished_run(settings.FIRST_PICTURE, [(8, 100)], [(8, 1000)], **asked)
    page = visit(**noise.settings, lesson="noise", guess="1", job=job)
    assert "You guessed 0.5; it came out 0.024." in said(page)
    assert noise.answer in said(page)
    assert links(page)["Next lesson"] == {"lesson": purify.lesson}
    assert address(page)["guess"] == "1", "so a reload knows it"
    assert any(c.value == "Lesson 1 of 11" for c in page.caption)
    turn(page, sigma=0.25)
    assert "it came out 0.024." in said(page), "it stays while one tries other things"
    page.query_params.clear()
    page.switch_page("pages/lessons.py").run()
    assert "You guessed 0.5; it came out 0.024." in said(page)
    assert page.get("progress")[0].proto.text == "1 of 11 lessons answered"


def test_a_right_guess_is_said_to_be_one_and_other_settings_answer_nothing(
    visit: Visit, finished_run: Callable[..., str]
) -> None:
    job = finished_run(settings.FIRST_PICTURE, [(6, 100)], [(6, 900), (8, 100)], method="plain")
    page = visit(**LESSONS[1].settings, lesson="purify", guess="2", job=job)
    assert "You guessed a certified frog, and it came out a certified frog." in said(page)
    page = visit(**LESSONS[0].settings, lesson="noise", guess="1", job=job)
    assert "it came out" not in said(page)
    assert "You guessed: 0.5." in said(page)


@pytest.mark.parametrize("guess", ["7", "-1", "1.0", "٢", "<b>0.5</b>"])
def test_a_guess_in_an_address_that_is_none_of_the_lessons_is_said(visit: Visit, guess: str) -> None:
    page = visit(**LESSONS[0].settings, lesson="noise", guess=guess)
    elsewhere = opened("pages/lessons.py", lesson="peek", guess=guess)
    for one in (page, elsewhere):
        (notice,) = [c.value.replace("\\", "") for c in one.caption if "in the address" in c.value]
        assert notice.endswith(f"guess = {guess!r} in the address is none of this lesson's; it is left out")
        assert "You guessed" not in said(one)
        assert "guess" not in address(one)


def test_a_radius_is_spread_over_the_values_that_there_are() -> None:
    levels = {side: 255 * 0.25 / (3 * side**2) ** 0.5 for side in SIDES.values()}
    assert levels[32] == pytest.approx(1.15, abs=0.01), "a little more than one"
    assert levels[224] == pytest.approx(1 / 6, abs=0.01)
    assert levels[32] / levels[224] == pytest.approx(7)
    in_one_pixel = 255 * 0.25 / 3**0.5
    assert in_one_pixel == pytest.approx(37, abs=0.5)


def asked(tour: Tour, dtype: str) -> SmoothingConfig:
    """The settings of a lesson."""
    dataset = tour.settings.get("dataset", "cifar10")
    page = settings.CERTIFY.on(dataset, tour.settings.get("method", ""))
    linked = {name: text for name, text in tour.settings.items() if name in settings.CONFIG_FIELDS}
    values = {name: page.parse(name, text, dataset) for name, text in linked.items()}
    known = {name: page.defaults[name] for name in settings.CONFIG_FIELDS}
    return SmoothingConfig(**known | values | {"dtype": dtype})


def share(name: str, config: SmoothingConfig, lesson: str, votes: int) -> float:
    """The share of so many votes of a lesson that are for the class `name`."""
    (tour,) = (tour for tour in LESSONS if tour.lesson == lesson)
    picture = state.resolved(tour.settings["picture"], config.dataset)
    cast = SmoothedClassifier.load(config).votes(picture.tensor, "estimation", 0, votes)
    return float(np.mean(cast == class_names(config.dataset).index(name)))


def certified(share: float, config: SmoothingConfig) -> float:
    """The radius that all votes of a run give at this share; 0 where it abstains."""
    votes = round(share * config.n)
    return certified_radius(clopper_pearson_lower(votes, config.n, config.alpha), config.sigma)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_lessons_come_out_as_promised_with_room_to_spare(dtype: str) -> None:
    """A part of the votes, whose share is far from where another guess would be right. The run of the lesson
    on abstaining is whole: its outcome hangs on few votes."""
    by_name = {tour.lesson: tour for tour in LESSONS}
    noise, purify, local, abstain, constant, photograph = (
        asked(by_name[name], dtype)
        for name in ("noise", "purify", "local", "abstain", "constant", "photograph")
    )
    assert share("ship", noise, "noise", 200) == 1
    assert length(certified(1, noise)) == "0.024"
    assert certified(share("frog", purify, "purify", 150) - 0.15, purify) > 0
    assert 0 < certified(share("ship", local, "local", 150) + 0.04, local) < 0.8
    picture = state.resolved(by_name["abstain"].settings["picture"])
    run = SmoothedClassifier.load(abstain).certify(picture.tensor)
    assert (run.label, class_names("cifar10")[run.candidate]) == (ABSTAIN, "truck")
    assert not certified((run.counts[run.candidate] + 3) / run.n, abstain), "three votes more would not do"
    assert curriculum.majority(run).endswith("of 50 votes for truck, and an abstention")
    assert certified(share("airplane", constant, "constant", 100) - 0.15, constant) > 0
    assert not certified(share("swing", photograph, "photograph", 100) + 0.1, photograph)


def test_the_lesson_on_breaking_comes_out_as_promised() -> None:
    """What the certificate covers cannot be broken, so a small attack in place of the lesson's is enough."""
    (tour,) = (tour for tour in LESSONS if tour.lesson == "break")
    picture = state.resolved(tour.settings["picture"])
    for dtype in ("float32", "bfloat16"):
        config = replace(asked(tour, dtype), n0=10, n=60)
        smoothed = SmoothedClassifier.load(config)
        certificate = smoothed.certify(picture.tensor)
        assert certificate.label == picture.label
        attack = AttackConfig("pgd", 0.9 * certificate.radius, attempts=1, steps=2, copies=4, n=40)
        *_, last = attack_stream(smoothed.base, picture.tensor, certificate, attack)
        assert last.count("broken") == 0
        assert len(last.attempts) == 1


def test_the_lesson_on_drawing_comes_out_as_promised() -> None:
    """The recorded scribble lies far outside and holds with room to spare; an attack needs less than half."""
    (tour,) = (tour for tour in LESSONS if tour.drawing)
    picture = state.resolved(tour.settings["picture"])
    changed = from_file(picture, drawing.RECORDED / tour.drawing)
    far = distance(picture.tensor, changed.tensor)
    for dtype in ("float32", "bfloat16"):
        smoothed = SmoothedClassifier.load(asked(tour, dtype))
        cast = smoothed.votes(changed.tensor, "prediction", 0, 40)
        assert np.mean(cast == picture.label) > 0.8, "PREDICT names it from 70 of 100 votes on"
    assert predicted((0,) * 8 + (70, 30), 0.001 / 2) == 8
    config = replace(asked(tour, "bfloat16"), n0=10, n=60)
    certificate = smoothed.under(config).certify(picture.tensor)
    assert 6.5 * 0.9 < far < 7.5 * 0.9, "seven times about 0.9"
    attack = AttackConfig("pgd", 0.46 * far, attempts=1, halvings=0, steps=5, copies=8, n=40)
    *_, last = attack_stream(smoothed.base, picture.tensor, certificate, attack)
    assert last.count("broken") == 1


def test_the_radii_that_questions_name_are_so() -> None:
    recorded = {name: recordings.bundled(name) for name in ("cifar10", "imagenet")}
    yacht, lighthouse = (found.certificate for found in recorded.values() if found)
    assert yacht.radius > 1.05
    assert lighthouse.source == "gallery:lighthouse"
    assert curriculum.grey_levels(lighthouse) == "0.16 of a grey level"
    assert lighthouse.radius > 0, "there is something to read below"


def test_what_the_lesson_on_a_photograph_goes_on_to_is_so() -> None:
    """Purified, nearly all votes are for the penguin."""
    picture = state.resolved("gallery:king-penguin", "imagenet")
    usual = {"dataset": "imagenet", "dtype": "float32"} | USUAL["imagenet"]
    purified = SmoothedClassifier.load(SmoothingConfig(**usual)).votes(picture.tensor, "estimation", 0, 12)
    assert np.sum(purified == picture.label) >= 11


def test_what_the_browser_kept_is_taken_as_far_as_it_is_of_a_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened("pages/lessons.py")
    first, second = LESSONS[0], LESSONS[1]
    found = {
        first.lesson: {"came_out": "0.024", "guess": "1"},
        second.lesson: {"came_out": "x" * 201},
        "none": {"came_out": "1"},
        LESSONS[2].lesson: "no answer",
        LESSONS[3].lesson: {"came_out": "**b**", "guess": "99"},
    }
    monkeypatch.setattr(st, "session_state", {"kept": SimpleNamespace(found=found)})
    tours._recalled()
    answers = state.answers()
    assert answers == {
        first.lesson: {"came_out": "0.024", "guess": "1"},
        LESSONS[3].lesson: {"came_out": "**b**"},
    }
    monkeypatch.undo()
    page.session_state["outcomes"] = {first.lesson: "0.024"}
    page.run()
    page.button(key="start-over").click().run()
    assert not page.exception
    assert not page.session_state["outcomes"]
