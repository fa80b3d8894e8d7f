"""The recorded attack that "Try to break it" shows before anything was attacked here."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from diffsmooth_core.attacks import AttackConfig, AttackProgress, Attempt, shortest
from diffsmooth_core.paths import ASSETS


@dataclass(frozen=True)
class RecordedAttack:
    """A finished attack that succeeded, on the certificate of the picture's recording. `created` is its
    day."""

    attack: AttackConfig
    progress: AttackProgress
    created: str


def to_json(recorded: RecordedAttack) -> str:
    """The attack as one text: all attempts, and of the changed pictures that with the shortest success, in
    float32: the noise of its votes derives from its exact values."""
    progress = recorded.progress
    success = progress.smallest
    assert success is not None
    assert success.picture is not None
    document = {
        "created": recorded.created,
        "attack": recorded.attack.as_dict(),
        "label": progress.label,
        "probabilities": [round(p, 4) for p in progress.probabilities],
        "attempts": [asdict(replace(attempt, picture=None)) for attempt in progress.attempts],
        "size": success.picture.shape[1],
        "picture": base64.b64encode(success.picture.numpy().tobytes()).decode(),
    }
    return json.dumps(document, separators=(",", ":"))


def from_json(text: str) -> RecordedAttack:
    """The attack that `to_json` wrote, as it stood with its shortest success."""
    document = json.loads(text)
    size = document["size"]
    values = np.frombuffer(base64.b64decode(document["picture"]), np.float32)
    picture = torch.from_numpy(values.reshape(3, size, size).copy())
    attack = AttackConfig(**document["attack"])
    attempts = [_attempt(one) for one in document["attempts"]]
    success = shortest(attempts)
    assert success is not None
    number = attempts.index(success)
    attempts[number] = success = replace(success, picture=picture)
    progress = AttackProgress(
        document["label"],
        "voting",
        number + 1,
        success.radius,
        attack.steps,
        tuple(document["probabilities"]),
        picture,
        success.length,
        success.counts,
        tuple(attempts),
        finished=True,
    )
    return RecordedAttack(attack, progress, document["created"])


def _attempt(one: dict[str, Any]) -> Attempt:
    return Attempt(**one | {"counts": tuple(one["counts"])})


def file(dataset: str) -> Path:
    """Where the attack on a data set's recorded run is bundled, if there is one."""
    return ASSETS / "runs" / f"attack-{dataset}.json"


@lru_cache(maxsize=8)
def bundled(dataset: str) -> RecordedAttack | None:
    """The bundled attack on a data set's recorded run, None where it has none."""
    return from_json(file(dataset).read_text(encoding="utf-8")) if file(dataset).is_file() else None
