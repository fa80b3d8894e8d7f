"""Votes timed against the plain path, both in one run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from diffsmooth_core.certification.plain import plain_votes
from diffsmooth_core.certification.stream import votes
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.config import SmoothingConfig


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
    chunks = [(at, min(at + base.block, count)) for at in range(0, count, base.block)]
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


def _wait(base: BaseClassifier) -> None:
    if base.device.type == "cuda":
        torch.cuda.synchronize(base.device)
