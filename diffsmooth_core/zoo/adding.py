"""Taking a checkpoint into the zoo: recognised, checked, stored as safetensors with a card."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from diffsmooth_core.classifiers.normalisation import STATISTICS
from diffsmooth_core.config import InputError
from diffsmooth_core.zoo import cards, checkpoints, dialects

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def add(
    source: str,
    name: str,
    *,
    sigma: float | None = None,
    normalisation: str | None = None,
    config: Mapping[str, Any] | None = None,
) -> cards.Card:
    """Add a checkpoint's file, or a Hub repository of timm's as "timm/NAME", under `name`.

    sigma is the training noise and `normalisation` the normalising layer, which no file stores; `config`
    describes an unpublished diffusion model in OpenAI's names. Raises InputError.
    """
    if not NAME.fullmatch(name) or checkpoints.is_path(name):
        raise InputError(
            f"{name!r} cannot be a model's name; use up to 64 letters, digits and ._- without a file's ending"
        )
    if name in cards.every():
        raise InputError(f"there is a model {name!r} already; choose another name or remove it first")
    if normalisation is not None and normalisation not in STATISTICS:
        raise InputError(f"normalisation {normalisation!r} is unknown; choose one of {', '.join(STATISTICS)}")
    content = _from_hub(source) if source.startswith("timm/") else checkpoints.read(Path(source))
    found = dialects.recognise(content, source, config)
    checkpoints.fill(found.network, found.state, source)
    folder = cards.added_folder()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.safetensors"
    save_file({key: value.contiguous() for key, value in found.state.items()}, file)
    architecture: dict[str, Any] = {"network": found.dialect, "classes": found.classes}
    schedule = None
    if found.kind == "denoiser":
        record = config if config is not None else dialects.published(found.state, source)
        keys = ("noise_schedule", "diffusion_steps", "rescale_timesteps")
        schedule = {key: record.get(key, False) for key in keys}
        architecture = {"network": "unet"} | {k: v for k, v in record.items() if k not in keys}
    card = cards.Card(
        name=name, kind=found.kind, dataset=found.dataset, architecture=architecture,
        training={
            "objective": f"unknown; added from {Path(source).name}, {found.dialect} layout",
            "added": datetime.now(UTC).date().isoformat(), **({} if sigma is None else {"sigma": sigma}),
        },
        metrics={}, parameters=sum(value.numel() for value in found.network.parameters()),
        file=file.name, sha256=checkpoints.file_sha256(file), schedule=schedule,
        normalisation=(normalisation or found.normalisation) if found.kind == "classifier" else None,
        folder=folder,
    )  # fmt: skip
    (folder / f"{name}.json").write_text(json.dumps(card.as_dict(), indent=2) + "\n")
    return card


def remove(name: str) -> None:
    """Delete an added model. Raises InputError for a bundled or unknown one."""
    card = cards.every().get(name)
    if card is None:
        raise InputError(f"there is no model {name!r}; see: python -m diffsmooth_core models list")
    if card.bundled:
        raise InputError(f"{name!r} is bundled with the project and cannot be removed; only added models can")
    card.weights.unlink(missing_ok=True)
    (card.folder / f"{name}.json").unlink()


def _from_hub(source: str) -> Mapping[str, Tensor]:
    import timm

    try:
        network = timm.create_model(f"hf-hub:{source}", pretrained=True)
    except Exception as error:  # the Hub's client raises many kinds
        raise InputError(
            f"{source} could not be fetched from the Hub ({type(error).__name__}: {str(error)[:120]}); "
            "check name and network, or give a downloaded file's path"
        ) from None
    state: dict[str, Tensor] = network.state_dict()
    return {
        key: value.to(torch.float32) if value.is_floating_point() else value for key, value in state.items()
    }
