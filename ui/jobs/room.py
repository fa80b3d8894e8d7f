"""A room at one moment, as one visitor sees it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ui.jobs.seeds import SeedResult


class Phase(StrEnum):
    """What a room is at; they follow each other in this order."""

    GATHERING = "gathering"
    GUESSING = "guessing"
    SEEDS = "seeds"
    BOUNDS = "bounds"
    PEEKING = "peeking"


@dataclass(frozen=True)
class Room:
    """A room at one moment, as one visitor sees it; nothing in it changes afterwards.

    `guesses`, in percent, and `seeds`, one for everybody who gave one, are in the order of their size, which
    says of nobody who gave which. `results` are those found so far, one for each seed of `seeds`: where two
    people gave the same seed, both have its result, and both count. `job` is the id of the job that computes
    them, and `problem` says, without a full stop, why it ended before all were there. A `teacher`, who may
    be the operator, can `advance` the room, `try_again` and `close` it; `hindered` says, without a full stop
    and to them alone, why it cannot go on now. `mine_guess`, `mine_seed` and `mine_result` are the visitor's
    own. The room has been open for `minutes`.
    """

    code: str
    phase: Phase
    people: int
    minutes: int = 0
    guesses: tuple[float, ...] = ()
    seeds: tuple[int, ...] = ()
    job: str | None = None
    results: tuple[SeedResult, ...] = ()
    problem: str = ""
    teacher: bool = False
    hindered: str = ""
    mine_guess: float | None = None
    mine_seed: int | None = None
    mine_result: SeedResult | None = None
