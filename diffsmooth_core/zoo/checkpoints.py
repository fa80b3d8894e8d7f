"""Reading untrusted weight files: safetensors, or torch.load restricted so that it executes no code."""

from __future__ import annotations

import gzip
import os
import re
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, load_file
from torch import Tensor, nn

from diffsmooth_core.config import InputError
from diffsmooth_core.zoo import unpickling

COUNTER = ".num_batches_tracked"
SUFFIXES = (".pt", ".pth", ".tar", ".safetensors")


def is_path(name: str) -> bool:
    """Whether a model's name is a file's path: it has a path separator or a checkpoint's file extension."""
    return "/" in name or "\\" in name or name.endswith(SUFFIXES)


def available_memory() -> int:
    """Bytes of memory that are still available to programs. Memory that only caches files counts as
    available; otherwise a model that was just downloaded would seem not to fit. All of the machine's memory
    where the system does not report it, and no limit where it reports neither."""
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file() and (
        found := re.search(r"^MemAvailable: +([0-9]+) kB$", meminfo.read_text(encoding="utf-8"), re.M)
    ):
        return int(found[1]) * 1024
    if not hasattr(os, "sysconf"):
        return sys.maxsize
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def read(path: Path) -> Mapping[str, Any]:
    """The mapping stored in a checkpoint. Raises InputError where the file is missing, holds no mapping,
    cannot be read safely, or does not fit into memory."""
    if not path.is_file():
        raise InputError(f"there is no checkpoint at {path}; check the path")
    need = 2 * path.stat().st_size  # the file's tensors and the network's
    if need > (free := available_memory()):
        raise InputError(
            f"{path} needs {need / 2**30:.1f} GiB of memory and {free / 2**30:.1f} are free; "
            "close other programs or use a larger machine"
        )
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        if path.suffix == ".gz":
            return load(gzip.decompress(path.read_bytes()))
        _check_kind(path)
        content = unpickling.load(path)
    except InputError:
        raise
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is not a readable checkpoint ({error}); fetch it again") from None
    except Exception as error:  # torch.load raises pickle, zip, end-of-file and runtime errors alike
        raise InputError(
            f"{path} is not a checkpoint that can be loaded safely ({type(error).__name__}); only tensors "
            "and plain values are read: fetch it again if it was cut off on its way"
        ) from None
    if not isinstance(content, Mapping):
        raise InputError(f"{path} holds a {type(content).__name__} where a state dict was expected")
    return content


def _check_kind(path: Path) -> None:
    """Raise InputError where a file is a web page or TorchScript, or unpacks to more than it holds."""
    with path.open("rb") as file:
        start = file.read(200).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise InputError(f"{path} is a web page, not a checkpoint; fetch the file itself from its host")
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
    if any(part.filename.endswith("/constants.pkl") for part in parts):
        raise InputError(f"{path} is TorchScript, which is code; save the network's state_dict() instead")
    if sum(part.file_size for part in parts) > 2 * path.stat().st_size + 2**20:
        raise InputError(f"{path} unpacks to more than twice its size; save it again with torch.save")


def tensors(content: object, source: str) -> Mapping[str, Tensor]:
    """`content` as a state dict. Raises InputError where it holds anything but named tensors."""
    if not isinstance(content, Mapping) or not content:
        raise InputError(f"{source} holds no state dict; it is no checkpoint of a network")
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise InputError(f"{source}: {key!r} is a {type(value).__name__} where a tensor is expected")
        if value.layout != torch.strided or value.is_quantized or value.is_complex():
            raise InputError(f"{source}: {key!r} is sparse, quantised or complex; plain numbers are read")
    _check_memory(content, source)
    return content


def _check_memory(state: Mapping[str, Tensor], source: str) -> None:
    """Raise InputError where the entries show much more memory than the file has: an expanded tensor of a
    million rows may be stored as one. Tied weights, of which two or three entries share one, are usual."""
    stored = {
        v.untyped_storage().data_ptr(): v.untyped_storage().nbytes() for v in state.values() if not v.is_meta
    }
    shown = sum(value.numel() * value.element_size() for value in state.values() if not value.is_meta)
    if shown > 3 * sum(stored.values()) + 2**20:
        raise InputError(
            f"{source} holds {sum(stored.values()) / 2**20:.1f} MiB, expanded to {shown / 2**20:.1f}; up to "
            "three times as much is read: save the tensors with .contiguous()"
        )


def built(build: Callable[[], nn.Module], state: Mapping[str, Tensor], source: str) -> nn.Module:
    """The network that `build` makes, with a stranger's state dict loaded strictly.

    It is built without memory first, so that a small file that claims a large network costs none. Raises
    InputError that names what does not fit.
    """
    try:
        with torch.device("meta"):
            expected = build().state_dict()
    except InputError:
        raise
    except (ValueError, RuntimeError, TypeError, ZeroDivisionError, OverflowError) as error:
        raise InputError(f"{source} describes no network that can be built ({str(error)[:120]})") from None
    _check(expected, state, source)
    network = build()
    fill(network, state, source)
    return network


def fill(network: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Load a state dict strictly. Raises InputError that names the first key that does not fit."""
    expected = network.state_dict()
    _check(expected, state, source)
    counters = {key: expected[key] for key in expected.keys() - state.keys()}
    floats = {k: v.float() if v.is_floating_point() else v for k, v in state.items()}
    if bad := next((key for key, value in floats.items() if not bool(torch.isfinite(value).all())), None):
        raise InputError(f"{source}: {bad!r} holds NaN or infinite numbers; with them no picture has a class")
    network.load_state_dict(floats | counters)


def _check(expected: Mapping[str, Tensor], state: Mapping[str, Tensor], source: str) -> None:
    """Raise InputError where keys or shapes differ. Before PyTorch 0.4.1 batch normalisation had no
    `num_batches_tracked`, which plays no part in what a network computes: it may be missing."""
    missing = sorted(key for key in expected.keys() - state.keys() if not key.endswith(COUNTER))
    if missing:
        raise InputError(
            f"{source} lacks {missing[0]!r} ({len(missing)} keys missing); it is another network"
        )
    if extra := sorted(set(state) - set(expected)):
        raise InputError(f"{source} has {extra[0]!r} ({len(extra)} keys too many); it is another network")
    for key, value in state.items():
        if value.shape != expected[key].shape:
            raise InputError(
                f"{source}: {key!r} has shape {tuple(value.shape)} "
                f"where {tuple(expected[key].shape)} is expected"
            )
