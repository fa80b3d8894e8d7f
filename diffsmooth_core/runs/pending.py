"""A picture of a run that has no result yet: its counts so far, and which votes it needs next."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from diffsmooth_core.certification.ballots import Ballots, Classes
from diffsmooth_core.certification.certificate import Counted
from diffsmooth_core.certification.decision import Decision, next_look
from diffsmooth_core.certification.stream import add_votes
from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.runs.records import Tally
from diffsmooth_core.runs.workers import Plan, VoteRequest


@dataclass
class PendingImage:
    """The votes of picture idx so far. `requested` is true while a worker casts more of them, `resumed` if an
    earlier process cast some."""

    idx: int
    selection: Ballots
    estimation: Ballots
    requested: bool = False
    resumed: bool = False
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def without_votes(cls, idx: int, plan: Plan) -> PendingImage:
        none = Ballots.none(plan.base.classifier.classes)
        return cls(idx, none, none)

    def restore(self, tally: Tally) -> None:
        """Add votes that an earlier process counted and stored."""
        self.resumed = True
        if tally.stage == "selection":
            self.selection = self.selection.plus(tally.classes)
        else:
            self.estimation = self.estimation.plus(tally.classes)

    def next_request(self, config: SmoothingConfig, most: int) -> VoteRequest:
        """A request for at most `most` further votes, which ends where the next decision is due: the end of
        the selection votes, or a vote at which counting may stop."""
        stage, start, needed = self._next_votes(config)
        return VoteRequest(self.idx, stage, start, start + min(needed, most))

    def _next_votes(self, config: SmoothingConfig) -> tuple[Counted, int, int]:
        """The current stage, how many votes it has, and how many it must have for the next decision."""
        if (n := self.selection.total) < config.n0:
            return "selection", n, config.n0 - n
        n = self.estimation.total
        return "estimation", n, next_look(n, config) - n

    def count(self, request: VoteRequest, classes: Classes, plan: Plan) -> tuple[Tally, Decision | None]:
        """Count the votes of a request. Returns the tally to store, and the decision once the picture is
        finished, None before."""
        decision = None
        if request.stage == "selection":
            counted = self.selection = self.selection.plus(classes)
        else:
            counted, decision = add_votes(self.estimation, classes, self.selection.tally, plan.config)
            self.estimation = counted
        tally = Tally(self.idx, request.stage, request.start, tuple(map(int, counted.step)), plan.block)
        return tally, decision if decision and decision.ending else None
