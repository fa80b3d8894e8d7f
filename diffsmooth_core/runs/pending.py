"""A picture of a run that has no result yet: its counts so far, and which votes it needs next."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from diffsmooth_core.certification.decision import Decision, next_look
from diffsmooth_core.certification.progress import Stage
from diffsmooth_core.certification.stream import add_votes
from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.runs.records import Tally
from diffsmooth_core.runs.workers import Plan, VoteRequest

Counts = npt.NDArray[np.int64]


@dataclass
class PendingImage:
    """Counts by class of the selection votes (counts0) and estimation votes (counts) of picture idx.
    `requested` is true while a worker casts more of them."""

    idx: int
    counts0: Counts
    counts: Counts
    requested: bool = False
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def without_votes(cls, idx: int, plan: Plan) -> PendingImage:
        zero = np.zeros(plan.base.classifier.classes, np.int64)
        return cls(idx, zero, zero)

    def restore(self, tally: Tally) -> None:
        """Add votes that an earlier process counted and stored."""
        if tally.stage == "selection":
            self.counts0 = self.counts0 + np.array(tally.counts)
        else:
            self.counts = self.counts + np.array(tally.counts)

    def next_request(self, config: SmoothingConfig, most: int) -> VoteRequest:
        """A request for at most `most` further votes, which ends where the next decision is due: the end of
        the selection votes, or a vote at which counting may stop."""
        stage, start, needed = self._next_votes(config)
        return VoteRequest(self.idx, stage, start, start + min(needed, most))

    def _next_votes(self, config: SmoothingConfig) -> tuple[Stage, int, int]:
        """The current stage, how many votes it has, and how many it must have for the next decision."""
        if (n := int(self.counts0.sum())) < config.n0:
            return "selection", n, config.n0 - n
        n = int(self.counts.sum())
        return "estimation", n, next_look(n, config) - n

    def count(
        self, request: VoteRequest, classes: npt.NDArray[np.int64], plan: Plan
    ) -> tuple[Tally, Decision | None]:
        """Count the votes of a request. Returns the tally to store, and the decision once the picture is
        finished, None before."""
        decision = None
        if request.stage == "selection":
            before = self.counts0
            after = self.counts0 = before + np.bincount(classes, minlength=len(before))
        else:
            before = self.counts
            after, decision = add_votes(before, classes, tuple(map(int, self.counts0)), plan.config)
            self.counts = after
        tally = Tally(self.idx, request.stage, request.start, tuple(map(int, after - before)), plan.block)
        return tally, decision if decision and decision.ending else None
