"""What the weights of a checkpoint are wrapped in: the entry that holds them, prefixes to their names, a
normalising layer before the network."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True)
class WeightSet:
    """One of several sets of weights in a file: the key of the content that holds it, how many tensors it
    has, and the kinds of its numbers, "float16 and float32" say."""

    entry: str
    tensors: int
    dtypes: str

    def __str__(self) -> str:
        return f"{self.entry!r} ({self.tensors} tensors, {self.dtypes})"


class SeveralSetsError(InputError):
    """A file holds several sets of weights, as of a network and of the average of its training steps, and
    nobody said which is meant."""

    def __init__(self, source: str, sets: Sequence[WeightSet]) -> None:
        self.sets = tuple(sets)
        super().__init__(
            f"{source} holds {' and '.join(map(str, sets))}; which is meant? Say it where the file is added: "
            f"python -m diffsmooth_core models add {shlex.quote(source)} --name NAME "
            f"--weights {sets[-1].entry}"
        )


def unwrapped(content: Mapping[str, Any], source: str, weights: str | None = None) -> Unwrapped:
    """The weights in a checkpoint's content, or those under the key `weights` of it. DataParallel puts
    "module." before their names, torch.compile "_orig_mod.", and in Cohen's layout the normalising layer is
    entry 0 of a Sequential and the network entry 1. Raises InputError where there are none, and
    SeveralSetsError where there are several and none was named."""
    entry = _entry(content, source) if weights is None else _named(content, source, weights)
    entries = checkpoints.tensors(content[entry] if entry else content, source)
    named = {key.replace("_orig_mod.", ""): value for key, value in entries.items()}
    prefix = ""
    while found := next((p for p in PREFIXES if any(key.startswith(prefix + p) for key in named)), ""):
        prefix += found
    state = {key.removeprefix(prefix): value for key, value in named.items() if key.startswith(prefix)}
    return Unwrapped(state, entry, prefix, _normalisation(entries, source))


def _entry(content: Mapping[str, Any], source: str) -> str:
    """The one of ENTRIES that holds weights, "" where none does."""
    present = [key for key in ENTRIES if key in content]
    held = [key for key in present if _tensors(content[key])] or present
    if len(held) > 1:
        raise SeveralSetsError(source, [_described(key, content[key]) for key in held])
    return held[0] if held else ""


def _named(content: Mapping[str, Any], source: str, weights: str) -> str:
    if _tensors(content.get(weights)):
        return weights
    held = [repr(key) for key, value in content.items() if _tensors(value)]
    remedy = f"there are {' and '.join(held)}" if held else "it holds one set alone: leave the choice out"
    raise InputError(f"{source} has no weights under {weights!r}; {remedy}")


def _tensors(value: object) -> list[Tensor]:
    return [v for v in value.values() if isinstance(v, Tensor)] if isinstance(value, Mapping) else []


def _described(entry: str, value: object) -> WeightSet:
    tensors = _tensors(value)
    kinds = sorted({str(v.dtype).removeprefix("torch.") for v in tensors if v.is_floating_point()})
    return WeightSet(entry, len(tensors), " and ".join(kinds) or "no numbers with fractions")


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
