"""Votes in the order in which they are cast, with their counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from diffsmooth_core.certification.packing import packed

Classes = npt.NDArray[np.int64]  # (votes,): the class of each vote, in order
Counts = npt.NDArray[np.int64]  # (k,): votes for each class


@dataclass(frozen=True, eq=False)  # arrays have no equality that a dataclass could use
class Ballots:
    """The votes of one stage so far, in order, with their `counts` by class (k,).

    `step` holds the votes that were added last. Adding votes copies no earlier ones: each step points at the
    steps before it, so all snapshots of a run together take memory in proportion to its votes.
    """

    counts: Counts
    step: npt.NDArray[np.unsignedinteger]
    earlier: Ballots | None = field(default=None, repr=False)

    @classmethod
    def none(cls, classes: int) -> Ballots:
        """No votes yet, for this many classes."""
        return cls(np.zeros(classes, np.int64), np.empty(0, np.uint16 if classes > 256 else np.uint8))

    @classmethod
    def in_class_order(cls, counts: Sequence[int]) -> Ballots:
        """Votes with these counts (k,), ordered by class: for votes whose order is not known."""
        return cls.none(len(counts)).plus(np.repeat(np.arange(len(counts)), counts))

    def plus(self, classes: npt.ArrayLike) -> Ballots:
        """These votes and `classes` (votes,) after them."""
        step = np.asarray(classes, np.int64)
        counts = self.counts + np.bincount(step, minlength=len(self.counts))
        return Ballots(counts, step.astype(self.step.dtype), self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ballots) or self.tally != other.tally:
            return False
        return np.array_equal(self.classes, other.classes)

    def __hash__(self) -> int:
        return hash(self.tally)

    @property
    def total(self) -> int:
        return int(self.counts.sum())

    @property
    def tally(self) -> tuple[int, ...]:
        """The counts by class as plain numbers."""
        return tuple(map(int, self.counts))

    @property
    def classes(self) -> Classes:
        """The class of every vote (total,), in order."""
        steps, at = [self.step], self.earlier
        while at is not None:
            steps.append(at.step)
            at = at.earlier
        return np.concatenate(steps[::-1]).astype(np.int64)

    @property
    def packed(self) -> str:
        """The text in which a certificate keeps them."""
        return packed(self.classes, len(self.counts))
