"""Names and paths to loaded networks: bundled cards and the published checkpoint layouts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.base import Classifier, resolve_device
from diffsmooth_core.classifiers.compact import CompactCNN
from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.config import InputError
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.schedule import Schedule
from diffsmooth_core.purification.unet import UNet, UNetConfig
from diffsmooth_core.zoo import cards, checkpoints

# The two released models that the paper uses, under OpenAI's names.
PUBLISHED: dict[str, dict[str, Any]] = {
    "cifar10_uncond_50M_500K": {
        "image_size": 32, "num_channels": 128, "num_res_blocks": 3, "num_heads": 4,
        "attention_resolutions": "16,8", "dropout": 0.3, "learn_sigma": True,
        "use_scale_shift_norm": True, "noise_schedule": "cosine", "diffusion_steps": 4000,
        "rescale_timesteps": True,
    },
    "256x256_diffusion_uncond": {
        "image_size": 256, "num_channels": 256, "num_res_blocks": 2, "num_head_channels": 64,
        "attention_resolutions": "32,16,8", "learn_sigma": True, "resblock_updown": True,
        "use_scale_shift_norm": True, "noise_schedule": "linear", "diffusion_steps": 1000,
        "rescale_timesteps": False,
    },
}  # fmt: skip


def _schedule(record: Mapping[str, Any]) -> Schedule:
    if missing := sorted({"noise_schedule", "diffusion_steps"} - set(record)):
        raise InputError(f"the diffusion model's configuration has no {missing[0]!r}; add it")
    return Schedule.named(
        record["noise_schedule"], record["diffusion_steps"], bool(record.get("rescale_timesteps"))
    )


def _recognised(state: Mapping[str, Tensor]) -> Mapping[str, Any]:
    """The published configuration whose network has exactly these keys and shapes."""
    shapes = {k: tuple(v.shape) for k, v in state.items()}
    for record in PUBLISHED.values():
        with torch.device("meta"):
            expected = UNet(UNetConfig.from_record(record)).state_dict()
        if shapes == {k: tuple(v.shape) for k, v in expected.items()}:
            return record
    raise InputError(
        "this diffusion checkpoint is none of the published ones; "
        "give its configuration in OpenAI's names (image_size, num_channels, ...)"
    )


def load_denoiser(
    name_or_path: str | Path, device: str = "auto", config: Mapping[str, Any] | None = None
) -> Denoiser:
    """Load a diffusion model: a bundled name, or the path of a checkpoint in OpenAI's layout.

    `config` gives the architecture and schedule of a bare state dict in OpenAI's names; the
    published files are recognised without it. Raises InputError.
    """
    target = resolve_device(device)
    name = str(name_or_path)
    if isinstance(name_or_path, Path) or checkpoints.is_path(name):
        path = Path(name_or_path)
        state = checkpoints.tensors(checkpoints.read(path), name)
        if "input_blocks.0.0.weight" not in state:
            raise InputError(f"{path} is no diffusion U-Net in OpenAI's layout; its keys are unknown")
        record = config if config is not None else _recognised(state)
        network, weights = UNet(UNetConfig.from_record(record)), checkpoints.file_sha256(path)
        schedule, name = _schedule(record), path.name
    else:
        card = cards.card(name, "denoiser")
        assert card.schedule is not None
        state, weights = _bundled_state(card)
        network, schedule = UNet(UNetConfig.from_record(card.architecture)), _schedule(card.schedule)
    checkpoints.fill(network, state, name)
    return Denoiser(_ready(network), schedule, name, weights).eval().to(target)


def load_classifier(
    name_or_path: str | Path, device: str = "auto", normalisation: str | None = None
) -> Classifier:
    """Load a classifier: a bundled name, or the path of a CIFAR checkpoint in Cohen's layout.

    `normalisation` overrides the one that belongs to the layout: "cifar10", "imagenet", "half" or
    "none". Raises InputError.
    """
    target = resolve_device(device)
    name = str(name_or_path)
    network: nn.Module
    if isinstance(name_or_path, Path) or checkpoints.is_path(name):
        path = Path(name_or_path)
        network, state = _cohen(checkpoints.read(path), path)
        weights, name = checkpoints.file_sha256(path), path.name
        classes, dataset, usual = len(state["fc.weight"]), "cifar10", "cifar10"
    else:
        card = cards.card(name, "classifier")
        classes, dataset, usual = card.architecture["classes"], card.dataset, card.normalisation or "none"
        network = CompactCNN(classes, tuple(card.architecture["widths"]))
        state, weights = _bundled_state(card)
    chosen = normalisation or usual
    if chosen not in STATISTICS:
        raise InputError(f"normalisation {chosen!r} is unknown; choose one of {', '.join(STATISTICS)}")
    checkpoints.fill(network, state, name)
    classifier = Classifier(_ready(network), Normalise(*STATISTICS[chosen]), name, weights, classes, dataset)
    return classifier.eval().to(target)


def _cohen(content: Mapping[str, Any], path: Path) -> tuple[nn.Module, Mapping[str, Tensor]]:
    """Cohen's {arch, state_dict}: the normalising layer is entry 0 of a Sequential, the network 1."""
    arch, wrapped = content.get("arch"), content.get("state_dict")
    if not isinstance(arch, str) or wrapped is None:
        raise InputError(f"{path} is no checkpoint in Cohen's layout: it has no 'arch' and 'state_dict'")
    depth = re.fullmatch(r"cifar_resnet([0-9]{1,4})", arch)
    if depth is None:
        raise InputError(f"{path} holds a {arch!r}; only cifar_resnet checkpoints are read")
    entries = checkpoints.tensors(wrapped, path.name)
    state = {k.removeprefix("1.").removeprefix("module."): v for k, v in entries.items()}
    if "fc.weight" not in state or state["fc.weight"].ndim != 2:
        raise InputError(f"{path} has no final layer 'fc.weight'; it is another network")
    return CifarResNet(int(depth[1]), classes=len(state["fc.weight"])), state


def _bundled_state(card: cards.Card) -> tuple[Mapping[str, Tensor], str]:
    weights = checkpoints.file_sha256(card.weights) if card.weights.is_file() else "missing"
    if weights != card.sha256:
        raise InputError(
            f"the bundled weights {card.file} do not match their card (SHA-256 {weights[:12]}...); "
            "restore assets/models from the repository"
        )
    return checkpoints.read(card.weights), weights


def _ready(network: nn.Module) -> nn.Module:
    network.requires_grad_(False)
    return network.to(memory_format=torch.channels_last)
