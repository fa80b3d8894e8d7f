"""Votes timed: against the plain path, both in one run, and by their parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from diffsmooth_core.certification.decision import decide
from diffsmooth_core.certification.plain import plain_votes
from diffsmooth_core.certification.stream import Ballot, drawn, votes
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.config import InputError, SmoothingConfig

T = TypeVar("T")


@dataclass(frozen=True)
class Round:
    """Seconds of the same votes on both paths, and how many came out alike."""

    seconds: float
    plain_seconds: float
    agreeing: int


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
