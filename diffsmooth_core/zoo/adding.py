"""Adding a checkpoint: its layout is recognised and checked, and it is stored as safetensors with a card."""

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
from diffsmooth_core.config import InputError, check_choice, check_dataset_name
from diffsmooth_core.zoo import cards, checkpoints, dialects, download, outputs

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def add(
    source: str,
    name: str,
    *,
    sigma: float | None = None,
    normalisation: str | None = None,
    dataset: str | None = None,
    config: Mapping[str, Any] | None = None,
    offset: int | None = None,
    weights: str | None = None,
) -> cards.Card:
    """Add a checkpoint's file, a folder in diffusers' layout, or a Hub repository of timm's ("timm/NAME",
    or one of timm's own names), under `name`.

    sigma is the training noise and `normalisation` a key of STATISTICS; checkpoints store neither. `dataset`
    overrides the data set that the layout suggests. `config` is the configuration, in OpenAI's names, of a
    diffusion model other than the published ones, `offset` the output of the first class, of a classifier
    with one output more than classes (see `dialects.recognise`), `weights` the key of the set of weights that
    is meant, where a file holds several. Raises InputError where the checkpoint cannot be used or the name is
    taken, and SeveralSetsError (`wrapping.py`) where one of several sets has to be named.
    """
    _check_name(name)
    if normalisation is not None:
        check_choice("normalisation", normalisation, STATISTICS)
    if dataset is not None:
        check_dataset_name(dataset)
    found = _found(source, config, offset, weights)
    if found.kind == "classifier":
        what = source if offset is None else f"{source}, with one output left out,"
        outputs.check(found.classes, dataset or found.dataset, what)
    network = checkpoints.built(found.build, found.state, source)
    folder = cards.added_folder()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.safetensors"
    # Copies, because safetensors does not write tensors that share memory.
    save_file({key: value.clone().contiguous() for key, value in found.state.items()}, file)
    architecture, schedule = _described(found)
    card = cards.Card(
        name=name,
        kind=found.kind,
        dataset=dataset or found.dataset,
        architecture=architecture,
        training={
            "objective": f"unknown; added from {Path(source).name}, {found.dialect} layout",
            "added": datetime.now(UTC).date().isoformat(),
            **({} if sigma is None else {"sigma": sigma}),
            **({} if offset is None else {"offset": offset}),
            **({"entry": found.entry} if found.entry else {}),
        },
        metrics={},
        parameters=sum(value.numel() for value in network.parameters()),
        file=file.name,
        sha256=cards.file_sha256(file),
        schedule=schedule,
        normalisation=(normalisation or found.normalisation) if found.kind == "classifier" else None,
        folder=folder,
    )
    (folder / f"{name}.json").write_text(json.dumps(card.as_dict(), indent=2) + "\n", encoding="utf-8")
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


def _check_name(name: str) -> None:
    """Raise InputError where a model cannot be added under this name."""
    if not NAME.fullmatch(name) or checkpoints.is_path(name):
        raise InputError(
            f"{name!r} cannot be a model's name; use up to 64 letters, digits and ._- without a file's ending"
        )
    if name in cards.every() or name in download.NAMES:
        raise InputError(f"there is a model {name!r} already; choose another name or remove it first")


def _described(found: dialects.Recognised) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A network's architecture and, of a diffusion model, its noise schedule, as a card records them."""
    if found.record is None:
        return {"network": found.dialect, "classes": found.classes}, None
    keys = ("noise_schedule", "diffusion_steps", "rescale_timesteps")
    schedule = {key: found.record.get(key, False) for key in keys}
    schedule["predicts"] = dialects.predicts(found.record)
    if betas := found.record.get("betas"):
        schedule["betas"] = betas
    network = "diffusers" if found.dialect == "diffusers" else "unet"
    return {"network": network} | {k: v for k, v in found.record.items() if k not in schedule}, schedule


def _found(
    source: str, config: Mapping[str, Any] | None, offset: int | None, weights: str | None
) -> dialects.Recognised:
    path = Path(source)
    if path.is_dir():
        if weights is not None:
            raise InputError(
                f"{source} is a folder; give its folder {weights} itself and leave the choice out"
            )
        return dialects.diffusers(path)
    from_hub = source.startswith("timm/") or not checkpoints.is_path(source)
    content = _from_hub(source) if from_hub and not path.exists() else checkpoints.read(path)
    return dialects.recognise(content, source, config, offset, weights)


def _from_hub(source: str) -> Mapping[str, Tensor]:
    import timm

    if "/" not in source and not timm.is_model_pretrained(source):
        raise InputError(
            f"{source!r} is neither a file here nor a pretrained model of timm's; check the name"
        )
    try:
        network = timm.create_model(f"hf-hub:{source}" if "/" in source else source, pretrained=True)
    except Exception as error:  # the Hub's client raises many exception types
        raise InputError(
            f"{source} could not be fetched from the Hub ({type(error).__name__}: {str(error)[:120]}); "
            "check name and network, or give a downloaded file's path"
        ) from None
    state: dict[str, Tensor] = network.state_dict()
    return {
        key: value.to(torch.float32) if value.is_floating_point() else value for key, value in state.items()
    }
