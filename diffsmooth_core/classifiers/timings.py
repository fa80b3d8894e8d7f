"""Which way of running the networks is the fastest on this machine: what `bench --tune` timed, kept in the
user's cache."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from diffsmooth_core.classifiers.execution import Execution, modes
from diffsmooth_core.paths import cache_folder


@dataclass(frozen=True)
class Pace:
    """Seconds that an execution takes once, to start, and then for each vote."""

    start: float
    vote: float


Timings = dict[Execution, Pace]


def candidates(device: torch.device) -> tuple[Execution, ...]:
    """The executions worth timing on a device.

    A GPU is full with all local copies of a purifier batch. A CPU is as fast with few pictures at a time, and
    then fewer are classified after their vote was decided.
    """
    batches = (0,) if device.type == "cuda" else (32, 64)
    return tuple(Execution(mode, batch) for mode in modes(device) for batch in batches)


def fastest(timings: Timings, votes: int, device: torch.device) -> Execution | None:
    """The execution that finishes `votes` votes first, its start included; None where nothing was timed."""
    present = modes(device)
    here = {e: pace for e, pace in timings.items() if e.mode in present}
    return min(here, key=lambda e: here[e].start + votes * here[e].vote, default=None)


def _file() -> Path:
    return cache_folder() / "executions.json"


@lru_cache(maxsize=1)
def _all(file: Path) -> dict[str, Any]:
    """Read once a process: a run that is taken up again goes on in the way that it began."""
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def remembered(what: str) -> Timings:
    """The timings that were kept of a device and networks; none where the file is gone or spoilt."""
    try:
        return {Execution.parse(name): Pace(*map(float, pace)) for name, pace in _all(_file())[what].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def remember(what: str, timings: Timings) -> None:
    """Keep the timings of a device and networks, in the place of earlier ones."""
    _all.cache_clear()
    known = _all(_file()) | {what: {str(e): (pace.start, pace.vote) for e, pace in timings.items()}}
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(known, indent=1))
    fresh.replace(path)
    _all.cache_clear()
