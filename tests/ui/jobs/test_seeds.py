"""One seed of a class: the votes that were recorded for it, and what they imply."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from diffsmooth_core import InputError
from diffsmooth_core.certification.thousand_seeds import recorded
from diffsmooth_core.statistics import anytime_lower, certified_radius, clopper_pearson_lower
from ui.jobs import seeds

# What the noise of seed 7 was tied to when it was recorded, on any machine.
COMMITMENT = "2bb9831764b4e37ccb0454c7c72a89bf4e48d8fd2ac873eb2e015f42b7d4b520"


@pytest.mark.parametrize("execution", ["untimed", "eager"])
def test_a_seed_has_its_recorded_noise_whatever_this_server_runs_fastest(
    monkeypatch: pytest.MonkeyPatch, execution: str
) -> None:
    monkeypatch.setenv("DIFFSMOOTH_EXECUTION", execution)
    smoothed = seeds._smoothed(seeds.config_of(7))
    assert smoothed.commitment(seeds.picture().tensor).hash == COMMITMENT


def test_a_seed_has_its_recorded_votes() -> None:
    """But for two that another processor's roundings may turn; other noise would turn six or so of each. In
    the selection of seed 90 the frog loses clearly, and its votes count for nothing."""
    for seed in (7, 35, 56, 999):
        assert seeds.certified(seed).votes == pytest.approx(recorded().votes[seed], abs=2)
    assert recorded().votes[90] == 0
    assert seeds.certified(90) == seeds.SeedResult(90, 0, 0.0, 0.0, False, None, None)


@pytest.mark.parametrize(("selects", "votes"), [(0, 100), (1, 0)])
def test_the_votes_asked_for_are_those_of_the_recording(
    monkeypatch: pytest.MonkeyPatch, selects: int, votes: int
) -> None:
    asked = []

    class Networks:
        def votes(self, _: object, stage: str, first: int, n: int) -> npt.NDArray[np.int64]:
            asked.append((stage, first, n))
            return np.full(n, recorded().label + (selects if stage == "selection" else 0))

    monkeypatch.setattr(seeds, "_smoothed", lambda _: Networks())
    assert seeds.certified(3).votes == votes
    assert asked == [("selection", 0, recorded().config.n0), ("estimation", 0, recorded().config.n)]


def test_what_votes_imply_is_told_bound_by_bound() -> None:
    """Votes that begin well: the first look at which each bound is above the true share, by the bounds
    themselves, and the bound at the end."""
    agreeing = [True] * 20 + [False, True, True] * 26 + [True, True]
    found = seeds.result(3, agreeing)
    share, sigma = recorded().share, recorded().config.sigma
    assert (found.seed, found.votes) == (3, 74)
    assert found.lower == clopper_pearson_lower(74, 100, 0.1)
    assert found.radius == certified_radius(found.lower, sigma) > 0
    for first, bound in ((found.naive_at, clopper_pearson_lower), (found.anytime_at, anytime_lower)):
        assert first == next(n for n in range(1, 101) if bound(sum(agreeing[:n]), n, 0.1) > share)
    assert not found.false, "it would have been, a little earlier"
    assert seeds.result(3, [True] * 75 + [False] * 25).false


def test_what_is_no_seed_is_said() -> None:
    assert seeds.config_of(2**64 - 1) == replace(recorded().config, seed=2**64 - 1)
    for seed, said in ((-1, "from 0 up, got -1"), (2**64, "at most 18,446,744,073,709,551,615")):
        with pytest.raises(InputError, match=said):
            seeds.config_of(seed)
