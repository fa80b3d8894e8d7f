"""The page "Try to break it": certify first, attack inside and outside, and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from diffsmooth_core import ABSTAIN, Certificate, SmoothingConfig
from diffsmooth_core.attacks import AttackConfig, AttackProgress, Attempt
from tests.ui.conftest import APP, address, opened, progress
from ui import charts
from ui.attack import controls, view
from ui.attack.charts import shares
from ui.attack.outcome import verdict
from ui.jobs import attacks
from ui.jobs.registry import Snapshot, jobs
from ui.session import settings, state
from ui.verdict import Verdict

Visit = Callable[..., AppTest]
QUICK = {
    "picture": "gallery:sparrow-on-the-ground",
    "method": "plain",
    "sigma": "0.25",
    "n0": "10",
    "n": "100",
    "alpha": "0.01",
}
SHIP, PLANE = 8, 0
NAMES = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def attack_page(**parameters: str) -> AppTest:
    """The page at this address, with few and short attempts."""
    page = AppTest.from_file(str(APP), default_timeout=200)
    few = {"attack-attempts": "2", "attack-steps": "4", "attack-n": "40"}
    for name, value in (QUICK | few | parameters).items():
        page.query_params[name] = value
    page.switch_page("pages/attack.py").run()
    assert not page.exception
    return page


def test_a_first_visit_finds_a_recorded_certificate_and_how_it_was_broken_outside() -> None:
    page = opened("pages/attack.py")
    assert page.button(key="Attack").label == "Attack", "for the first time here"
    assert not page.button(key="Attack").disabled
    assert figures(page) == {
        "Certified radius": "1.11",
        "Broken at": "2.43",
        "Attempts": "6",
        "Too close": "2",
    }
    assert "Broken: a change of length 2.43 turns ship into airplane" in text(page)
    assert "A recording of 2026-11-27, as the certificate is." in text(page)
    assert "1 · Search" in text(page)
    assert "--radius 3.339" in page.code[0].value, "the command that attacks again"
    assert "Draw it yourself" in page.segmented_control[0].options
    page.number_input(key="attack-attempts").set_value(3).run()
    assert figures(page)["Attempts"] == "6", "of the attack that is shown"


def test_an_attack_of_ones_own_takes_the_place_of_the_recorded_one() -> None:
    page = opened("pages/attack.py")
    for name, value in {"attempts": 1, "steps": 1, "n": 20, "copies": 2}.items():
        page.session_state[f"attack-{name}"] = value
    page.button(key="Attack").click().run()
    assert not page.exception
    job = jobs().latest(("attack", "recorded-cifar10", page.session_state["visitor"]))
    assert job is not None
    jobs().wait(job.id, 100)
    page.run()
    assert figures(page)["Attempts"] == "1"
    assert page.button(key="Attack").label == "Attack again"
    assert "The certificate is a recording of 2026-11-26." in text(page)
    other = opened("pages/attack.py")
    assert figures(other)["Attempts"] == "6", "whoever else opens the recorded certificate attacks it alone"
    assert other.button(key="Attack").label == "Attack"


def finish(page: AppTest, key: str) -> None:
    """Press a button and wait for its job."""
    page.button(key=key).click().run()
    assert not page.exception
    certified = jobs().wait(page.session_state["job"], 100)
    assert certified is not None
    if attacked := attacks.latest(certified):
        jobs().wait(attacked.id, 100)
    page.run()
    assert not page.exception


def text(page: AppTest) -> str:
    said = " ".join(m.value for m in (*page.subheader, *page.markdown, *page.caption))
    return said.replace("*", "").replace("\\", "")


def figures(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def test_certify_first_then_an_attack_inside_holds_and_one_outside_breaks() -> None:
    page = attack_page()
    assert text(page).count("Can a change made on purpose change the class?") == 1
    assert "First certify" in text(page)
    assert re.search(r"about \d+ s", text(page)), "how long that takes"
    finish(page, "Certify")
    assert "Certified and right: bird within" in text(page)
    assert figures(page)["Broken at"] == "–"
    finish(page, "Attack")
    assert "Held: still bird" in text(page)
    assert "2 attempts of length" in text(page)
    assert figures(page)["Attempts"] == "2"
    assert page.code[0].value.startswith("python -m diffsmooth_core attack gallery:sparrow-on-the-ground ")
    page.session_state["attack-times"] = 4.0
    finish(page, "Attack")
    assert "Broken: a change of length" in text(page)
    found = figures(page)
    assert float(found["Certified radius"]) < float(found["Broken at"])


def test_the_address_holds_the_attack_and_says_what_it_does_not_know() -> None:
    page = attack_page(
        **{"attack-kind": "nes", "attack-times": "2.0", "attack-through": "False", "attack-halvings": "99"}
    )
    assert "attack-halvings = '99' in the address is not a whole number from 0 to 12" in text(page)
    finish(page, "Certify")
    assert page.selectbox(key="attack-kind").value == "nes"
    assert page.select_slider(key="attack-times").value == 2.0
    assert not page.toggle(key="attack-through").value
    page.number_input(key="attack-seed").set_value(7).run()
    assert address(page)["attack-seed"] == "7"
    assert address(page)["attack-attempts"] == "2"


def test_a_look_that_draws_the_controls_first_keeps_their_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    page = attack_page(**{"attack-kind": "nes", "attack-times": "2.0"})
    said = view.verdict

    def forgetful(*of: Any) -> Any:  # as while a new certificate was counted, without these controls
        for name in controls.SEARCH:
            del st.session_state[name]
        return said(*of)

    monkeypatch.setattr(view, "verdict", forgetful)
    finish(page, "Certify")
    assert page.selectbox(key="attack-kind").value == "nes"
    assert page.select_slider(key="attack-times").value == 2.0
    assert page.number_input(key="attack-attempts").value == 2


def test_the_finished_run_of_the_certify_page_is_taken_while_its_settings_stand(visit: Visit) -> None:
    page = visit(**QUICK)
    finish(page, "Certify")
    page = attack_page(job=address(page)["job"])
    assert "Certified and right: bird within" in text(page)
    page.number_input(key="sigma").set_value(0.3).run()
    assert "First certify" in text(page), "another setting, another certificate"
    page.number_input(key="sigma").set_value(0.25).run()
    assert "Certified and right: bird within" in text(page)


def test_a_picture_without_a_certificate_is_attacked_at_a_length() -> None:
    page = attack_page(n="10", sigma="2.0")
    finish(page, "Certify")
    assert "No certificate" in text(page)
    assert page.slider(key="attack-length").value == 1.0
    finish(page, "Attack")
    assert figures(page)["Certified radius"] == "–"
    assert figures(page)["Attempts"] != "–"


def test_too_few_votes_for_so_many_attempts_is_a_sentence() -> None:
    page = attack_page()
    finish(page, "Certify")
    page.session_state["attack-attempts"] = 1000
    page.session_state["attack-n"] = 10
    page.run()
    assert "cannot decide 1005 attempts" in text(page)
    assert page.button(key="Attack").disabled


def snapshot(
    moment: str, attempts: tuple[Attempt, ...] = (), finished: bool = True, **attack: Any
) -> tuple[Certificate, Snapshot]:
    """A certificate of ship with radius 1.23 and an attack on it."""
    certificate = progress(SmoothingConfig(), [(SHIP, 100)], [(SHIP, 1000)]).certificate
    assert certificate is not None
    picture = state.resolved(settings.FIRST_PICTURE)
    found = AttackProgress(
        SHIP,
        "voting",
        max(1, len(attempts)),
        1.0,
        4,
        (0.1,) * 10,
        picture.tensor,
        1.0,
        (0,) * 10,
        attempts,
        finished,
    )
    task = attacks.AttackTask(picture, certificate, AttackConfig(**attack))
    error = "the *queue* broke" if moment == "failed" else None
    return certificate, Snapshot("x", moment, task, progress=found, seconds=1.0, error=error)


def attempt(outcome: str, length: float) -> Attempt:
    predicted = {"held": SHIP, "abstained": ABSTAIN, "broken": PLANE}[outcome]
    picture = torch.zeros(3, 32, 32) if outcome == "broken" else None
    return Attempt(length, length, (100, *(0,) * 9), predicted, outcome, picture)  # type: ignore[arg-type]


def said_of(found: tuple[Certificate, Snapshot], label: int | None = SHIP) -> Verdict:
    certificate, attacked = found
    return verdict(certificate, replace(attacked.subject.picture, label=label), attacked, NAMES)


@pytest.mark.parametrize(("label", "mood"), [(SHIP, "right"), (PLANE, "wrong"), (None, "unknown")])
def test_a_certificate_for_the_wrong_class_does_not_look_right(label: int | None, mood: str) -> None:
    certificate, attacked = snapshot("done", (attempt("held", 1.0),), radius=1.0)
    picture = replace(attacked.subject.picture, label=label)
    assert verdict(certificate, picture, None, NAMES).mood == mood
    assert said_of((certificate, attacked), label).mood == mood


@pytest.mark.parametrize(
    ("moment", "outcomes", "radius", "mood", "words"),
    [
        ("done", ("held", "abstained"), 1.0, "right", "In 1 of them the vote was too close"),
        ("done", ("held",), 1.0, "right", "1 attempt of length 1.00, inside the certified radius 1.23"),
        ("done", ("held",), 2.0, "unknown", "where nothing is promised"),
        ("cancelled", ("held",), 2.0, "unknown", "then cancelled"),
        ("running", (), 2.0, "running", "Attempt 1 of 10"),
        ("failed", (), 2.0, "failed", r"the \*queue\* broke"),
        ("done", ("held", "broken"), 2.0, "wrong", "Attempt 2 was the first to succeed"),
        ("done", ("broken",), 1.0, "failed", "one of them is with 0.002 at most"),
    ],
)
def test_the_verdict_says_what_happened(
    moment: str, outcomes: tuple[str, ...], radius: float, mood: str, words: str
) -> None:
    attempts = tuple(attempt(outcome, radius) for outcome in outcomes)
    said = said_of(snapshot(moment, attempts, radius=radius))
    assert said.mood == mood
    assert words in said.sentence


def test_what_is_still_narrowed_down_is_said() -> None:
    said = said_of(snapshot("running", (attempt("broken", 2.0),), finished=False, radius=2.0))
    assert "1.6 times the certified radius" in said.sentence
    assert "Shorter ones are being tried" in said.sentence


def test_the_average_answer_of_many_classes_has_the_rest_together() -> None:
    _, attacked = snapshot("running", finished=False)
    found = replace(attacked.progress, stage="searching", probabilities=(0.4, *(0.6 / 999,) * 999))
    names = tuple(f"class {k}" for k in range(1000))
    panel = view._after(found, attacked.subject.attack, names)
    bars = charts.tallies((panel, panel), names)["series"][0]["data"]
    assert [bar["label"] for bar in bars] == [
        {"show": True, "formatter": "40"},
        {"show": True, "formatter": "60"},
    ]


@pytest.mark.parametrize(("reach", "side"), [(1.0, "right"), (10.0, "left")])
def test_the_radius_is_named_clear_of_the_axis(reach: float, side: str) -> None:
    certificate, _ = snapshot("done")
    spec = shares(certificate, SHIP, (), reach)
    _, edge = spec["series"][0]["markLine"]["data"]
    assert edge["label"]["align"] == side


def test_the_chart_has_a_mark_for_each_attempt_and_a_line_that_meets_a_half_at_the_radius() -> None:
    attempts = (attempt("held", 1.0), attempt("broken", 2.0), attempt("broken", 1.8))
    certificate, attacked = snapshot("done", attempts, radius=2.0)
    spec = shares(certificate, SHIP, attacked.progress.attempts, 2.0)
    marks = {series["name"]: series["data"] for series in spec["series"]}
    assert [len(marks[name]) for name in ("kept", "too close to call", "changed")] == [1, 0, 2]
    assert marks["changed"][0] == [2.0, 0.0]
    above = [share > 0.5 for length, share in marks["guaranteed"] if length < certificate.radius]
    below = [share < 0.5 for length, share in marks["guaranteed"] if length > certificate.radius]
    assert len(above) > 5
    assert all(above)
    assert len(below) > 5
    assert all(below)
    assert spec["xAxis"]["max"] >= 2.0
