"""What the store holds besides results: runs, counted votes, and what people said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["note", "tag", "untag", "review", "reason", "view", "skipped", "finished"]


@dataclass(frozen=True)
class Run:
    """A batch of certificates: ours (`origin` "audit") or an imported log's (its dialect). `config` holds
    every setting of ours, of a log sigma, n and alpha."""

    id: int
    name: str
    origin: str
    dataset: str
    config: dict[str, Any]
    indices: tuple[int, ...]
    weights: dict[str, str]
    created: str

    def __hash__(self) -> int:
        return hash((self.id, self.name))


@dataclass(frozen=True)
class Tally:
    """Votes of one stage for an image from `start` on: counts by class. The networks took `block` copies at
    a time, 0 for as many as the run began with."""

    idx: int
    stage: str
    start: int
    counts: tuple[int, ...]
    block: int = 0


@dataclass(frozen=True)
class Remark:
    """What somebody said of an image of a run, or of the run (idx None)."""

    idx: int | None
    kind: str
    text: str
    created: str
