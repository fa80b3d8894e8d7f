"""Loading networks by name or path: those with a card, and checkpoints in the published layouts."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.base import Classifier
from diffsmooth_core.classifiers.compact import CompactCNN
from diffsmooth_core.classifiers.device import resolve_device
from diffsmooth_core.classifiers.ensemble import Ensemble
from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.config import InputError, check_choice
from diffsmooth_core.plugins import plugin_names, plugins_of
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.diffusers_unet import DiffusersUNet
from diffsmooth_core.purification.dncnn import DirectDenoiser, DnCNN
from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.zoo import cards, checkpoints, dialects, download, outputs

if TYPE_CHECKING:
    from diffsmooth_core.purification.purifier import AnyDenoiser


def load_denoiser(
    name_or_path: str | Path, device: str = "auto", config: Mapping[str, Any] | None = None
) -> AnyDenoiser:
    """Load a denoiser: a card's name, a published model's, or the path of a checkpoint.

    `config` gives the architecture and schedule of a bare state dict in OpenAI's names; the
    published files are recognised without it. Raises InputError.
    """
    target = resolve_device(device)
    name = str(name_or_path)
    denoiser: AnyDenoiser
    if name in plugin_names("networks"):
        brought = of_plugin(name, nn.Module)
        if isinstance(brought, Classifier):
            raise InputError(f"{name} is a classifier; load it with load_classifier")
        denoiser = brought.eval().to(target)
        return denoiser
    published = name.removesuffix(".pt")
    if published in download.NAMES and not Path(name).is_file():
        name_or_path = download.local(published)
    if isinstance(name_or_path, Path) or checkpoints.is_path(name):
        path = Path(name_or_path)
        if path.is_dir():
            found = dialects.diffusers(path)
        else:
            found = dialects.recognise(checkpoints.read(path), str(path), config)
        if found.schedule is None:
            raise InputError(f"{path} is a classifier ({found.dialect}); load it with load_classifier")
        network: nn.Module = checkpoints.built(found.build, found.state, str(path))
        weights = cards.file_sha256(found.file or path)
        predicts = dialects.predicts(found.record or {})
        denoiser = Denoiser(_ready(network), found.schedule, path.name, weights, predicts)
    else:
        card = cards.card(name, "denoiser")
        state, weights = _state(card)
        if card.network == "dncnn":
            shape = {key: value for key, value in card.architecture.items() if key != "network"}
            network = DnCNN(**shape)
            denoiser = DirectDenoiser(network, card.training["sigma"], name, weights)
        else:
            assert card.schedule is not None
            if card.network == "diffusers":
                network = DiffusersUNet({k: v for k, v in card.architecture.items() if k != "network"})
            else:
                network = UNet(UNetConfig.from_record(card.architecture))
            schedule, predicts = dialects.schedule_of(card.schedule), dialects.predicts(card.schedule)
            denoiser = Denoiser(network, schedule, name, weights, predicts)
        checkpoints.fill(network, state, name)
        _ready(network)
    return denoiser.eval().to(target)


@lru_cache(maxsize=2)
def cached_denoiser(name: str, device: str) -> AnyDenoiser:
    """`load_denoiser` with a cache of the most recent few. Raises InputError."""
    return load_denoiser(name, device)


def load_classifier(
    name_or_path: str | Path, device: str = "auto", normalisation: str | None = None
) -> Classifier:
    """Load a classifier: a card's name, or the path of a checkpoint in a published layout.

    `normalisation` overrides the one that belongs to the layout: a key of STATISTICS. Raises InputError.
    """
    target = resolve_device(device)
    name = str(name_or_path)
    classifier: Classifier
    if name in plugin_names("networks"):
        classifier = of_plugin(name, Classifier)
        return classifier.eval().to(target)
    if isinstance(name_or_path, Path) or checkpoints.is_path(name):
        path = Path(name_or_path)
        if name.startswith("timm/") and not path.exists():
            raise InputError(
                f"{name} is not on this machine; run: python -m diffsmooth_core models add {name} "
                f"--name {path.name}, and load it by that name"
            )
        found = dialects.recognise(checkpoints.read(path), str(path))
        if found.kind != "classifier":
            raise InputError(f"{path} is a diffusion model ({found.dialect}); load it with load_denoiser")
        outputs.check(found.classes, found.dataset, str(path))
        network = checkpoints.built(found.build, found.state, str(path))
        weights, name = cards.file_sha256(path), path.name
        classes, dataset, usual = found.classes, found.dataset, found.normalisation
    else:
        card = cards.card(name, "classifier")
        network, weights = _classifying(card)
        classes, dataset, usual = card.architecture["classes"], card.dataset, card.normalisation or "none"
    chosen = normalisation or usual
    check_choice("normalisation", chosen, STATISTICS)
    classifier = Classifier(_ready(network), Normalise(*STATISTICS[chosen]), name, weights, classes, dataset)
    return classifier.eval().to(target)


@lru_cache(maxsize=8)
def cached_classifier(name: str, device: str) -> Classifier:
    """`load_classifier` with a cache of the most recent few. Raises InputError."""
    return load_classifier(name, device)


def of_plugin(name: str, is_a: type[nn.Module]) -> Any:
    """The network of a plug-in. Raises InputError where that fails or gives something else."""
    make = plugins_of("networks").get(name)
    try:
        network = make() if make else None
    except InputError:
        raise
    except Exception as fault:
        raise InputError(f"the plug-in {name!r} fails ({fault}); repair its package") from fault
    if not isinstance(network, is_a):
        raise InputError(f"the plug-in {name!r} brings no {is_a.__name__}; repair its package")
    return network


def _classifying(card: cards.Card) -> tuple[nn.Module, str]:
    """The network of a classifier's card with its weights loaded, and the SHA-256 of those."""
    if card.network == "ensemble":
        members = [load_classifier(name, "cpu") for name in card.architecture["members"]]
        weights = cards.combined_sha256([member.weights for member in members])
        if weights != card.sha256:
            raise InputError(f"the members of {card.name!r} are not those that its card was written for")
        return Ensemble(members, card.architecture["consensus"]), weights
    state, weights = _state(card)
    if card.network == "compact":
        network: nn.Module = CompactCNN(card.architecture["classes"], tuple(card.architecture["widths"]))
    elif card.network == "timm":
        import timm

        network = timm.create_model(card.architecture["model"], num_classes=card.architecture["classes"])
    else:
        network = dialects.recognise(state, card.name).build()
    checkpoints.fill(network, state, card.name)
    return network, weights


def _state(card: cards.Card) -> tuple[Mapping[str, Tensor], str]:
    try:
        weights = cards.file_sha256(card.weights) if card.weights.is_file() else "missing"
    except (OSError, EOFError, zlib.error):  # of a damaged .gz
        weights = "unreadable"
    if weights != card.sha256:
        remedy = "restore assets/models from the repository" if card.bundled else "add the model again"
        origin = "bundled weights" if card.bundled else "weights"
        raise InputError(
            f"the {origin} {card.file} do not match their card (SHA-256 {weights[:12]}...); {remedy}"
        )
    return checkpoints.read(card.weights), weights


def _ready(network: nn.Module) -> nn.Module:
    network.requires_grad_(False)
    return network.to(memory_format=torch.channels_last)
