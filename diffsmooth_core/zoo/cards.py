"""Model cards: what is bundled under assets/models, with origin, metrics and SHA-256."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from diffsmooth_core.config import InputError

MODELS = Path(__file__).parents[2] / "assets" / "models"


@dataclass(frozen=True)
class Card:
    """One network: NAME.json beside NAME.safetensors."""

    name: str
    kind: str  # "denoiser" or "classifier"
    dataset: str
    architecture: dict[str, Any]
    training: dict[str, Any]
    metrics: dict[str, Any]
    parameters: int
    file: str
    sha256: str
    schedule: dict[str, Any] | None = None  # of a denoiser
    normalisation: str | None = None  # of a classifier

    @property
    def weights(self) -> Path:
        return MODELS / self.file


@lru_cache(maxsize=1)
def bundled() -> dict[str, Card]:
    """Every bundled card by name."""
    cards = (Card(**json.loads(path.read_text())) for path in sorted(MODELS.glob("*.json")))
    return {card.name: card for card in cards}


def names(kind: str, dataset: str) -> tuple[str, ...]:
    """The bundled models of a kind ("denoiser" or "classifier") for a data set."""
    return tuple(c.name for c in bundled().values() if c.kind == kind and c.dataset == dataset)


def card(name: str, kind: str) -> Card:
    """A bundled card. Raises InputError for an unknown name."""
    found = bundled().get(name)
    if found is None or found.kind != kind:
        known = ", ".join(c.name for c in bundled().values() if c.kind == kind)
        raise InputError(f"{kind} {name!r} is unknown; choose one of {known}, or give a checkpoint's path")
    return found
