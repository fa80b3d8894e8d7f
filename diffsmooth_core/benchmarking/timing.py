"""Votes timed: against the plain path, both in one run, by their parts, and by how the networks run."""

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
from diffsmooth_core.certification.voting import Ballot, drawn, votes
from diffsmooth_core.classifiers.base import BaseClassifier, timed_as
from diffsmooth_core.classifiers.execution import Execution
from diffsmooth_core.classifiers.timings import Pace, Timings, candidates, remember
from diffsmooth_core.config import InputError, SmoothingConfig

T = TypeVar("T")


@dataclass(frozen=True)
class Round:
    """Seconds of the same votes on both paths, and how many came out alike."""

    seconds: float
    plain_seconds: float
    agreeing: int


def in_turn(works: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Seconds of every work, `rounds` of each: the works take turns, after one of each that is not timed."""
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
    """Cast votes 0..count-1 on both paths in turn, after some of each that are not timed."""
    chunks = [(at, min(at + base.chunk, count)) for at in range(0, count, base.chunk)]
    votes(base, x, config, "estimation", *chunks[0])
    plain_votes(base, x, config, "estimation", *chunks[0])
    for _ in range(rounds):
        began = time.perf_counter()
        classes = np.concatenate([votes(base, x, config, "estimation", *chunk)[0] for chunk in chunks])
        _wait(base)
        middle = time.perf_counter()
        plain = plain_votes(base, x, config, "estimation", 0, count)
        _wait(base)
        yield Round(middle - began, time.perf_counter() - middle, int(np.sum(classes == plain)))


def tune(base: BaseClassifier, x: Tensor, config: SmoothingConfig, rounds: int = 3) -> Timings:
    """Time every way to run the networks that this machine has, in turn, on estimation votes of x, and
    remember it for the device and networks: `build_base` takes the fastest from there. One that cannot be
    compiled or captured here is left out."""
    ways = {e: replace(base, execution=e) for e in candidates(base.device)}
    starts, paces = dict[Execution, float](), dict[Execution, list[float]]()

    def seconds(way: BaseClassifier) -> float:
        began = time.perf_counter()
        votes(way, x, config, "estimation", 0, way.chunk)
        _wait(way)
        return time.perf_counter() - began

    for e, way in ways.items():
        try:
            starts[e] = seconds(way)
        except RuntimeError:
            if e.mode not in ("compiled", "graph"):
                raise
    for _ in range(rounds):
        for e in starts:
            paces.setdefault(e, []).append(seconds(ways[e]))
    ready = {e: max(0.0, started - min(paces[e])) for e, started in starts.items()}
    timings = {  # the first of a mode does what the others then find done
        e: Pace(max(ready[other] for other in ready if other.mode == e.mode), min(taken) / ways[e].chunk)
        for e, taken in paces.items()
    }
    remember(timed_as(base), timings)
    return timings


@torch.inference_mode()
def parts(base: BaseClassifier, x: Tensor, config: SmoothingConfig, count: int) -> dict[str, float]:
    """Seconds that `count` votes spend in each part (the paper's section 5.3): drawing noise, purification,
    classification of all copies, statistics after every block. Raises InputError for DensePure, whose
    classifications and purifications alternate."""
    if base.purifications:
        raise InputError("densepure has no parts to tell apart; choose another method")
    seconds = dict.fromkeys(("noise", "purification", "classification", "statistics"), 0.0)
    tally = (0,) * base.classifier.classes

    def timed(part: str, work: Callable[[], T]) -> T:
        began = time.perf_counter()
        found = work()
        _wait(base)
        seconds[part] += time.perf_counter() - began
        return found

    for at in range(0, count, base.chunk):
        ballot = Ballot(x, "estimation", at, min(at + base.chunk, count))
        noisy, local = timed("noise", partial(drawn, base, ballot, config))
        purified = timed("purification", partial(base.purified, noisy)) if base.denoiser else None
        seen = noisy if purified is None else purified
        timed("classification", partial(replace(base, denoiser=None), seen, local))
        timed("statistics", partial(decide, (1, *tally[1:]), (count, *tally[1:]), config))
    return seconds


def _wait(base: BaseClassifier) -> None:
    if base.device.type == "cuda":
        torch.cuda.synchronize(base.device)
