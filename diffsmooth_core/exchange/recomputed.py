"""Printed numbers beside those that a published log, read again, comes to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from diffsmooth_core.exchange.published import ACR, CERTIFIED, Value
from diffsmooth_core.runs.results import Result
from diffsmooth_core.statistics import Proportion

Mark = Literal["equal", "differs", "conflict"]
MARKS: dict[Mark, str] = {
    "equal": "the same",
    "differs": "differs, as other votes may make it",
    "conflict": "in conflict: outside the 95 % interval of what was recomputed",
}


@dataclass(frozen=True)
class Check:
    """A printed number, what the results come to, and the 95 % interval of the latter: percent at a radius,
    or for radius None the ACR."""

    radius: float | None
    printed: float
    recomputed: float
    low: float
    high: float

    @property
    def mark(self) -> Mark:
        """ "equal" where both agree in the digits that are printed, one of a percentage and three of an ACR;
        "conflict" where the interval does not hold the printed number as it was rounded."""
        half = 0.0005 if self.radius is None else 0.05
        if abs(self.printed - self.recomputed) <= half * (1 + 1e-9):
            return "equal"
        return "differs" if self.low - half <= self.printed <= self.high + half else "conflict"


def recomputed(results: Sequence[Result], printed: Iterable[Value]) -> list[Check]:
    """Every printed certified accuracy and ACR beside what `results`, at least one, come to.

    The interval of an accuracy is that of Clopper and Pearson for its radius alone, that of an ACR its mean
    plus and minus 1.96 standard errors. They hold for pictures that were drawn at random; two runs over the
    same pictures differ by less, so a conflict is one indeed.
    """
    right = np.array([result.radius if result.correct else -math.inf for result in results])
    credited = np.maximum(right, 0.0)
    error = 1.96 * float(credited.std(ddof=1)) / math.sqrt(len(results)) if len(results) > 1 else math.inf
    found = []
    for value in printed:
        if value.kind == CERTIFIED and value.radius is not None:
            share = Proportion.of(int((right >= value.radius).sum()), len(results))
            found.append(
                Check(value.radius, value.value, 100 * share.share, 100 * share.low, 100 * share.high)
            )
        elif value.kind == ACR:
            acr = float(credited.mean())
            found.append(Check(None, value.value, acr, acr - error, acr + error))
    return found
