"""How long attacks and regions take at the pace of a certificate's votes, and which attacks are inside it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from diffsmooth_core.attacks import AttackConfig, RegionsConfig
from diffsmooth_core.attacks.stream import QUERIES
from ui.jobs import attacks
from ui.jobs.attacks import AttackTask

CERTIFICATE: Any = SimpleNamespace(seconds=10.0, counts0=(60, 40), n=900, radius=0.5)  # 100 votes a second
CERTIFIED: Any = SimpleNamespace(progress=SimpleNamespace(certificate=CERTIFICATE))


@pytest.mark.parametrize(("kind", "worth"), [("random", 0), ("pgd", 4), ("nes", QUERIES)])
def test_an_attack_takes_its_votes_and_those_that_its_search_is_worth(kind: Any, worth: int) -> None:
    attack = AttackConfig(kind=kind, attempts=3, n=100, steps=5, copies=8)
    assert attacks.seconds_of(CERTIFIED, attack) == pytest.approx(3 * (100 + worth * 5 * 8) / 100)


def test_regions_take_the_votes_of_all_their_squares() -> None:
    assert attacks.regions_seconds(CERTIFIED, RegionsConfig(1.0, 33, 5)) == pytest.approx(33 * 33 * 5 / 100)


@pytest.mark.parametrize(("radius", "inside"), [(0.49, True), (0.5, True), (0.51, False)])
def test_an_attack_as_long_as_the_radius_is_inside(radius: float, inside: bool) -> None:
    picture: Any = None
    assert AttackTask(picture, CERTIFICATE, AttackConfig(radius=radius)).inside is inside
