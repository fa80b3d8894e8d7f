"""The result of one picture of a run, and the summary of all of a run's results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.config import ABSTAIN
from diffsmooth_core.markup import table
from diffsmooth_core.statistics import Proportion, average_certified_radius, certified_accuracy
from diffsmooth_core.wording import down, percent

STEP = 0.25  # difference between the radii of a table of certified accuracy
MOST_STEPS = 1000  # radii of a table at most
OUTCOMES = {
    "right": "Certified and right",
    "wrong": "Certified but wrong",
    "abstained": "Abstains",
    "certified": "Certified, class unknown",
}


def outcome_of(predict: int, label: int | None) -> str:
    """Which of OUTCOMES a certified class, or ABSTAIN, is for a picture of class `label`, None if unknown."""
    if predict == ABSTAIN:
        return "abstained"
    if label is None:
        return "certified"
    return "right" if predict == label else "wrong"


@dataclass(frozen=True)
class Result:
    """The result of one picture. `predict` is a class or ABSTAIN; `label` is None where it is not known.

    Of n votes, between n_a_low and n_a_high were for the predicted class. Both are equal where the votes are
    known, differ where a log only has the rounded radius, and are None where nothing is known.
    `certificate` is the whole certificate where this program made it.
    """

    idx: int
    label: int | None
    predict: int
    radius: float
    p_a_lower: float | None = None
    n: int | None = None
    n_a_low: int | None = None
    n_a_high: int | None = None
    seconds: float | None = None
    note: str = ""
    certificate: dict[str, Any] | None = None

    @classmethod
    def of(cls, certificate: Certificate, idx: int, label: int | None) -> Result:
        """The result of picture idx with this certificate."""
        n_a = certificate.counts[certificate.candidate]
        return cls(
            idx=idx,
            label=label,
            predict=certificate.label,
            p_a_lower=certificate.p_a_lower,
            radius=certificate.radius if certificate.label != ABSTAIN else 0.0,
            n=certificate.n,
            n_a_low=n_a,
            n_a_high=n_a,
            seconds=certificate.seconds,
            certificate=certificate.as_dict(),
        )

    @property
    def correct(self) -> bool:
        return self.predict != ABSTAIN and self.predict == self.label

    @property
    def outcome(self) -> str:
        """One of OUTCOMES."""
        return outcome_of(self.predict, self.label)


@dataclass(frozen=True)
class Summary:
    """Certified accuracy at each radius of a table, ACR and abstentions of a run's results."""

    images: int
    abstained: int
    wrong: int
    acr: float
    certified_accuracy: dict[str, Proportion]

    def _repr_html_(self) -> str:
        rows = [(f"radius {r}", percent(s.share)) for r, s in self.certified_accuracy.items()]
        others = {
            "pictures": f"{self.images:,}",
            "abstained": f"{self.abstained:,}",
            "wrong": f"{self.wrong:,}",
        }
        return table(("", ""), [*others.items(), ("ACR", down(self.acr, 4)), *rows])

    def as_dict(self) -> dict[str, Any]:
        """A JSON document for scripts, accuracies in percent. `interval` holds at each radius on its own."""
        return {
            "images": self.images,
            "abstained": self.abstained,
            "wrong": self.wrong,
            "acr": self.acr,
            "certified_accuracy": {r: 100 * s.share for r, s in self.certified_accuracy.items()},
            "interval": {r: [100 * s.low, 100 * s.high] for r, s in self.certified_accuracy.items()},
        }


def curve(results: Sequence[Result], points: int = 120) -> list[tuple[float, Proportion]]:
    """Certified accuracy at `points` radii from 0 to just above the largest one, for a plot, in a band that
    holds the true curve at all radii together: it is the share of pictures whose radius, 0 where the class is
    wrong, goes beyond each of them."""
    right = np.sort([r.radius for r in results if r.correct])
    end = (float(right[-1]) if len(right) else 0.0) * 1.02 + 1e-3
    at = np.linspace(0.0, end, points)
    return [
        (float(r), Proportion.in_curve(int(k), len(results)))
        for r, k in zip(at, len(right) - np.searchsorted(right, at), strict=True)
    ]


def summary(results: Sequence[Result]) -> Summary:
    """Summarise results at the radii 0.00, 0.25, ... up to the largest one, or the first thousand of them;
    without results all is 0."""
    radii, correct = [r.radius for r in results], [r.correct for r in results]
    table = {}
    steps = math.floor(min(max(radii, default=0.0) / STEP, MOST_STEPS - 1))
    for i in range(steps + 1 if results else 0):
        k = round(certified_accuracy(radii, correct, i * STEP) * len(results))
        table[f"{i * STEP:.2f}"] = Proportion.of(k, len(results))
    return Summary(
        images=len(results),
        abstained=sum(r.predict == ABSTAIN for r in results),
        wrong=sum(r.outcome == "wrong" for r in results),
        acr=average_certified_radius(radii, correct) if results else 0.0,
        certified_accuracy=table,
    )
