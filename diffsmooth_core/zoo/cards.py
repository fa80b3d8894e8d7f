"""Model cards: NAME.json beside NAME.safetensors, which may be gzipped (.gz), bundled under assets/models or
added by a person."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from diffsmooth_core.config import InputError, unknown
from diffsmooth_core.paths import ASSETS, user_folder
from diffsmooth_core.plugins import own_names

MODELS = ASSETS / "models"


def added_folder() -> Path:
    """The folder of added and downloaded models."""
    return user_folder("models")


own_names("networks", [card.stem for folder in (MODELS, added_folder()) for card in folder.glob("*.json")])


@dataclass(frozen=True)
class Card:
    """The description of one network: its origin, its architecture and its measured metrics.

    An ensemble has no weight file: `architecture["members"]` names its members, and `sha256` is computed from
    theirs.
    """

    name: str
    kind: str  # "denoiser" or "classifier"
    dataset: str
    architecture: dict[str, Any]
    training: dict[str, Any]
    metrics: dict[str, Any]
    parameters: int
    file: str
    sha256: str
    schedule: dict[str, Any] | None = None  # of a diffusion model
    normalisation: str | None = None  # of a classifier
    folder: Path = field(default=MODELS, compare=False)

    @property
    def weights(self) -> Path:
        return self.folder / self.file

    @property
    def network(self) -> str:
        return str(self.architecture["network"])

    @property
    def bundled(self) -> bool:
        return self.folder == MODELS

    def as_dict(self) -> dict[str, Any]:
        values = asdict(self)
        del values["folder"]
        return {key: value for key, value in values.items() if value is not None}


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file; of a gzipped one (.gz) that of its content, so that packing changes no network's
    identity."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def combined_sha256(parts: Sequence[str]) -> str:
    """The SHA-256 of an ensemble, computed from those of its members in their order."""
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _in(folder: Path) -> dict[str, Card]:
    found = {}
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            card = Card(**json.loads(path.read_text(encoding="utf-8")), folder=folder)
        except (ValueError, TypeError, OSError) as error:
            raise InputError(
                f"{path} is not a model card ({error}); remove it or add the model again"
            ) from None
        found[card.name] = card
    return found


def bundled() -> dict[str, Card]:
    """Every bundled card by name."""
    return _in(MODELS)


def every() -> dict[str, Card]:
    """All cards by name, bundled and added. An added model cannot replace a bundled one of the same name."""
    return _in(added_folder()) | bundled()


def names(kind: str, dataset: str, *networks: str) -> tuple[str, ...]:
    """The names of the models of a kind ("denoiser" or "classifier") for a data set; where `networks` are
    given, only those of these architectures."""
    return tuple(
        c.name
        for c in every().values()
        if c.kind == kind and c.dataset == dataset and (not networks or c.network in networks)
    )


def card(name: str, kind: str) -> Card:
    """The card of a model by name and kind. Raises InputError where there is none."""
    found = every().get(name)
    if found is None or found.kind != kind:
        known = [c.name for c in every().values() if c.kind == kind]
        raise unknown(kind, name, known, ", or give a checkpoint's path")
    return found
