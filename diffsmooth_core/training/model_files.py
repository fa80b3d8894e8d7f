"""Model files of training: loading weights to fine-tune, writing a trained network and its card."""

from __future__ import annotations

import hashlib
import json
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from diffsmooth_core.config import InputError


def start_from(network: nn.Module, file: Path) -> None:
    """Load the weights of a safetensors file into a network that is to be fine-tuned. Raises InputError where
    the file is missing or belongs to another architecture."""
    expected = {key: value.shape for key, value in network.state_dict().items()}
    state = load_file(file) if file.is_file() else {}
    if {key: value.shape for key, value in state.items()} != expected:
        raise InputError(f"{file} is not the weights of a network of this shape; name another start")
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})


def as_stored(network: nn.Module) -> None:
    """Round every parameter and buffer of a network to float16, as in the file, so that the metrics are
    measured on the network that is later loaded."""
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(tensor.half())


def device_name(device: str) -> str:
    """The device's description on a card: the GPU's model, or the CPU's kind and number of threads."""
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()}, {torch.get_num_threads()} threads"


def write_model(folder: Path, card: dict[str, Any], network: nn.Module) -> Path:
    """Write NAME.safetensors (float16) and its card NAME.json; return the card's path."""
    weights = folder / f"{card['name']}.safetensors"
    state = {
        k: (v.half() if v.is_floating_point() else v).contiguous().cpu()
        for k, v in network.state_dict().items()
    }
    save_file(state, weights)
    card["training"] |= {"torch": torch.__version__, "finished": datetime.now(UTC).date().isoformat()}
    card |= {
        "parameters": sum(p.numel() for p in network.parameters()),
        "file": weights.name,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
    return write_card(folder, card)


def write_card(folder: Path, card: dict[str, Any]) -> Path:
    """Write NAME.json; return its path."""
    path = folder / f"{card['name']}.json"
    path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return path
