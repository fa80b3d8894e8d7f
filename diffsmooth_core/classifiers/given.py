"""A classifier of somebody's own: any function from a batch of pictures to logits or class numbers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.base import Classifier
from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.config import InputError

NOT_HASHED = " (not hashed)"  # behind the name of a function whose weights nobody can name
_CERTAIN = 1000.0  # logit of the class that a function names, above 0: in float32 its softmax is 1


def given_classifier(
    f: Callable[[Any], Any], classes: int, dataset: str, name: str, weights: str, numpy: bool
) -> Classifier:
    """`f` as a classifier of this project; see `SmoothedClassifier.around` for what it may be.

    A torch module is known by the SHA-256 of its state, any other function by `weights`, a SHA-256 that the
    caller names, or by its name alone, which then says so. Raises InputError for a module in training mode.
    """
    if not callable(f):
        raise InputError(f"f is {type(f).__name__}, which cannot be called; give a function or a module")
    if weights and not re.fullmatch("[0-9a-f]{64}", weights):
        raise InputError(f"sha256 has 64 hexadecimal digits in small letters, got {weights!r:.80}")
    if isinstance(f, nn.Module) and f.training:
        raise InputError(
            "f is in training mode, where dropout and BatchNorm tie votes together; call f.eval()"
        )
    name = name or getattr(f, "__qualname__", type(f).__qualname__)
    weights = weights or (state_sha256(f) if isinstance(f, nn.Module) else "")
    if not weights:
        name += NOT_HASHED
        weights = hashlib.sha256(name.encode()).hexdigest()
    network = Given(f, classes, numpy)
    return Classifier(network, Normalise(*STATISTICS["none"]), name, weights, classes, dataset)


def state_sha256(module: nn.Module) -> str:
    """SHA-256 over the names, shapes and bytes of all that `module.state_dict()` holds, in its order."""
    found = hashlib.sha256()
    for name, kept in module.state_dict().items():
        value = kept.detach().cpu().contiguous()
        found.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        found.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


class Given(nn.Module):
    """Asks `f` for the classes of a batch (b,c,h,w) and returns logits (b,k)."""

    def __init__(self, f: Callable[[Any], Any], classes: int, numpy: bool) -> None:
        super().__init__()
        self.f = f
        self.classes = classes
        self.numpy = numpy

    def forward(self, x: Tensor) -> Tensor:
        answer = self.f(x.float().cpu().numpy() if self.numpy else x)
        try:
            found = torch.as_tensor(answer).to(x.device)
        except (TypeError, ValueError, RuntimeError) as error:
            raise InputError(f"f returned {type(answer).__name__}, which is no array ({error})") from None
        if tuple(found.shape) == (len(x), self.classes) and not found.is_complex():
            return found.float()
        if tuple(found.shape) != (len(x),) or found.is_floating_point() or found.is_complex():
            raise InputError(
                f"f returned {found.dtype} of shape {tuple(found.shape)} for {len(x)} pictures; it has to be "
                f"logits of shape ({len(x)}, {self.classes}) or whole class numbers of shape ({len(x)},)"
            )
        if (wrong := found[(found < 0) | (found >= self.classes)]).numel():
            raise InputError(
                f"f returned class {int(wrong[0])}, and classes run from 0 to {self.classes - 1}"
            )
        return _CERTAIN * nn.functional.one_hot(found.long(), self.classes).float()
