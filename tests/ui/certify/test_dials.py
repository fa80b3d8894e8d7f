"""The dials of the Certify page: what the browser is told, and what it says back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from diffsmooth_core.certification.decision import decide
from diffsmooth_core.wording import length, percent
from tests.ui.conftest import address, dials, turn
from ui.jobs import certificates, previews
from ui.session import settings, state
from ui.session.settings import DIALS, SPANS

FROG = "gallery:frog-from-above"
Visit = Callable[..., AppTest]


def panel(page: AppTest) -> dict[str, Any]:
    (told,) = (e.proto for e in page.get("bidi_component") if e.proto.component_name == "diffsmooth_dials")
    found: dict[str, Any] = json.loads(told.json)["panel"]
    return found


def test_a_slider_reaches_every_number_that_can_be_and_stands_at_its_own(visit: Visit) -> None:
    found = dials(visit(sigma="0.33", n="1234", m="7"))
    assert tuple(found) == DIALS
    for name, dial in found.items():
        places = [float(text.replace(",", "")) for text in dial["places"]]
        assert (places[0], places[-1]) == SPANS[name]
        assert places == sorted(set(places))
        assert dial["places"][dial["at"]] == dial["text"]
    assert found["n"]["text"] == "1,234"
    assert [dial["decides"] for dial in found.values()] == [False, True, True, False]


def test_every_radius_that_is_told_is_the_cores(visit: Visit) -> None:
    """Of whole votes with the recorded shares, at the σ of these votes, for every place of n."""
    page = visit(picture=FROG, alpha="0.05")
    told, sizes = panel(page), [int(text.replace(",", "")) for text in dials(page)["n"]["places"]]
    config = replace(settings.default_config("cifar10"), alpha=0.05)
    found = previews.recorded(state.resolved(FROG), previews.asked(config))
    assert found is not None
    certified = 0
    for one, seen in zip(found.tried, told["seen"], strict=True):
        label = max(range(10), key=one.votes.count)
        k = one.votes.count(label)
        assert seen["share"] == percent(k / 200)
        for n, radius in zip(sizes, seen["radii"], strict=True):
            counts0, counts = [0] * 10, [0] * 10
            counts0[label] = 1
            counts[label], counts[(label + 1) % 10] = n * k // 200, n - n * k // 200
            expected = decide(counts0, counts, replace(config, sigma=one.sigma, n=n)).radius
            assert radius == (length(expected) if expected else "none")
            certified += expected > 0
        words = seen["words"].replace("\N{NO-BREAK SPACE}", " ")
        assert f"{k} of 200 votes drawn beforehand at σ = {one.sigma:g} say" in words
        assert words.endswith("A run draws other noise, so by chance its figures will differ.")
    assert certified > len(sizes)


def test_votes_are_shown_for_a_noise_near_theirs_alone(visit: Visit) -> None:
    page = visit(picture=FROG)
    told, sigma = panel(page), dials(page)["sigma"]
    near = dict(zip(map(float, sigma["places"]), told["nearest"], strict=True))
    assert [near[s] for s in previews.SIGMAS] == list(range(12))
    assert near[0.01] == near[0.05] == near[2.0] == -1
    assert previews.SIGMAS[near[0.55]] in (0.5, 0.6)


def test_a_test_of_a_target_says_no_radius(visit: Visit) -> None:
    told = panel(visit(picture=FROG, stopping="sequential"))
    assert {radius for seen in told["seen"] for radius in seen["radii"]} == {"–"}


def test_how_long_a_million_votes_take_is_said_for_every_n(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "seconds_a_vote", lambda config: 0.01)
    page = visit(picture=FROG)
    times = dict(zip(dials(page)["n"]["places"], panel(page)["times"], strict=True))
    assert times["1,000"] == "1,000 votes take about 11 s."
    assert times["1,000,000"] == "1,000,000 votes take about 2 h 47 min."


def test_a_first_visit_is_told_too_once_votes_were_timed(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "_timed", {})
    monkeypatch.setattr(certificates.jobs(), "snapshots", lambda queue: [])  # other tests may have had runs
    page = visit(picture=FROG)
    assert certificates._timed
    assert all("votes take about" in words for words in panel(page)["times"])


def test_a_lesson_gives_nothing_away(visit: Visit) -> None:
    page = visit(lesson="noise", sigma="0.01")
    assert set(dials(page)) == {"sigma"}
    assert panel(page) is None


def test_without_votes_it_says_that_they_are_coming_and_with_bad_numbers_nothing(visit: Visit) -> None:
    page = visit(picture="photo:cat", method="plain")
    assert panel(page)["seen"] == []
    assert "being drawn" in panel(page)["none"]
    page = turn(page, sigma=50.0)
    assert panel(page) is None
    assert dials(page)["sigma"]["problem"].startswith("Noise σ is 50: it can be from 0.01 to 2")
    assert dials(page)["sigma"]["text"] == "50"


def test_a_turned_dial_is_in_the_address(visit: Visit) -> None:
    page = turn(visit(picture=FROG), sigma=0.25, n=300)
    assert (address(page)["sigma"], address(page)["n"]) == ("0.25", "300")
    assert page.session_state["sigma"] == 0.25
