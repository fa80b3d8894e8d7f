"""Single votes with their intermediate results for the Step through page, each computed once per server."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.caching import MB, kept
from diffsmooth_core.certification.commitment import Tie
from diffsmooth_core.certification.decision import a_bound, level
from diffsmooth_core.certification.progress import Point, Stage
from diffsmooth_core.certification.tracing import TracedVote, trace_vote
from diffsmooth_core.certification.voting import VoteRange, votes
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.experiments.compare import group
from diffsmooth_core.statistics import anytime_lower, clopper_pearson_lower
from ui.jobs.networks import base_classifier

CHUNK = 16  # votes that are drawn together for a count, or fewer where the networks are large


@kept(128 * MB)
def traced(picture: Picture, config: SmoothingConfig, copy: int, tied_to: Tie | None = None) -> TracedVote:
    """Estimation vote number `copy`, from 1, of a run by itself or of the comparison whose settings `tied_to`
    ties together. Raises InputError."""
    return trace_vote(base_classifier(config), picture.tensor, config, copy - 1, tied_to=tied_to)


def group_of(picture: Picture, configs: tuple[SmoothingConfig, ...]) -> Tie:
    """What the noise of a comparison of these settings is tied to. Raises InputError."""
    return group([base_classifier(config) for config in configs], configs, picture.tensor)


def classes(
    picture: Picture, config: SmoothingConfig, stage: Stage, count: int, tied_to: Tie | None = None
) -> list[int]:
    """The classes of the first votes of a stage, `count` or up to the end of the last chunk."""
    return [label for chunk in _chunks(picture, config, stage, count, tied_to) for label in chunk]


def up_to(
    picture: Picture, config: SmoothingConfig, copy: int, tied_to: Tie | None = None
) -> Iterator[tuple[list[int], list[int]]]:
    """The classes of a run's selection votes and of its estimation votes up to number `copy`, as far as they
    are drawn after each chunk."""
    drawn: dict[Stage, list[int]] = {"selection": [], "estimation": []}
    for stage, count in zip(drawn, (config.n0, copy), strict=True):
        for chunk in _chunks(picture, config, stage, count, tied_to):
            drawn[stage] += chunk
            yield drawn["selection"], drawn["estimation"]


def _chunks(
    picture: Picture, config: SmoothingConfig, stage: Stage, count: int, tied_to: Tie | None
) -> Iterator[tuple[int, ...]]:
    size = min(CHUNK, base_classifier(config).purifier_batch)
    total = config.n0 if stage == "selection" else config.n
    for start in range(0, count, size):
        yield _chunk(picture, config, stage, start, min(start + size, total), tied_to)


@lru_cache(maxsize=1024)
def _chunk(
    picture: Picture, config: SmoothingConfig, stage: Stage, start: int, stop: int, tied_to: Tie | None
) -> tuple[int, ...]:
    wanted = VoteRange(picture.tensor, stage, start, stop, tied_to)
    return tuple(map(int, votes(base_classifier(config), wanted, config)[0]))


def bounds(found: list[int], candidate: int, config: SmoothingConfig) -> list[Point]:
    """Share and bounds after each of these votes, as the live chart draws them; of many, some."""
    every, points, k = max(1, len(found) // 200), [], 0
    for n, label in enumerate(found, 1):
        k += label == candidate
        if n % every == 0 or n == len(found):
            at = clopper_pearson_lower(k, n, level(config))
            points.append((n, k / n, at, anytime_lower(k, n, a_bound(config))))
    return points
