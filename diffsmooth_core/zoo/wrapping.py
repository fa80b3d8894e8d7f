"""What the weights of a checkpoint are wrapped in: the entry that holds them, prefixes to their names, a
normalising layer before the network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from diffsmooth_core.classifiers.normalisation import STATISTICS
from diffsmooth_core.config import InputError
from diffsmooth_core.zoo import checkpoints

PREFIXES = ("module.", "1.", "model.", "net.", "network.", "backbone.")
ENTRIES = (  # that hold the weights of a network
    "state_dict",
    "net",
    "model",
    "model_state_dict",
    "weights",
    "ema",
    "model_ema",
    "state_dict_ema",
)


@dataclass(frozen=True)
class Unwrapped:
    """A network's weights under its own names. `entry` is the key of the content that holds them, "" where
    they are all of it; `prefix` was taken off their names; `normalisation` is the key of STATISTICS that is
    stored beside them, "" where none is."""

    state: dict[str, Tensor]
    entry: str
    prefix: str
    normalisation: str


def unwrapped(content: Mapping[str, Any], source: str) -> Unwrapped:
    """The weights in a checkpoint's content. DataParallel puts "module." before their names, torch.compile
    "_orig_mod.", and in Cohen's layout the normalising layer is entry 0 of a Sequential and the network entry
    1. Raises InputError where there are none, or several sets of them."""
    present = [key for key in ENTRIES if key in content]
    held = [key for key in present if isinstance(content[key], Mapping) and content[key]] or present
    if len(held) > 1:
        raise InputError(
            f"{source} holds {' and '.join(map(repr, held))}; which is meant? Save that one alone: "
            f"torch.save(content[{held[-1]!r}], 'weights.pth')"
        )
    entry = held[0] if held else ""
    entries = checkpoints.tensors(content[entry] if entry else content, source)
    named = {key.replace("_orig_mod.", ""): value for key, value in entries.items()}
    prefix = ""
    while found := next((p for p in PREFIXES if any(key.startswith(prefix + p) for key in named)), ""):
        prefix += found
    state = {key.removeprefix(prefix): value for key, value in named.items() if key.startswith(prefix)}
    return Unwrapped(state, entry, prefix, _normalisation(entries, source))


def _normalisation(entries: Mapping[str, Tensor], source: str) -> str:
    """The key of STATISTICS whose mean and standard deviation the file stores beside the weights, as "0.mean"
    and "0.std", say; "" where it stores none. Raises InputError where it stores others."""
    stored = {key.rpartition(".")[2]: value for key, value in entries.items() if value.numel() == 3}
    for names in (("mean", "std"), ("mu", "sigma")):
        if all(name in stored for name in names):
            values = [tuple(stored[name].float().flatten().tolist()) for name in names]
            for key, statistics in STATISTICS.items():
                if all(math.dist(a, b) < 1e-3 for a, b in zip(values, statistics, strict=True)):
                    return key
            raise InputError(
                f"{source} stores a normalisation of its own (mean {values[0]}, standard deviation "
                f"{values[1]}), and known are {', '.join(STATISTICS)}; fold it into the first layer"
            )
    return ""
