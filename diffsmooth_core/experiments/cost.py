"""What a vote costs: network evaluations, and peak memory of tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from diffsmooth_core.config import METHODS, SmoothingConfig
from diffsmooth_core.purification.purifiers import purifier_of


def evaluations(config: SmoothingConfig) -> tuple[int, int]:
    """How often one vote evaluates the denoiser, and how often the classifier."""
    purifier, method = purifier_of(config.method), METHODS[config.method]
    return purifier.passes(config), purifier.pictures(config) * (config.m if method.smooths_locally else 1)


class MemoryMeter(TorchDispatchMode):
    """A context that measures `peak`: the most bytes held at once by tensors created inside it, in this
    thread.

    It counts the tensors' own storage, so the result is the same on every machine and device. Network
    parameters and temporary memory inside single operations are not counted.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._alive: dict[StorageWeakRef, int] = {}

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = {StorageWeakRef(t.untyped_storage()) for t in tree_leaves((args, kwargs)) if _is_tensor(t)}
        out = func(*args, **(kwargs or {}))
        for tensor in filter(_is_tensor, tree_leaves(out)):
            storage = tensor.untyped_storage()
            if (reference := StorageWeakRef(storage)) not in given:
                self._alive[reference] = storage.nbytes()
        self._alive = {ref: size for ref, size in self._alive.items() if not ref.expired()}
        self.peak = max(self.peak, sum(self._alive.values()))
        return out


def _is_tensor(value: object) -> bool:
    return isinstance(value, torch.Tensor)
