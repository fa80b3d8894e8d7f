"""The kind of device that votes were computed on: on one kind, the last bits of an output are the same."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import torch

from diffsmooth_core.layers.fused import working_triton


def hardware(device: torch.device) -> dict[str, str]:
    """What decides the rounding of a network on this device.

    Of a processor its model, the instructions that torch's own kernels use, and the limit that the
    environment sets for oneDNN's; of a GPU its name, the versions of CUDA, cuDNN and of Triton where it
    computes layers (`layers`), and that TF32 never takes the place of float32 (`autocast`). Of an Apple GPU
    the chip and the version of macOS, which brings its kernels.
    """
    if device.type == "cuda":
        return {
            "gpu": torch.cuda.get_device_name(device),
            "cuda": str(torch.version.cuda),
            "cudnn": str(torch.backends.cudnn.version()),
            "triton": working_triton(device),
            "tf32": "off",
        }
    if device.type == "mps":
        return {"gpu": torch.backends.mps.get_name(), "macos": platform.mac_ver()[0]}
    return {
        "processor": _processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "onednn": os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
    }


def together(kinds: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Several kinds of device in one: every entry has all its values, in the order of `kinds`. Votes that
    unlike machines shared out among them are of no single kind, and their replay allows for rounding."""
    names = dict.fromkeys(name for kind in kinds for name in kind)
    return {name: " | ".join(dict.fromkeys(kind.get(name, "") for kind in kinds)) for name in names}


@lru_cache(maxsize=1)
def _processor() -> str:
    """The processor's model name; Python alone does not know it on Linux."""
    try:
        found = re.search(
            r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE
        )
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()
