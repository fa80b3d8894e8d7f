"""Draw your own attack: what is drawn is measured and put to the vote, and the shortest flip is kept."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core import ABSTAIN, Certificate
from diffsmooth_core.attacks import Attempt
from diffsmooth_core.datasets import drawn
from diffsmooth_core.datasets.sources import Picture
from tests.ui.attack.test_attack import NAMES, PLANE, SHIP, attack_page, figures, finish, snapshot, text
from ui.attack import drawing
from ui.attack.drawn_outcome import verdict
from ui.curriculum import LESSONS
from ui.jobs.gate import Demand
from ui.jobs.registry import Snapshot, jobs
from ui.session import state


def board(page: AppTest) -> dict[str, Any]:
    """What the board is told."""
    found = (e.proto for e in page.get("bidi_component") if "drawing_board" in e.proto.component_name)
    told: dict[str, Any] = json.loads(next(found).json)
    return told


def draw(page: AppTest, pixels: np.ndarray) -> None:
    """As the browser does where one lets go."""
    now = page.session_state["drawing"]
    sent = base64.b64encode(pixels.tobytes()).decode()
    page.session_state["drawing"] = replace(now, changed=drawn.redrawn(now.original, sent))
    page.run()
    assert not page.exception


def vote(page: AppTest) -> None:
    page.button(key="drawing-vote").click().run()
    assert not page.exception
    last = drawing.job(page.session_state["drawing"].tries[-1])
    assert last is not None
    jobs().wait(last.id, 100)
    page.run()
    assert not page.exception


@pytest.fixture
def page() -> AppTest:
    page = attack_page(**{"attack-way": "draw"})
    finish(page, "Certify")
    return page


@pytest.fixture
def another_run(page: AppTest) -> Iterator[threading.Event]:
    """A run that is ahead of the page's, until the event is set."""
    over = threading.Event()

    def stream() -> Iterator[Any]:
        over.wait(100)
        yield from ()

    jobs().submit("certificates", stream, subject=SimpleNamespace(demand=Demand()))
    yield over
    over.set()


def changed(page: AppTest, value: int) -> np.ndarray:
    """The page's picture with one value other than it is."""
    pixels = page.session_state["drawing"].original.pixels.copy()
    pixels[3, 4, 0] ^= value
    return pixels


def test_a_try_that_waits_is_followed_also_where_the_board_shows_another_change(
    page: AppTest, another_run: threading.Event
) -> None:
    draw(page, changed(page, 2))
    page.button(key="drawing-vote").click().run()
    assert "one run is ahead of this one" in text(page)
    draw(page, changed(page, 4))
    assert "Inside: a change of length" in text(page)
    assert "one run is ahead of this one" in text(page), "or nothing draws the page again when its turn comes"


def test_a_try_that_was_cancelled_is_cast_anew_by_whoever_makes_it_next(
    page: AppTest, another_run: threading.Event
) -> None:
    draw(page, changed(page, 8))
    page.button(key="drawing-vote").click().run()
    cancelled = drawing.job(page.session_state["drawing"].tries[-1])
    assert cancelled is not None
    jobs().cancel(cancelled.id)
    another_run.set()
    page.session_state["drawing"] = replace(page.session_state["drawing"], tries=())  # as after a reload
    page.run()
    vote(page)
    assert len(page.session_state["drawing"].attempts) == 1


def test_a_change_is_measured_voted_on_and_the_shortest_flip_is_kept(page: AppTest) -> None:
    picture = state.resolved("gallery:sparrow-on-the-ground")
    assert "Draw a change: bird within" in text(page)
    assert page.button(key="drawing-vote").disabled
    told = board(page)
    assert told["drawn"] == told["picture"] == drawn.values(picture)
    one = picture.pixels.copy()
    one[3, 4, 0] ^= 1
    draw(page, one)
    assert figures(page)["Length (L2)"] == "0.003"
    assert "Inside: a change of length 0.003" in text(page)
    vote(page)
    assert "Held: still bird after a change of 0.003" in text(page)
    assert "The certificate promised it" in text(page)
    grey = np.full_like(picture.pixels, 128)
    draw(page, grey)
    far = np.sqrt(((picture.pixels.astype(float) - 128) ** 2).sum()) / 255
    assert float(figures(page)["Length (L2)"]) == pytest.approx(far, abs=1e-3)
    assert "Outside: a change of length" in text(page)
    vote(page)
    assert "Too close to call" in text(page)
    yacht = state.resolved("gallery:sailing-yacht").pixels
    draw(page, yacht)
    vote(page)
    assert "Flipped:" in text(page)
    draw(page, (0.81 * yacht + 0.19 * picture.pixels).astype(np.uint8))
    vote(page)
    assert "4 tries so far; your shortest flip has the length" in text(page)
    assert [one.config.alpha for one in page.session_state["drawing"].tries] == [
        0.01 / (k * (k + 1)) for k in range(1, 5)
    ]
    shortest = min(a.length for a in page.session_state["drawing"].attempts if a.outcome == "broken")
    assert any(mark["length"] == shortest for mark in board(page)["marks"])
    said, level = page.code[0].value, page.session_state["drawing"].tries[-1].config.alpha
    assert " predict changed.png " in said
    assert float(said.split("--alpha ")[1].split()[0]) == level, "to the last digit: it decides the noise"
    draw(page, one)
    before = board(page)["revision"]
    page.button(key="drawing-back").click().run()
    assert board(page)["revision"] != before
    assert float(figures(page)["Length (L2)"]) == pytest.approx(shortest, abs=1e-3)
    page.session_state["picture"] = "gallery:sailing-yacht"
    page.run()
    finish(page, "Certify")
    assert "Draw a change" in text(page), "another picture, another drawing"
    assert not page.session_state["drawing"].tries


def test_what_a_browser_sends_is_not_trusted(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    before = page.session_state["drawing"]

    def script() -> None:
        from ui.attack import drawing
        from ui.jobs import certificates
        from ui.session import notices, state

        certified = certificates.find(state.job())
        assert certified is not None
        drawing.draw(certified, "x" * 100_000)
        notices.show_with("")

    own = AppTest.from_function(script)
    own.session_state["job"] = page.session_state["job"]
    own.session_state["drawing"] = before
    own.run()
    assert not own.exception
    assert "100,000 characters were sent" in own.caption[0].value.replace("\\", "")
    assert own.session_state["drawing"].changed.sha256 == before.changed.sha256


def test_a_lesson_begins_with_its_drawing_and_says_what_that_one_came_to() -> None:
    (tour,) = (tour for tour in LESSONS if tour.drawing)
    page = attack_page(**tour.settings, lesson=tour.lesson)
    finish(page, "Certify")
    assert float(figures(page)["Length (L2)"]) > 6
    given = page.session_state["drawing"].changed.pixels
    draw(page, 255 - given)
    vote(page)
    assert "outcomes" not in page.session_state, "another drawing answers nothing"
    draw(page, given)
    vote(page)
    said = {"held": "still a", "broken": "it flips", "abstained": "too close"}
    came = said[page.session_state["drawing"].attempts[-1].outcome]
    assert page.session_state["outcomes"][tour.lesson].startswith(came)


def test_too_few_votes_are_a_sentence_beside_the_button(page: AppTest) -> None:
    picture = page.session_state["drawing"].original
    draw(page, 255 - picture.pixels)
    page.session_state["attack-n"] = 10
    page.run()
    vote(page)
    assert "n = 10 votes" not in text(page), "10 agreeing votes decide at 0.005"
    page.button(key="drawing-vote").click().run()
    (refused,) = page.error
    assert "10" in refused.value, "the second try has a third of the risk"
    assert len(page.session_state["drawing"].tries) == 1
    page.session_state["attack-n"] = 9
    page.run()
    assert "Votes that decide an attempt is 9: it can be from 10" in text(page)
    assert page.button(key="drawing-vote").disabled


def said(far: float, outcome: str = "", job: Snapshot[Any] | None = None, **changes: Any) -> Any:
    """What is said of a change on a certificate of ship with radius 1.23."""
    certificate, attacked = snapshot("done")
    picture: Picture = replace(attacked.subject.picture, label=SHIP)
    predicted = {"held": SHIP, "abstained": ABSTAIN, "broken": PLANE}.get(outcome, SHIP)
    counts = (40, *(0,) * 7, 60, 0)
    attempt = Attempt(far, far, counts, predicted, outcome) if outcome else None  # type: ignore[arg-type]
    certificate: Certificate = replace(certificate, **changes)
    return verdict(certificate, picture, far, attempt, job, NAMES)


@pytest.mark.parametrize(
    ("far", "outcome", "mood", "words"),
    [
        (0.0, "", "right", "No change shorter than that"),
        (1.2, "", "right", "before a single vote"),
        (1.3, "", "unknown", "Nothing is promised here"),
        (1.2, "held", "right", "The certificate promised it"),
        (1.3, "held", "unknown", "Nothing promised that"),
        (1.3, "abstained", "abstain", "That is no flip"),
        (1.3, "broken", "wrong", "Can a shorter change do it?"),
        (1.2, "broken", "failed", "one of them is with 0.002 at most"),
    ],
)
def test_what_follows_is_said_plainly(far: float, outcome: str, mood: str, words: str) -> None:
    found = said(far, outcome)
    assert found.mood == mood
    assert words in found.sentence


def test_without_a_certificate_nothing_is_promised() -> None:
    found = said(0.0, label=ABSTAIN, radius=0.0)
    assert found.mood == "abstain"
    assert "Nothing is promised for this picture" in found.sentence
    assert said(0.1, "", label=ABSTAIN, radius=0.0).word == "Outside"
