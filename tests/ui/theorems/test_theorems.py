"""The Theorems page: what it says of a picture, and of the worlds where the printed theorems fail."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from diffsmooth_core.datasets.sources import resolve
from diffsmooth_core.statistics import certified_radius, clopper_pearson_lower
from diffsmooth_core.theory import (
    Convergence,
    PurificationDistances,
    TheoremSetting,
    WeakError,
    clouds,
    exact,
)
from diffsmooth_core.wording import length
from tests.ui.conftest import address
from ui.components import terms
from ui.curriculum import TOURS
from ui.jobs import theorems as theorems_jobs
from ui.jobs.gate import Demand
from ui.jobs.registry import jobs
from ui.session import settings
from ui.theorems import charts, controls, curves, exact_charts, gain, quantities, schemes, theorem1, view

Visit = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """No job of the page outlives its test."""
    yield
    for job in jobs().snapshots(theorems_jobs.QUEUE):
        jobs().cancel(job.id)
        jobs().wait(job.id, 100)


@pytest.fixture
def theorems(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page in the exact world, where nothing slow happens; sampling for a picture takes few paths."""
    monkeypatch.setattr(theorems_jobs, "SIGMAS", (0.25, 0.5))
    monkeypatch.setattr(theorems_jobs, "ERRORS", (0.0, 0.5))
    return opened(visit, where="exact")


def opened(visit: Visit, **parameters: str) -> AppTest:
    page = visit()
    page.query_params.clear()
    for name, value in parameters.items():
        page.query_params[name] = value
    page.switch_page("pages/theorems.py").run()
    assert not page.exception
    return page


def sampled(page: AppTest, kind: str = "samples", **changed: Any) -> AppTest:
    """The page once the server has finished what these settings ask for."""
    for name, value in changed.items():
        page.session_state[f"theorems-{name}"] = value
    page.run()
    key = page.session_state["theorems-watched"][kind]
    job = jobs().wait(jobs().latest(key).id, 100)  # type: ignore[union-attr]
    assert job is not None
    assert job.state == "done"
    page.run()
    assert not page.exception
    return page


def said(page: AppTest) -> str:
    return " ".join(e.value for e in (*page.markdown, *page.caption, *page.error))


def test_both_theorems_have_their_numbers(theorems: AppTest) -> None:
    labels = [metric.label for metric in theorems.metric]
    assert labels == ["Samples' distance", "Pathwise bound", "Slack", "One-shot distance"]
    assert "**E = " in said(theorems)
    assert "256** samples are inside" in said(theorems)
    assert not theorems.error
    pixel = float(theorems.metric[0].value)
    theorems.session_state["theorems-unit"] = "model"
    theorems.run()
    assert float(theorems.metric[0].value) == pytest.approx(2 * pixel, rel=1e-2)


@pytest.mark.parametrize(
    ("world", "sigma", "error", "words"),
    [("far", 1.0, 0.0, "256 of 256 samples lie beyond"), ("narrow", 0.5, 0.1, "the distance is")],
)
def test_a_violated_bound_is_said(
    theorems: AppTest, world: str, sigma: float, error: float, words: str
) -> None:
    for name, value in (("world", world), ("sigma", sigma), ("eps_error", error)):
        theorems.session_state[f"theorems-{name}"] = value
    theorems.run()
    assert not theorems.exception
    assert [words in e.value for e in theorems.error] == [True]


def test_the_numbers_are_those_of_the_samples(theorems: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds, marks, real = [], [], theorems_jobs.exact_world
    monkeypatch.setattr(theorems_jobs, "exact_world", lambda *a: worlds.append(real(*a)) or worlds[-1])
    monkeypatch.setattr(terms, "show", lambda *_, mark=None, **__: marks.append(mark))
    theorems.run()
    (world,) = worlds
    mean, bound = world.theorem1.distances.mean(), world.theorem1.bound("pathwise").mean()
    one_shot = float((world.one_shot - world.clean).norm())
    shown = [metric.value for metric in theorems.metric]
    assert shown == [f"{0.5 * length:.4g}" for length in (mean, bound, bound - mean, one_shot)]
    assert marks == [pytest.approx(0.5 * mean), None], "of Theorem 1 alone"
    assert world.theorem2.printed < world.theorem2.corrected
    assert "so it is smaller than what is proved here" in said(theorems)


def test_a_bound_that_fails_is_not_called_far_too_long(
    theorems: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert theorem1.LENGTHS_CANCEL in said(theorems)
    real = theorems_jobs.exact_world

    def one_beyond(*arguments: Any) -> Any:
        world = real(*arguments)
        distances = world.theorem1.distances.copy()
        distances[0] = 2 * world.theorem1.bound("pathwise").max()
        return replace(world, theorem1=replace(world.theorem1, distances=distances))

    monkeypatch.setattr(theorems_jobs, "exact_world", one_beyond)
    theorems.run()
    assert "**255 of 256** samples are inside" in said(theorems)
    assert theorem1.LENGTHS_CANCEL not in said(theorems)


@pytest.mark.parametrize(
    ("lesson", "words", "drawn"),
    [
        (
            "theorem-1",
            "256 of 256 samples lie beyond 363.7. The corrected one, 556.6, holds for 256 of them.",
            {curves.TITLE, schemes.TITLE},
        ),
        (
            "theorem-2",
            "the distance is 0.05, the printed bound 0.005. The corrected one, 0.05, holds.",
            set(),
        ),
    ],
)
def test_a_tour_leads_where_a_printed_theorem_fails_and_the_corrected_one_holds(
    visit: Visit, lesson: str, words: str, drawn: set[str]
) -> None:
    (tour,) = (tour for tour in TOURS if tour.lesson == lesson)
    page = opened(visit, **tour.settings, lesson=lesson)
    assert address(page).items() >= tour.settings.items(), "nothing fell back to a default"
    assert [words in error.value for error in page.error] == [True]
    parts = {part.label for part in page.expander}
    assert parts & {curves.TITLE, schemes.TITLE, gain.TITLE} == drawn, "beside both theorems"
    assert {"curves", "schemes"} & set(page.session_state["theorems-watched"] if drawn else ()) == (
        {"curves", "schemes"} if drawn else set()
    ), "and open"


def test_both_schemes_errors_are_drawn_and_the_paths_take_the_chosen_one(theorems: AppTest) -> None:
    assert "theorems-watched" not in theorems.session_state, "nothing is computed before it is looked at"
    sampled(theorems, kind="schemes", **{"part-schemes": True})
    assert "under the same noise" in said(theorems)
    before = [metric.value for metric in theorems.metric]
    theorems.session_state["theorems-scheme"] = "euler-maruyama"
    theorems.run()
    assert not theorems.exception
    now = [metric.value for metric in theorems.metric]
    assert now[:2] != before[:2]
    assert now[3:] == before[3:], "the one-shot output takes no path"


@pytest.mark.parametrize(
    ("setting", "caption"),
    [
        (TheoremSetting(), "xᵣₛ: with noise"),
        (TheoremSetting(perturbation="random"), "xᵣₛ: with δ and noise"),
        (TheoremSetting(noise=False), "xᵣₛ: the picture itself"),
    ],
)
def test_every_picture_has_its_place_before_anything_is_computed(
    setting: TheoremSetting, caption: str
) -> None:
    frames = view._frames(resolve(settings.FIRST_PICTURE, "cifar10"), None, setting, running=True)
    assert [(frame.caption, frame.word) for frame in frames] == [("x₀", ""), *[("on its way", "…")] * 3]
    begun = SimpleNamespace(received=torch.full((3, 2, 2), 0.5), one_shot=torch.zeros(3, 2, 2))
    sampling: Any = SimpleNamespace(begun=begun, parts=())
    frames = view._frames(resolve(settings.FIRST_PICTURE, "cifar10"), sampling, setting, running=False)
    assert frames[1].caption == caption
    assert frames[1].images == frames[2].images, "grey, in [0,1] and in the model's [-1,1]"
    assert (frames[3].word, frames[3].sign) == ("–", "or"), "no step from the one shot"


def test_an_error_that_chance_could_have_made_is_not_drawn() -> None:
    sure = [WeakError(steps, 1 / steps, 0.1 / steps, 1 / steps, 1 / steps) for steps in (64, 32, 16)]
    unsure = WeakError(8, 0.1, 0.1, 0.1, 0.1)
    found = Convergence(unsure, {"multistep": (*sure[:2], unsure), "euler-maruyama": (*sure, unsure)})
    mean, variance = charts.schemes(found)
    drawn = {series["name"]: series["data"] for series in mean["series"]}
    assert drawn["multistep"] == [[32, 1 / 32], [64, 1 / 64]]
    assert drawn["order 1"] == drawn["Euler–Maruyama"], "which halves each time"
    assert "order 2" not in drawn, "two points show no order"
    assert all(not series["data"] for series in variance["series"])


def test_a_picture_is_sampled_and_what_an_error_costs_is_asked_for(theorems: AppTest) -> None:
    sampled(theorems, where="picture", steps=4, samples=16)
    assert "16 of 16** samples are inside" in said(theorems)
    assert "16 samples in 4 steps each" in said(theorems)
    assert "so it is larger than it need be here" in said(theorems), "E is far above 1 with so many values"
    assert "Does purification help?" in [s.value for s in theorems.subheader]
    sampled(theorems, kind="compare")
    share = re.search(
        r"\*\*(\d+) of (\d+)\*\* pictures nearer: a share of (\S+) % to (\S+) %", said(theorems)
    )
    assert share is not None
    nearer, many, low, high = map(float, share.groups())
    assert low < 100 * nearer / many <= high
    assert not [button for button in theorems.button if button.key == "theorems-costs"], "folded"
    theorems.session_state["theorems-part-costs"] = True
    theorems.run()
    theorems.button(key="theorems-costs").click().run()
    sampled(theorems, kind="costs")
    rows = theorems.table[-1].value
    assert list(rows["error of ε"]) == ["0", "0.5"]
    for counted, shown in zip(rows["most votes"], rows["certified radius"], strict=True):
        bound = clopper_pearson_lower(int(counted.partition(" of 100, ")[0]), 100, 0.001)
        assert shown == (length(certified_radius(bound, 0.5)) if bound > 0.5 else "abstains")


def test_a_stop_keeps_what_there_is_and_go_on_takes_it_up(
    theorems: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled(theorems, where="picture", steps=4, samples=16, seed=3)
    begun, go_on = threading.Event(), threading.Event()
    real = theorems_jobs.sampling

    def slow(*arguments: Any) -> Iterator[Any]:
        for found in real(*arguments):
            yield found
            begun.set()
            go_on.wait(100)

    monkeypatch.setattr(theorems_jobs, "sampling", slow)
    theorems.session_state["theorems-samples"] = 64
    theorems.run()
    assert begun.wait(100)
    theorems.button(key="theorems-stop").click()
    go_on.set()
    theorems.run()
    stopped = jobs().latest(theorems.session_state["theorems-watched"]["samples"])
    jobs().wait(stopped.id, 100)  # type: ignore[union-attr]
    theorems.run()
    assert "Stopped after 16 of 64 samples." in said(theorems)
    assert theorems.metric[0].value
    theorems.button(key="theorems-go-on").click().run()
    sampled(theorems)
    assert "64 of 64** samples are inside" in said(theorems)


def test_what_failed_says_why_and_is_tried_again(theorems: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Iterator[Any]:
        raise ValueError
        yield

    with monkeypatch.context() as patched:
        patched.setattr(theorems_jobs, "sampling", broken)
        for name, value in {"where": "picture", "steps": 4, "samples": 16, "seed": 11}.items():
            theorems.session_state[f"theorems-{name}"] = value
        theorems.run()
        key = theorems.session_state["theorems-watched"]["samples"]
        job = jobs().wait(jobs().latest(key).id, 100)  # type: ignore[union-attr]
        theorems.run()
    assert job is not None
    assert [error.value.replace("\\", "") for error in theorems.error] == [
        "It ended early: an internal error (ValueError); the server's log has more."
    ]
    theorems.button(key=f"theorems-again-{job.id}").click().run()
    sampled(theorems)
    assert not theorems.error
    assert "16 of 16** samples are inside" in said(theorems)


def test_the_settings_are_in_the_address_and_a_bad_one_is_named(visit: Visit) -> None:
    page = opened(visit, where="exact", world="narrow", eps_error="0.1", sigma="0.3", eta="7", dtype="int1")
    assert address(page)["world"] == "narrow"
    assert (address(page)["eta"], address(page)["sigma"]) == ("0.01", "0.3")
    assert "eta = '7' in the address is unknown; 0.01 is used instead" in said(page).replace("\\", "")
    assert page.slider(key="theorems-sigma").value == 0.3
    page.session_state["theorems-unit"] = "model"
    page.run()
    assert address(page)["unit"] == "model"
    assert set(address(page)) == {"picture", *controls.SETTINGS.defaults}


def test_pages_keep_their_own_settings_and_share_the_picture(visit: Visit) -> None:
    page = visit(picture="photo:cat", sigma="0.12", dataset="imagenet")
    page.query_params.clear()
    page.session_state["theorems-where"] = "exact"
    page.switch_page("pages/theorems.py").run()
    assert address(page)["picture"] == "photo:cat"
    assert (address(page)["dataset"], address(page)["sigma"]) == ("imagenet", "0.25"), "its own usual noise"
    page.session_state["theorems-dataset"] = "cifar10"
    page.run()
    assert (address(page)["sigma"], address(page)["samples"]) == ("0.5", "64"), "as is usual there"
    page.query_params.clear()
    page.switch_page("pages/certify.py").run()
    assert (address(page)["sigma"], address(page)["dataset"]) == ("0.12", "imagenet")


def test_another_kind_of_picture_shows_its_first(theorems: AppTest) -> None:
    theorems.session_state["theorems-where"] = "picture"
    theorems.session_state["theorems-samples"] = 16
    theorems.run()
    assert address(theorems)["picture"] == settings.FIRST_PICTURE
    (pills,) = (group for group in theorems.button_group if group.label == "Picture")
    pills.set_value("photo").run()
    assert not theorems.exception
    first = address(theorems)["picture"]
    assert first.startswith("photo:")
    assert theorems.session_state["theorems-watched"]["samples"][0].source == first
    theorems.run()
    assert address(theorems)["picture"] == first


def test_another_data_set_brings_a_picture_of_one_of_its_classes(theorems: AppTest) -> None:
    theorems.session_state["theorems-where"] = "picture"
    theorems.session_state["theorems-samples"] = 16
    theorems.run()
    theorems.selectbox(key="theorems-dataset").set_value("imagenet").run()
    assert not theorems.exception
    assert address(theorems)["picture"] == "gallery:lighthouse"


def test_bars_add_up_to_their_bounds_and_the_histogram_has_every_sample() -> None:
    found = exact("clusters", 2, 0.5, samples=50, steps=16).theorem1
    rows, terms_by_name = quantities.first(found, 0.5, "[0,1]")
    totals = {row.title: row.total for row in rows}
    for version, title in quantities.TITLES.items():
        assert totals[title] == pytest.approx(0.5 * found.bound(version).mean())
    assert {term for row in rows for term, _ in row.parts} == set(terms_by_name)
    chart = charts.distances(found, 50, 0.5, "[0,1]")
    counts = [count for _, count in chart["series"][0]["data"]]
    assert sum(counts) == 50
    axis = chart["xAxis"]
    assert axis["min"] <= 0.5 * found.distances.min() < 0.5 * found.distances.max() <= axis["max"]


def test_every_bound_says_what_it_is_and_their_scale_stays_while_lengths_change_a_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = exact("clusters", 2, 0.5, samples=50, steps=16).theorem1
    rows, _ = quantities.first(found, 0.5, "[0,1]")
    assert [row.words for row in rows] == [quantities.BOUNDS[version] for version in quantities.TITLES]
    ends = []
    monkeypatch.setattr(terms, "_component", lambda data, key: ends.append(data["end"]))
    for longest in (80.0, 81.0, 82.5):
        terms.show([terms.TermRow("a", "≤", [("x", longest)])], {}, "k", 5.0)
    assert ends == pytest.approx([100.0, 120.0, 120.0])


def test_only_terms_that_say_something_are_said_to_light_up(monkeypatch: pytest.MonkeyPatch) -> None:
    hints: list[str] = []
    monkeypatch.setattr(terms, "_component", lambda data, key: hints.append(data["hint"]))
    row = terms.TermRow("a", "≤", [("x", 1.0)])
    for term, mark in (
        (terms.Term("x", "red"), 5.0),
        (terms.Term("x", "red", "a length"), None),
        (terms.Term("x", "red", "a length"), 5.0),
    ):
        terms.show([row], {"x": term}, "k", mark)
    assert hints == ["", terms.HINT, terms.MARK + terms.HINT]


def test_axes_of_a_photograph_have_room_for_the_longest_noise() -> None:
    d = 3 * 224**2
    length = math.sqrt(d)
    found = PurificationDistances((0.05, 1.0), 1, ((0.05 * length,), (length,)), ((8.0,), (25.0,)))
    axis = charts.compared(found, d, 0.5, "[0,1]")["xAxis"]
    assert axis["min"] < 8 < length < axis["max"] < 3 * length


def test_a_distance_of_0_is_named_and_not_drawn_on_a_logarithmic_axis() -> None:
    chart = charts.log_lines(
        "", {"distance": ("red", [0.0, 1e-17]), "bound": ("blue", [0.0, 2.0])}, "ab", "[0,1]"
    )
    assert [(one["name"], one["data"]) for one in chart["series"]] == [
        ("distance: 0", [None, None]),
        ("bound", [None, 2.0]),
    ]
    (waiting,) = charts.log_lines("", {"distance": ("red", [])}, "", "")["series"]
    assert waiting["name"] == "distance", "nothing is known yet"


@pytest.mark.parametrize("dimension", [1, 2])
def test_the_axes_have_room_for_every_point(dimension: int) -> None:
    found = exact("clusters", dimension, 0.5, samples=30, steps=8)
    shown = clouds(found.mixture, [0.0, found.levels[0]], 300, seed=1)
    figures = [exact_charts.reverse_paths(found, shown)]
    if dimension == 2:
        figures += [exact_charts.forward_cloud(found, shown, k) for k in range(2)]
        assert [cloud.layout.title.text for cloud in figures[1:]] == ["No noise", "σ = 0.5"]
    for figure in figures:
        ranges = {"y": figure.layout.yaxis.range, "x": figure.layout.xaxis.range}
        for trace in figure.data[1:]:
            for name, (low, high) in ((n, r) for n, r in ranges.items() if r):
                assert low < min(trace[name])
                assert max(trace[name]) < high
        (shade,) = (trace for trace in figure.data if trace.type == "heatmap")
        assert shade.y[0] <= ranges["y"][0]
        assert ranges["y"][1] <= shade.y[-1]


def test_a_bar_that_is_cut_ends_before_the_edge() -> None:
    long = terms.TermRow("long", "≤", [("a", 3.0), ("b", 100.0)])
    assert terms._within(long, 10.0) == [("a", 3.0), ("b", 5.5)]
    assert terms._within(terms.TermRow("short", "≤", [("a", 3.0)]), 10.0) == [("a", 3.0)]


def test_samples_make_what_can_wait_make_way() -> None:
    @dataclass(frozen=True)
    class Counted:
        number: int
        finished: bool = False

    begun = threading.Event()

    def count(earlier: Counted | None) -> Iterator[Counted]:
        for number in range(earlier.number if earlier else 0, 100_000):
            yield Counted(number)
            begun.set()
            time.sleep(0.001)

    def work() -> Any:
        return theorems_jobs.request("slow", count, lambda found: found.finished, Demand())

    work()
    assert begun.wait(100)
    quick = theorems_jobs.request(
        "quick", lambda _: (Counted(k, True) for k in range(1)), lambda _: False, Demand(), urgent=True
    )
    assert quick.key == "quick"
    waited = jobs().wait(jobs().latest("slow").id, 100)  # type: ignore[union-attr]
    assert waited is not None
    assert waited.state == "cancelled"
    assert work().progress.number >= waited.progress.number, "taken up where it was"
