"""One hard picture, whose true share of votes was counted, certified with one seed after the other: the
recording of a thousand seeds again, by a class of which everybody gives one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.certification.decision import selected
from diffsmooth_core.certification.thousand_seeds import recorded
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.statistics import certified_radius, clopper_pearson_lower
from diffsmooth_core.statistics.peeking import claims, first
from ui.importing import importing
from ui.jobs.networks import smoothed_classifier
from ui.session import state

if TYPE_CHECKING:
    from diffsmooth_core import SmoothedClassifier

ALPHA = 0.1  # of a class's bounds: at .001 not one of thirty would be false


@dataclass(frozen=True)
class SeedResult:
    """What one seed gives: its `votes` of n for the class, the bound `lower` of their share at ALPHA with the
    radius that follows, and whether it is `false`, above the true share. `naive_at` and `anytime_at` are the
    first numbers of votes, in the order in which they were cast, at which the fixed-end bound or the anytime
    bound was above it; None where it never was.

    A seed whose selection chose another class claims nothing for this one: it has 0 votes.
    """

    seed: int
    votes: int
    lower: float
    radius: float
    false: bool
    naive_at: int | None
    anytime_at: int | None


def config_of(seed: int) -> SmoothingConfig:
    """The settings of one seed. Raises InputError unless it is a whole number from 0 to 2^64 - 1.

    All but the seed are the recording's, its alpha of .001 too: noise is tied to the settings, and only with
    these a seed has the votes that were recorded for it. Its bound is read at ALPHA, which no vote decides.
    """
    return replace(recorded().config, seed=seed)


@lru_cache(maxsize=1)
def picture() -> Picture:
    """The picture that is certified."""
    return state.resolved(recorded().picture, recorded().config.dataset)


def certified(seed: int) -> SeedResult:
    """Cast the votes of a seed. Raises InputError."""
    config = config_of(seed)
    smoothed, x, label = _smoothed(config), picture().tensor, recorded().label
    counts0 = np.bincount(smoothed.votes(x, "selection", 0, config.n0), minlength=label + 1).tolist()
    votes = smoothed.votes(x, "estimation", 0, config.n) == label
    return result(seed, votes.tolist() if selected(counts0) == label else [False] * config.n)


def result(seed: int, agreeing: Sequence[bool]) -> SeedResult:
    """What votes (n,) imply, of which these, in their order, are for the class."""
    votes, share = sum(agreeing), recorded().share
    lower = clopper_pearson_lower(votes, len(agreeing), ALPHA)
    radius = certified_radius(lower, recorded().config.sigma)
    naive_at, anytime_at = map(first, claims(agreeing, share, ALPHA))
    return SeedResult(seed, votes, lower, radius, lower > share, naive_at, anytime_at)


def _smoothed(config: SmoothingConfig) -> SmoothedClassifier:
    """The smoothed classifier of these settings, its networks run as in the recording."""
    with importing:
        from diffsmooth_core.classifiers.execution import Execution
    smoothed = smoothed_classifier(config)
    return replace(smoothed, base=replace(smoothed.base, execution=Execution.parse(recorded().execution)))
