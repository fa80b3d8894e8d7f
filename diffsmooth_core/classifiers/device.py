"""The device and the dtype in which the networks run, with "auto" resolved."""

from __future__ import annotations

import torch

from diffsmooth_core.config import InputError


def resolve_device(device: str) -> torch.device:
    """The torch device; "auto" is a CUDA GPU where there is one. Raises InputError for an unknown or absent
    device."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        resolved = torch.device(device)
    except RuntimeError:
        raise InputError(f"device {device!r} is unknown; use 'auto', 'cpu' or 'cuda'") from None
    if resolved.type == "cuda" and not torch.cuda.is_available():
        raise InputError(f"device {device!r} was asked for but there is no CUDA GPU here; use 'auto'")
    return resolved


def resolve_dtype(dtype: str, device: torch.device) -> torch.dtype:
    """The torch dtype; "auto" is bfloat16 on a GPU and float32 on a CPU."""
    if dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[dtype]


def autocast(device: torch.device, dtype: torch.dtype) -> torch.autocast:
    """A context in which networks compute in bfloat16 if that is the dtype, and in float32 otherwise."""
    return torch.autocast(device.type, torch.bfloat16, enabled=dtype == torch.bfloat16)
