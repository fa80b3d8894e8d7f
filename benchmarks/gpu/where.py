"""Where the parts run, and in which size: a GPU, or the CPU in a rehearsal."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import torch

from diffsmooth_core.config import InputError


@dataclass(frozen=True)
class Where:
    """A device, and whether everything is tiny, as in a rehearsal."""

    device: str = "cuda"
    tiny: bool = False

    @property
    def mode(self) -> str:
        """The execution that is looked at."""
        return "graph" if self.device == "cuda" else "folded"

    def wait(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()

    def machine(self) -> str:
        """The card and the versions. Raises InputError where there is no GPU."""
        versions = f"Python {platform.python_version()}, torch {torch.__version__}"
        if self.device != "cuda":
            return f"CPU, {versions}"
        if not torch.cuda.is_available():
            raise InputError("there is no CUDA GPU here; run it on a machine that has one")
        card = torch.cuda.get_device_properties(0)
        try:
            triton = version("triton")
        except PackageNotFoundError:
            triton = "not installed"
        return (
            f"{card.name}, {card.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}, "
            f"cuDNN {torch.backends.cudnn.version()}, Triton {triton}, {versions}"
        )
