"""The bounds over the votes of the Step through page, and how many votes are drawn for them."""

from __future__ import annotations

import pytest

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.statistics import anytime_lower, clopper_pearson_lower
from ui.jobs import votes
from ui.session.settings import FIRST_PICTURE
from ui.session.state import resolved

CONFIG = SmoothingConfig(method="plain", n0=60, n=120)


def test_every_vote_has_its_share_and_both_bounds() -> None:
    points = votes.bounds([3, 3, 5, 3], 3, CONFIG)
    assert [(n, share) for n, share, *_ in points] == [(1, 1.0), (2, 1.0), (3, 2 / 3), (4, 3 / 4)]
    _, _, fixed, anytime = points[-1]
    assert fixed == pytest.approx(clopper_pearson_lower(3, 4, CONFIG.alpha))
    assert anytime == pytest.approx(anytime_lower(3, 4, CONFIG.alpha))


def test_of_many_votes_some_are_drawn_and_always_the_last() -> None:
    points = votes.bounds([3] * 1_999, 3, CONFIG)
    assert len(points) <= 240
    assert points[-1][0] == 1_999


def test_an_adaptive_run_shares_its_risk_between_its_rounds() -> None:
    adaptive = SmoothingConfig(method="plain", stopping="adaptive", rounds=4)
    (_, _, fixed, _) = votes.bounds([3], 3, adaptive)[0]
    assert fixed == pytest.approx(clopper_pearson_lower(1, 1, adaptive.alpha / 4))


def test_votes_are_drawn_in_whole_chunks_and_never_beyond_the_stage() -> None:
    picture = resolved(FIRST_PICTURE)
    assert len(votes.classes(picture, CONFIG, "selection", 1)) == votes.CHUNK
    assert len(votes.classes(picture, CONFIG, "selection", 60)) == 60


def test_what_is_drawn_so_far_grows_to_what_is_wanted() -> None:
    picture = resolved(FIRST_PICTURE)
    lengths = [(len(first), len(then)) for first, then in votes.up_to(picture, CONFIG, 20)]
    assert lengths == [(16, 0), (32, 0), (48, 0), (60, 0), (60, 16), (60, 32)]
    *_, (first, then) = votes.up_to(picture, CONFIG, 20)
    assert first == votes.classes(picture, CONFIG, "selection", 60)
    assert then == votes.classes(picture, CONFIG, "estimation", 20)
