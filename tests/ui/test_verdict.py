"""A certificate in words: what is claimed, whether it is right, and names that are text, not markup."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diffsmooth_core.wording import length
from tests.ui.conftest import progress
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
