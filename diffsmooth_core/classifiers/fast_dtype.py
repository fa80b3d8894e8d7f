"""The dtype in which networks are fastest on a device, found without torch where that is possible: the first
page names it before torch is imported."""

from __future__ import annotations

import platform
from pathlib import Path

PROCESSOR = Path("/proc/cpuinfo")
GPU_DRIVERS = tuple(map(Path, ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")))  # NVIDIA, also in WSL, and AMD


def fast_dtype(device: str = "auto") -> str:
    """The fastest dtype: "bfloat16" where the device supports it in hardware, otherwise "float32", also on an
    Apple GPU, where nobody has timed them.

    On Linux the kernel lists what an x86 processor can do; torch is asked about everything else, and where a
    GPU may be there. Raises InputError for an unknown or absent device.
    """
    on_cpu = device == "cpu" or (device == "auto" and not any(driver.exists() for driver in GPU_DRIVERS))
    if on_cpu and platform.machine() == "x86_64" and PROCESSOR.is_file():
        capable = "avx512_bf16" in (features := _features()) or "amx_bf16" in features
    else:
        capable = _capable_as_torch_says(device)
    return "bfloat16" if capable else "float32"


def _features() -> set[str]:
    """The features of the first processor, by the kernel's names."""
    lines = (line.partition(":") for line in PROCESSOR.read_text(encoding="utf-8").splitlines())
    return next((set(value.split()) for name, _, value in lines if name.strip() == "flags"), set())


def _capable_as_torch_says(device: str) -> bool:
    import torch

    from diffsmooth_core.classifiers.device import resolve_device

    if (kind := resolve_device(device).type) != "cpu":
        return kind == "cuda"
    found = torch.cpu.get_capabilities()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))
