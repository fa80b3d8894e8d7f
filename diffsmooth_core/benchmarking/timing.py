"""Timing votes: against the plain implementation, part by part, and for each way to run the networks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from diffsmooth_core.benchmarking.plain import plain_votes
from diffsmooth_core.certification.decision import decide
from diffsmooth_core.certification.voting import VoteRange, draw_noise, votes
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.batching import halve_batch, out_of_memory
from diffsmooth_core.classifiers.building import timed_as
from diffsmooth_core.classifiers.execution import Execution
from diffsmooth_core.classifiers.timings import Pace, Timings, candidates, remember
from diffsmooth_core.config import SmoothingConfig

T = TypeVar("T")


@dataclass(frozen=True)
class Round:
    """Seconds that both implementations took for the same votes, and how many classes agreed."""

    seconds: float
    plain_seconds: float
    agreeing: int


def in_turn(works: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """The seconds that each function of `works` takes, `rounds` times each. They take turns, so that a change
    of the machine's speed affects all alike; one call of each beforehand is not timed."""
    seconds: list[list[float]] = [[] for _ in works]
    for turn in range(rounds + 1):
        for work, found in zip(works, seconds, strict=True):
            began = time.perf_counter()
            work()
            if turn:
                found.append(time.perf_counter() - began)
    return seconds


def compare(
    base: BaseClassifier, x: Tensor, config: SmoothingConfig, count: int, rounds: int
) -> Iterator[Round]:
    """Cast votes 0..count-1 for x (c,h,w) with both implementations in turn, `rounds` times, after some votes
    of each that are not timed."""
    chunks = [(at, min(at + base.votes_per_step, count)) for at in range(0, count, base.votes_per_step)]
    votes(base, VoteRange(x, "estimation", *chunks[0]), config)
    plain_votes(base, x, config, "estimation", *chunks[0])
    for _ in range(rounds):
        began = time.perf_counter()
        classes = np.concatenate(
            [votes(base, VoteRange(x, "estimation", *chunk), config)[0] for chunk in chunks]
        )
        _wait(base)
        middle = time.perf_counter()
        plain = plain_votes(base, x, config, "estimation", 0, count)
        _wait(base)
        yield Round(middle - began, time.perf_counter() - middle, int(np.sum(classes == plain)))


def tune(base: BaseClassifier, x: Tensor, config: SmoothingConfig, rounds: int = 3) -> Timings:
    """Time every way to run the networks that this machine offers on estimation votes of x (c,h,w), taking
    turns. The timings are saved for this device and these networks, and `build_base` chooses the fastest
    way from them. A way that cannot be compiled or captured here is left out; one that runs out of memory is
    timed at the batch sizes that a run comes down to."""
    ways = {e: replace(base, execution=e) for e in candidates(base.device)}
    paces = dict[Execution, list[float]]()

    def seconds(way: BaseClassifier) -> float:
        began = time.perf_counter()
        votes(way, VoteRange(x, "estimation", 0, way.votes_per_step), config)
        _wait(way)
        return time.perf_counter() - began

    def started(e: Execution) -> float | None:
        while True:
            try:
                return seconds(ways[e])
            except RuntimeError as error:
                if out_of_memory(error):
                    ways[e] = halve_batch(ways[e], error)
                elif e.mode in ("compiled", "graph"):
                    return None
                else:
                    raise

    starts = {e: first for e in ways if (first := started(e)) is not None}
    for _ in range(rounds):
        for e in starts:
            paces.setdefault(e, []).append(seconds(ways[e]))
    ready = {e: max(0.0, first - min(paces[e])) for e, first in starts.items()}
    timings = {}
    for e, taken in paces.items():
        start = max(ready[other] for other in ready if other.mode == e.mode)  # prepared once a mode
        timings[e] = Pace(start, min(taken) / ways[e].votes_per_step)
    remember(timed_as(base), timings)
    return timings


@torch.inference_mode()
def parts(base: BaseClassifier, x: Tensor, config: SmoothingConfig, count: int) -> dict[str, float]:
    """The seconds that `count` votes for x (c,h,w) spend in each part (the paper's section 5.3): drawing
    noise, purification, classification, and the statistics after every step."""
    seconds = dict.fromkeys(("noise", "purification", "classification", "statistics"), 0.0)
    tally = (0,) * base.classifier.classes

    def timed(part: str, work: Callable[[], T]) -> T:
        began = time.perf_counter()
        found = work()
        _wait(base)
        seconds[part] += time.perf_counter() - began
        return found

    for at in range(0, count, base.votes_per_step):
        wanted = VoteRange(x, "estimation", at, min(at + base.votes_per_step, count))
        x_noisy, noise = timed("noise", partial(draw_noise, base, wanted, config))
        purify = partial(base.purify, x_noisy, noise)
        pictures = timed("purification", purify) if base.method.purifies else purify()
        timed("classification", partial(base.classify, pictures, noise, every_copy=False))
        timed("statistics", partial(decide, (1, *tally[1:]), (count, *tally[1:]), config))
    return seconds


def _wait(base: BaseClassifier) -> None:
    if base.device.type == "cuda":
        torch.cuda.synchronize(base.device)
