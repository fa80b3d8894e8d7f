"""The device and the dtype in which the networks run, with "auto" resolved."""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar, cast

import torch
from torch import nn

from diffsmooth_core.config import InputError

KNOWN = "use 'auto', 'cpu', 'cuda' or 'mps'"


def resolve_device(device: str) -> torch.device:
    """The torch device; "auto" is a CUDA GPU where there is one, and the CPU elsewhere: the GPU of a Mac
    ("mps"), on which nobody has compared the votes yet, has to be asked for. Raises InputError for an unknown
    or absent device."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        resolved = torch.device(device)
    except RuntimeError:
        raise InputError(f"device {device!r} is unknown; {KNOWN}") from None
    if resolved.type not in ("cpu", "cuda", "mps"):
        raise InputError(f"device {device!r} is none that networks run on here; {KNOWN}")
    if resolved.type == "mps" and not torch.backends.mps.is_available():
        raise InputError(f"device {device!r} was asked for but torch finds no Apple GPU here; use 'auto'")
    if resolved.type == "cuda" and not torch.cuda.is_available():
        raise InputError(f"device {device!r} was asked for but there is no CUDA GPU here; use 'auto'")
    if resolved.type == "cuda" and (resolved.index or 0) >= (count := torch.cuda.device_count()):
        last = f"'cuda:0' to 'cuda:{count - 1}'" if count > 1 else "'cuda:0'"
        raise InputError(f"device {device!r} was asked for but the GPUs here are {last}; use one of them")
    return resolved


def resolve_dtype(dtype: str, device: torch.device) -> torch.dtype:
    """The torch dtype; "auto" is bfloat16 on a CUDA GPU and float32 elsewhere."""
    if dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[dtype]


class WithoutTF32:
    """A context in which float32 products on a GPU are those of IEEE 754.

    By itself cuDNN rounds the inputs of float32 convolutions to TF32, which has 10 bits of mantissa. The
    switch is the process's, so it stays off until the last of all threads has left the context.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._before = threading.Lock(), 0, (True, False)

    def __enter__(self) -> None:
        cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
        with self._lock:
            if not self._inside:
                self._before = cudnn.allow_tf32, matmul.allow_tf32
                cudnn.allow_tf32 = matmul.allow_tf32 = False
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = self._before


_without_tf32 = WithoutTF32()


@contextmanager
def autocast(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """A context in which networks compute in bfloat16 if that is the dtype, and in float32 otherwise, which
    on a CUDA GPU does not mean TF32. Raises InputError where torch lacks one of their operations on an Apple
    GPU."""
    with torch.autocast(device.type, torch.bfloat16, enabled=dtype == torch.bfloat16):
        if device.type == "cuda":
            with _without_tf32:
                yield
        elif device.type == "mps":
            try:
                yield
            except NotImplementedError as error:
                missing = re.search(r"aten::[\w.]+", str(error))
                raise InputError(
                    f"torch cannot compute {missing[0] if missing else 'an operation'} on an Apple GPU; use "
                    "device 'cpu', or set PYTORCH_ENABLE_MPS_FALLBACK=1, which computes it there"
                ) from None
        else:
            yield


Network = TypeVar("Network", bound=nn.Module)


def on_device(network: Network, device: torch.device) -> Network:
    """The network in evaluation mode on a device: itself if it lies there, otherwise a copy, which later
    calls return too. So the same networks serve several devices at a time."""
    target = torch.empty(0, device=device).device  # "cuda" by its full name
    if all(tensor.device == target for tensor in chain(network.parameters(), network.buffers())):
        return network.eval()
    return cast(Network, _copied(network, target))


@lru_cache(maxsize=8)
def _copied(network: Any, device: torch.device) -> Any:
    return copy.deepcopy(network).to(device).eval()
