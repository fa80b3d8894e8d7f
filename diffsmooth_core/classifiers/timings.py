"""The fastest way of running the networks on this machine, from the timings that `bench --tune` stores in the
user's cache folder."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from diffsmooth_core.classifiers.execution import Execution, modes
from diffsmooth_core.config import InputError
from diffsmooth_core.paths import cache_folder


@dataclass(frozen=True)
class Pace:
    """The time that an execution takes, in seconds: once at the start, and for each vote."""

    start: float
    vote: float


Timings = dict[Execution, Pace]


def candidates(device: torch.device) -> tuple[Execution, ...]:
    """The executions worth timing on a device.

    On a GPU, all local copies of a purifier batch form one classifier batch, which keeps it busy. A CPU is
    just as fast with small batches, and these leave fewer local copies that are classified needlessly after
    their vote is decided.
    """
    batches = (0,) if device.type == "cuda" else (32, 64)
    return tuple(Execution(mode, batch) for mode in modes(device) for batch in batches)


def fastest(timings: Timings, votes: int, device: torch.device) -> Execution | None:
    """The execution with the shortest total time for `votes` votes, its start included; None without
    timings."""
    present = modes(device)
    here = {e: pace for e, pace in timings.items() if e.mode in present}
    return min(here, key=lambda e: here[e].start + votes * here[e].vote, default=None)


def _file() -> Path:
    return cache_folder() / "executions.json"


@lru_cache(maxsize=1)
def _all(file: Path) -> dict[str, Any]:
    """The stored timings. Read once per process, so that a resumed run continues with the same execution."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def remembered(what: str) -> Timings:
    """The stored timings for a key from `timed_as`; empty where the file is missing or invalid."""
    try:
        return {Execution.parse(name): Pace(*map(float, pace)) for name, pace in _all(_file())[what].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def remember(what: str, timings: Timings) -> None:
    """Store the timings for a key from `timed_as`, replacing earlier ones."""
    _all.cache_clear()
    known = _all(_file()) | {what: {str(e): (pace.start, pace.vote) for e, pace in timings.items()}}
    path = _file()
    fresh = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(known, indent=1), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise InputError(
            f"the timings cannot be kept in '{path}' ({error.strerror}); set XDG_CACHE_HOME to a folder that "
            "can be written"
        ) from None
    _all.cache_clear()
