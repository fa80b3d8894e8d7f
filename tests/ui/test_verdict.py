"""A certificate in words: what is claimed, whether it is right, and names that are text, not markup."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from diffsmooth_core.wording import down, length
from tests.ui.conftest import progress
from ui import verdict as page
from ui.session import settings, state
from ui.text import plain
from ui.verdict import verdict

NAMES = ("a*b*", "[c](https://d)", "$e$", *"fghijkl")


@pytest.mark.parametrize(
    ("label", "mood", "said"),
    [
        (1, "right", "which is the picture's class."),
        (0, "wrong", "though the picture's class is a\\*b\\*: a certificate promises that the answer stays"),
        (None, "unknown", "this picture's true class is not known."),
    ],
)
def test_a_verdict_says_class_radius_and_whether_it_is_right(label: int | None, mood: str, said: str) -> None:
    certificate = progress(settings.DEFAULTS, [(1, 100)], [(1, 900), (0, 100)]).certificate
    assert certificate is not None
    picture = replace(state.resolved(settings.FIRST_PICTURE), label=label, note="")
    found, radius = verdict(certificate, picture, NAMES), length(certificate.radius)
    assert certificate.radius > 0
    assert found.mood == mood
    assert found.headline == f"**{plain(NAMES[1])}**, certified radius **{radius}**"
    assert f"shorter than {radius} leaves the smoothed class at {plain(NAMES[1])}" in found.sentence
    assert said in found.sentence


def test_an_abstention_claims_nothing_and_says_why() -> None:
    certificate = progress(settings.DEFAULTS, [(1, 60), (0, 40)], [(1, 520), (0, 480)]).certificate
    assert certificate is not None
    found = verdict(certificate, state.resolved(settings.FIRST_PICTURE), NAMES)
    assert (found.mood, found.headline) == ("abstain", "no certificate")
    assert found.sentence == plain(certificate.reason(NAMES))
    assert plain(NAMES[1]) in found.sentence


def test_a_radius_is_made_visible_and_compared_with_everyday_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = progress(settings.DEFAULTS, [(1, 100)], [(1, 900), (0, 100)]).certificate
    assert certificate is not None
    said: list[str] = []
    tables: list[list[dict[str, str]]] = []
    monkeypatch.setattr(page.st, "markdown", said.append)
    monkeypatch.setattr(page.st, "table", lambda rows, **_: tables.append(rows))
    for drawn in ("subheader", "caption"):
        monkeypatch.setattr(page.st, drawn, lambda *_, **__: None)
    monkeypatch.setattr(page.strip, "show", lambda *_, **__: None)
    page.meaning(certificate, state.resolved(settings.FIRST_PICTURE))
    meant, norms = said
    radius = certificate.radius
    assert f"moves each by about {255 * radius / 3072**0.5:.2g} of 255 grey levels" in meant
    assert f"its three values by about {255 * radius / 3**0.5:.0f}." in meant
    assert f"by less than {down(255 * radius / 3072**0.5, 3)} grey levels" in norms
    assert f"add up to less than {length(radius)} (L1)" in norms
    (rows,) = tables
    covered = [row["Radius"] == "covers it" for row in rows]
    assert covered == [float(row["L2 length"]) < radius for row in rows]
    assert sorted(covered, reverse=True) == covered, "shortest first"
    assert len(set(covered)) == 2


@pytest.mark.parametrize(
    ("stopping", "agreeing", "words"),
    [
        ("fixed", 900, "(Clopper–Pearson), above ½"),
        ("fixed", 520, "(Clopper–Pearson), not above ½"),
        ("adaptive", 900, "(Clopper–Pearson, α shared by 4 looks), above ½"),
        ("decided", 900, "(anytime: it holds whenever one looks), above ½"),
    ],
)
def test_the_bound_is_named_with_its_level_and_held_against_a_half(
    stopping: Any, agreeing: int, words: str
) -> None:
    config = replace(settings.DEFAULTS, stopping=stopping, rounds=4, alpha=1e-5)
    certificate = progress(config, [(1, 100)], [(1, agreeing), (0, 1000 - agreeing)]).certificate
    assert certificate is not None
    assert page._bound(certificate) == f"{down(certificate.p_a_lower, 6)} at α = 0.00001 {words}"


def test_of_two_bounds_the_lower_is_rounded_down_and_the_upper_up() -> None:
    config = replace(settings.DEFAULTS, bound="two-class")
    certificate = progress(config, [(1, 100)], [(1, 700), (0, 200), (2, 100)]).certificate
    assert certificate is not None
    words = page._bound(certificate)
    found = re.fullmatch(r"p_A ≥ (.*) and every other p ≤ (.*), together at α = 0.001 \(.*\)", words)
    assert found is not None
    lower, upper = map(float, found.groups())
    assert certificate.p_a_lower - 1e-6 < lower <= certificate.p_a_lower
    assert certificate.p_b_upper <= upper < certificate.p_b_upper + 1e-6
