"""Two runs over the same pictures: whose certificates were gained, lost, grew or shrank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffsmooth_core.runs.results import Result
from diffsmooth_core.statistics import sign_test

CHANGES = {
    "gained": "Certificate gained",
    "lost": "Certificate lost",
    "grown": "Radius grown",
    "shrunk": "Radius shrunk",
    "same": "No change",
}


@dataclass(frozen=True)
class Change:
    """One picture's results in both runs. It is "gained" or "lost" where only the second or only the first
    run certifies the true class at the radius asked for, "grown" or "shrunk" where both are right and the
    radius differs."""

    kind: str
    before: Result
    after: Result

    @property
    def idx(self) -> int:
        return self.before.idx

    @property
    def difference(self) -> float:
        """How much the certified radius grew; a wrong answer or an abstention has radius 0."""
        return _radius(self.after) - _radius(self.before)


def _radius(result: Result) -> float:
    return result.radius if result.correct else 0.0


def compare(before: Sequence[Result], after: Sequence[Result], at: float = 0.0) -> list[Change]:
    """The pictures for which both runs have a result, ordered by index; `at` is the L2 radius that a
    certificate must reach to count for "gained" and "lost"."""
    others = {result.idx: result for result in after}
    return [
        Change(_kind(result, others[result.idx], at), result, others[result.idx])
        for result in sorted(before, key=lambda r: r.idx)
        if result.idx in others
    ]


def _kind(before: Result, after: Result, at: float) -> str:
    had, has = (r.correct and r.radius >= at for r in (before, after))
    if had != has:
        return "gained" if has else "lost"
    if has and before.radius != after.radius:
        return "grown" if after.radius > before.radius else "shrunk"
    return "same"


def mcnemar(changes: Sequence[Change]) -> float:
    """The p-value of McNemar's exact test: the probability of a split into gained and lost at least this
    uneven if neither run were better."""
    gained, lost = (sum(c.kind == kind for c in changes) for kind in ("gained", "lost"))
    return sign_test(gained, lost)
