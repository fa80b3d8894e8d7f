"""One borderline picture, certified with every seed from 0 to 999, as assets/runs/seeds.py recorded it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.paths import ASSETS

FILE = ASSETS / "runs" / "thousand-seeds.json"


@dataclass(frozen=True)
class ThousandSeeds:
    """Certificates of the picture with the spec `picture` under `config`, whose seed alone changes.

    `execution` is how the networks ran, which the noise is tied to as it is to the settings.
    `votes` are those of n for class `label`, by seed; 0 where another class was selected. `share` of `long`
    other votes are for it, which is taken for its true share.
    """

    picture: str
    config: SmoothingConfig
    execution: str
    label: int
    votes: tuple[int, ...]
    share: float
    long: int


@lru_cache(maxsize=1)
def recorded() -> ThousandSeeds:
    """The recording that is bundled."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    config, long = SmoothingConfig.from_dict(found["config"]), found["long"]
    votes, share = tuple(found["votes"]), long["votes"] / long["n"]
    return ThousandSeeds(
        found["picture"], config, found["execution"], found["label"], votes, share, long["n"]
    )
