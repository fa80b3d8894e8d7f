"""The Compare page: settings side by side, and sweeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core import InputError, SmoothingConfig, certify
from diffsmooth_core.certification.ballots import Ballots
from diffsmooth_core.certification.certificate import discrepancies
from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.datasets.sources import class_names
from diffsmooth_core.experiments import Cell, Comparison, Entry, Sweep, compare_stream, grid, sweep_stream
from diffsmooth_core.wording import down, length
from tests.ui.conftest import address, opened, progress
from ui.colours import BOUND, outcome_colour
from ui.compare import best_setting, charts, controls, sweep_view, view
from ui.components import strip
from ui.jobs import certificates, networks, recorded_comparison, votes
from ui.jobs.experiments import ExperimentTask
from ui.jobs.networks import base_classifier
from ui.jobs.registry import Snapshot, jobs
from ui.session import settings, state

Visit = Callable[..., AppTest]
NAMES = tuple("abcdefghij")
TWO = "plain,gaussian-0.25,0.5,0.25,5,16;local-only,standard,0.25,0.1,2,12"


@pytest.fixture
def compare() -> Visit:
    """Open the Compare page with these URL parameters."""

    def compare(**parameters: str) -> AppTest:
        return opened("pages/compare.py", **({"n0": "5", "n": "16", "m": "2"} | parameters))

    return compare


def said(page: AppTest) -> str:
    elements = (*page.subheader, *page.markdown, *page.caption)
    return " ".join(e.value.replace("\\", "").replace("\u00a0", " ") for e in elements)


def finish(page: AppTest, kind: str) -> Snapshot:
    snapshot = jobs().wait(address(page)[kind], 100)
    assert snapshot is not None
    assert snapshot.state == "done"
    page.run()
    assert not page.exception
    return snapshot


def test_a_first_visit_compares_four_methods_and_shows_a_vote_of_each(compare: Visit) -> None:
    page = compare()
    for title in ("A · Plain", "B · Local smoothing without", "C · DDS", "D · DiffSmooth"):
        assert title in said(page)
    assert "Gaussian, noise 0.25: σ = 0.5, σ′ = 0.25, m = 2, n = 16" in said(page)
    assert "counts 84 of them" in said(page)
    assert not page.table


def test_a_first_visit_without_settings_sees_a_recorded_outcome_and_others_do_not() -> None:
    page = opened("pages/compare.py")
    assert "This is a recording of 2026-" in said(page)
    assert "wrong: **frog**, radius" in said(page)
    assert "**ship**, radius" in said(page)
    assert "noisy copies not all say the same" in said(page)
    assert "Seconds are the recording's" in said(page)
    assert "Certify draws other copies" in said(page)
    best = recorded_comparison.bundled().best(state.resolved(settings.FIRST_PICTURE).label)
    assert best is not None
    held = best[1]
    claimed = f"at α/4 = 0.00025: radius **{length(held.radius)}**, bound {down(held.p_a_lower, 4)}"
    assert claimed in said(page)
    found = recorded_comparison.bundled()
    for entry in found.entries:
        assert entry.certificate is not None
        assert discrepancies(entry.certificate) == []
        assert entry.certificate.tied_to == found.entries[0].certificate.tied_to  # type: ignore[union-attr]
    assert page.button(key="comparison-start").label == "Compare"
    again = json.loads(recorded_comparison.to_json(found))
    assert again == json.loads(recorded_comparison.FILE.read_text(encoding="utf-8"))
    assert "This is a recording" not in said(opened("pages/compare.py", seed="1"))
    picture, other = state.resolved(settings.FIRST_PICTURE), state.resolved("photo:coffee")
    configs = [replace(settings.DEFAULTS, method=method) for method in controls.START]
    assert recorded_comparison.recorded(picture, configs) is not None
    assert recorded_comparison.recorded(other, configs) is None
    assert recorded_comparison.recorded(picture, [replace(c, dtype="bfloat16") for c in configs]) is not None
    for others in (configs[:3], [*configs, configs[0]], [*configs[1:], configs[0]], []):
        assert recorded_comparison.recorded(picture, others) is None


def test_a_comparison_ends_with_costs_differences_and_the_best(compare: Visit) -> None:
    page = compare(settings=TWO, picture="photo:coffee")
    page.button(key="comparison-start").click().run()
    snapshot = finish(page, "comparison")
    found: Comparison = snapshot.progress  # type: ignore[assignment]
    for entry in found.entries:
        x, tied_to = state.resolved("photo:coffee").tensor, entry.progress.tied_to  # type: ignore[union-attr]
        alone = certify(base_classifier(entry.config), x, entry.config, tied_to=tied_to)
        assert entry.certificate is not None
        tied_to = entry.certificate.tied_to
        assert isinstance(tied_to, Commitment)
        x = state.resolved("photo:coffee").tensor
        alone = certify(base_classifier(entry.config), x, entry.config, tied_to=tied_to)
        assert entry.certificate.counts == alone.counts
        picture, configs = snapshot.subject.picture, snapshot.subject.configs  # type: ignore[union-attr]
        group = votes.group_of(picture, configs)
        shown = [votes.traced(picture, entry.config, copy, group).vote for copy in range(1, 13)]
        assert shown == list(entry.classes[:12]), "the copies that are shown are those that were counted"
    assert [code.value.split()[-1] for code in page.code] == ["cert-A.json", "cert-B.json"]
    took = page.table[0].value
    assert list(took["denoiser"]) == ["0", "0"]
    assert list(took["classifier"]) == ["21", "34"]
    assert f"On {len(found.differing)} of 12 noisy copies" in said(page) or "same class on each" in said(page)
    names = class_names("cifar10")
    for labels, copies in found.patterns[: view.SAMPLES]:
        assert f"{len(copies)} cop" in said(page)
        assert view.in_words(labels, names) in said(page)
    assert "Picking the best" in said(page)
    if (best := found.best()) is not None:
        assert discrepancies(best[1]) == []
        assert "at α/2 = 0.0005" in said(page)
        (link,) = page.get("page_link")
        assert link.proto.page == "certify", "an empty address would stand for the page itself in a new tab"
    assert "draws other votes than this comparison" in said(page)
    assert page.button(key="comparison-start").label == "Compare again"


def test_who_says_what_of_a_copy_is_said_class_by_class() -> None:
    names = ("cat", "dog", "ship")
    assert view.in_words((0, 0, 2, 0), names) == "A, B and D say cat, C says ship"
    assert view.in_words((1, 2), names) == "A says dog, B says ship"
    assert view.in_words((0,), ("a*b",)) == "A says a\\*b"


def test_what_may_be_claimed_of_the_best_of_a_sweep_is_its_radius_at_the_shared_risk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    monkeypatch.setattr(sweep_view.st, "markdown", said.append)
    monkeypatch.setattr(sweep_view.st, "subheader", lambda *_, **__: None)
    monkeypatch.setattr(best_setting, "certify_again", lambda *_: None)
    found = cells("m", 200)
    snapshot: Any = SimpleNamespace(subject=SimpleNamespace(picture=SimpleNamespace(label=None)))
    sweep_view._best(snapshot, found)
    best = found.best(None)
    assert best is not None
    which, held = best
    alone, k = found.cells[which].decision.radius, len(found.cells)
    assert held.radius < alone
    (words,) = said
    assert f"largest radius, {length(alone)} at α = 0.001. Picked afterwards from {k}" in words
    assert f"at α/{k}: radius **{length(held.radius)}**, bound {down(held.p_a_lower, 4)}" in words


def test_the_best_is_the_best_for_a_class_whose_name_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(best_setting, "class_names", lambda _: ("cat", "a*b"))
    snapshot: Any = SimpleNamespace(subject=SimpleNamespace(picture=SimpleNamespace(label=1, dataset="own")))
    assert best_setting.for_class(snapshot) == r" for a\*b"
    snapshot.subject.picture.label = None
    assert best_setting.for_class(snapshot) == ""


def test_a_vote_carries_the_mark_and_colour_of_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[strip.Frame] = []
    monkeypatch.setattr(strip, "show", lambda frames, key: drawn.extend(frames))
    monkeypatch.setattr(networks, "votes_quickly", lambda config: False)
    configs = (SmoothingConfig(), SmoothingConfig(method="plain"))
    view._sample(state.resolved("photo:coffee"), configs, (3, 8), 1, None)
    ship = replace(state.resolved("photo:coffee"), label=8)
    view._sample(ship, configs, (3, 8), 1, None)
    assert [frame.word for frame in drawn] == ["cat", "ship", "✕ cat", "✓ ship"]
    assert [frame.colour for frame in drawn[2:]] == [outcome_colour("wrong"), outcome_colour("right")]


def test_settings_that_certify_as_far_are_named_beside_the_best() -> None:
    def others(*reached: tuple[int, float]) -> str:
        entries = [SimpleNamespace(certificate=SimpleNamespace(label=k, radius=r)) for k, r in reached]
        return best_setting.as_large(Comparison(tuple(entries)), 0)  # type: ignore[arg-type]

    assert others((8, 0.5), (8, 0.4), (0, 0.5)) == ""
    assert others((8, 0.5), (0, 0.5), (8, 0.5)) == ", as C has"
    assert others((8, 0.5), (8, 0.5), (8, 0.5), (8, 0.5)) == ", as B, C and D have"


def test_a_changed_setting_is_in_the_address_and_old_results_say_whose_they_are(compare: Visit) -> None:
    page = compare(settings=TWO)
    page.button(key="comparison-start").click().run()
    finish(page, "comparison")
    page.selectbox(key="compare-method-1").set_value("diffsmooth").run()
    page.number_input(key="compare-m-1").set_value(3).run()
    assert address(page)["settings"].endswith(";diffsmooth,standard,0.25,0.1,3,12")
    assert "The results below are of A · Plain randomized smoothing: " in said(page)
    assert page.button(key="comparison-start").label == "Compare"
    page.button(key="compare-add").click().run()
    assert address(page)["settings"].count(";") == 2
    page.button(key="compare-remove-0").click().run()
    assert address(page)["settings"].startswith("diffsmooth,standard")


@pytest.mark.parametrize("bad", ["nonsense", "plain,gaussian-0.25,9,0.25,5,16", "a,b,c,d,e,f", "[x](y),,,,,"])
def test_bad_settings_are_named_and_left_out(compare: Visit, bad: str) -> None:
    page = compare(settings=bad)
    assert "in the address" in said(page)
    assert "D · DiffSmooth" in said(page)
    assert not any("](" in m.value.replace("\\", "#") for m in page.caption)


def test_a_setting_that_cannot_run_says_so_and_nothing_starts(compare: Visit) -> None:
    page = compare(settings="plain,gaussian-0.25,0.5,0.25,5,16;denoised,gaussian-0.25,0.5,0.25,5,16")
    assert "was trained for sigma 0.25, not 0.5" in said(page)
    assert page.button(key="comparison-start").disabled


def test_an_experiment_that_the_server_forgot_is_said(compare: Visit) -> None:
    page = compare(comparison="nosuchjob")
    assert "no longer on this server" in said(page)
    assert address(page).get("comparison", "") == ""


def test_the_job_of_a_comparison_is_no_certification(compare: Visit) -> None:
    page = compare(settings=TWO)
    page.button(key="comparison-start").click().run()
    finish(page, "comparison")
    assert certificates.find(address(page)["comparison"]) is None


def test_a_sweep_shows_every_cell_and_the_price_of_picking(compare: Visit) -> None:
    page = compare(tab="sweep", over="budget", n="40", m="1", method="local-only", sigma="0.25")
    assert "3 settings" in said(page)
    page.button(key="sweep-start").click().run()
    found: Sweep = finish(page, "sweep").progress  # type: ignore[assignment]
    assert {c.config.n * c.config.m for c in found.cells} == {40}
    best = found.best(state.resolved(settings.FIRST_PICTURE).label)
    assert ("at α/" in said(page)) == (best is not None or "needs" in said(page))
    assert "Provisional" not in said(page)


@pytest.mark.parametrize("kind", ["comparison", "sweep"])
def test_a_cancelled_experiment_goes_on_from_where_it_was(compare: Visit, kind: str) -> None:
    config = replace(settings.DEFAULTS, method="local-only", n0=5, n=40, m=2)
    picture, configs = state.resolved(settings.FIRST_PICTURE), grid("budget", config)
    base, begun, cancelled = base_classifier(configs[0]), Event(), Event()

    def whole() -> Iterator[Any]:
        if kind == "sweep":
            return sweep_stream(base, picture.tensor, configs)
        return compare_stream([(base_classifier(c), c) for c in configs], picture.tensor, picture.source)

    def stream() -> Iterator[Any]:
        first, second, *_ = whole()
        yield first
        begun.set()
        assert cancelled.wait(100)
        yield second

    task = ExperimentTask(kind, picture, configs, "budget" if kind == "sweep" else "")
    job = jobs().submit("certificates", stream, subject=task)
    assert begun.wait(100)
    jobs().cancel(job)
    cancelled.set()
    stopped = jobs().wait(job, 100)
    assert stopped is not None
    assert stopped.state == "cancelled"
    page = compare(tab="compare" if kind == "comparison" else "sweep", **{kind: job})
    assert "Resume goes on from there" in said(page)
    page.button(key=f"{kind}-resume").click().run()
    found, (*_, expected) = finish(page, kind), whole()
    assert found.resumed is not None
    assert "Cancelled" not in said(page)
    if kind == "sweep":
        assert found.progress == expected
    else:
        assert [e.classes for e in found.progress.entries] == [e.classes for e in expected.entries]  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["comparison", "sweep"])
def test_an_experiment_that_failed_says_why_in_a_sentence(compare: Visit, kind: str) -> None:
    def stream() -> Iterator[Any]:
        raise InputError("n is *too* large")
        yield

    configs = grid("budget", replace(settings.DEFAULTS, n0=5, n=40, m=2))
    task = ExperimentTask(
        kind, state.resolved(settings.FIRST_PICTURE), configs, "budget" if kind == "sweep" else ""
    )
    job = jobs().submit("certificates", stream, subject=task)
    jobs().wait(job, 100)
    page = compare(tab="compare" if kind == "comparison" else "sweep", **{kind: job})
    (error,) = page.error
    assert error.value == (
        r"It ended early: n is \*too\* large. Only what was counted to its end is certified."
    )
    assert "Provisional" not in said(page)


def test_a_method_without_local_noise_cannot_be_swept(compare: Visit) -> None:
    page = compare(tab="sweep", method="plain")
    assert "has no local noise to sweep" in said(page)
    assert page.button(key="sweep-start").disabled


def cells(over: str, votes: int) -> Sweep:
    configs = grid(over, SmoothingConfig(n=200))
    counts = [(0,) * 3 + (min(votes, c.n),) + (0,) * 6 for c in configs]
    chosen = Ballots.in_class_order((0, 0, 0, 100) + (0,) * 6)
    found = [Cell(c, chosen, Ballots.in_class_order(k)) for c, k in zip(configs, counts, strict=True)]
    return Sweep(tuple(found), 1, 1)


def test_the_map_has_every_cell_in_its_place() -> None:
    spec = charts.heat(cells("sigma_local", 200), NAMES, 3)
    values = [d["value"] for d in spec["series"][0]["data"]]
    rows, columns = spec["yAxis"]["data"], spec["xAxis"]["data"]
    assert len(values) == len(rows) * len(columns)
    radius = {(rows[y], columns[x]): r for x, y, r in values}
    assert radius["1", "0.25"] == pytest.approx(4 * radius["0.25", "0.25"])
    assert spec["series"][0]["data"][0]["label"]["formatter"].endswith("\nd")


@pytest.mark.parametrize("over", ["m", "shift", "budget"])
def test_a_curve_begins_empty_and_has_a_point_a_setting(over: str) -> None:
    before = charts.curve(cells(over, 0), over, NAMES, 3)["series"][0]["data"]
    assert {point["value"] for point in before} == {None}
    after = charts.curve(cells(over, 10_000), over, NAMES, 3)
    assert len(after["xAxis"]["data"]) == len(after["series"][0]["data"]) == len(before)
    assert all(point["value"] > 0 for point in after["series"][0]["data"])


def test_bounds_are_drawn_pale_until_they_are_final() -> None:
    config = SmoothingConfig(n=100)
    running = progress(config, [(3, 100)], [(3, 50)], finished=False)
    done = progress(config, [(3, 100)], [(3, 100)])
    found = Comparison((Entry(config), Entry(config, running), Entry(config, done)))
    bars, ticks, radii = charts.bounds(found, 3)["series"]
    assert [bar["itemStyle"]["opacity"] for bar in bars["data"]] == [0.5, 0.5, 1.0]
    assert bars["markLine"]["data"] == [{"xAxis": 0.5}]
    assert [share for share, _ in ticks["data"]] == [1.0, 1.0]
    assert [bar["value"] for bar in radii["data"]] == [0.0, running.radius, done.radius]


def test_a_cell_of_the_map_is_the_stronger_the_larger_its_radius() -> None:
    drawn = charts.heat(cells("sigma_local", 200), NAMES, 3)["series"][0]["data"]
    strength = {cell["value"][2]: int(cell["itemStyle"]["color"][-2:], 16) for cell in drawn}
    assert len(strength) == len({d["value"][1] for d in drawn}), "all votes agree, so σ alone decides"
    assert sorted(strength, key=strength.__getitem__) == sorted(strength)


def test_right_and_wrong_have_a_colour_and_a_mark_and_the_bound_has_neither() -> None:
    done = progress(SmoothingConfig(n=100), [(3, 100)], [(3, 100)])
    found = Comparison((Entry(done.certificate.config, done),))  # type: ignore[union-attr]
    looks = []
    for label in (3, 5, None):
        bound, _, radius = charts.bounds(found, label)["series"]
        assert bound["data"][0]["itemStyle"]["color"] == BOUND
        looks.append((radius["data"][0]["itemStyle"]["color"], radius["data"][0]["label"]["formatter"]))
    assert [colour for colour, _ in looks] == [outcome_colour(o) for o in ("right", "wrong", "certified")]
    assert [words[0] for _, words in looks] == ["✓", "✕", "0"]
    swept = cells("m", 10_000)
    for label, outcome, mark in ((3, "right", "✓"), (5, "wrong", "✕")):
        point = charts.curve(swept, "m", NAMES, label)["series"][0]["data"][0]
        assert point["itemStyle"]["color"] == outcome_colour(outcome)
        assert point["label"]["formatter"].startswith(f"{mark} ")
        cell = charts.heat(cells("sigma_local", 200), NAMES, label)["series"][0]["data"][0]
        assert cell["itemStyle"]["color"].startswith(outcome_colour(outcome))
        assert cell["label"]["formatter"].startswith(f"{mark} ")


def test_the_axis_of_radii_ends_where_all_votes_agree_and_a_short_one_keeps_two_digits() -> None:
    config = SmoothingConfig(sigma=0.25, n=50)
    done = progress(config, [(3, 100)], [(3, 40), (5, 10)])
    chart = charts.bounds(Comparison((Entry(config, done),)), None)
    assert chart["xAxis"][1]["max"] == 0.5, "50 of 50 votes certify 0.28"
    label = chart["series"][2]["data"][0]["label"]["formatter"]
    assert 0 < done.radius < 0.1
    assert len(label.lstrip("0.")) == 2
    assert float(label) <= done.radius
