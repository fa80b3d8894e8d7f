"""How the networks of f run: as they are, folded, compiled, or as a CUDA graph. The same function of a copy
but for rounding, so the choice is made before the first vote and recorded with it."""

from __future__ import annotations

import copy
import os
import re
import shutil
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.compact import CompactCNN
from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.config import InputError
from diffsmooth_core.purification.unet import UNet

MODES = {
    "eager": "operation by operation, bfloat16 by autocast",
    "folded": "weights in the run's dtype, BatchNorm and the timestep folded into them",
    "compiled": "folded, then compiled by torch for its one shape",
    "graph": "folded, then captured as one CUDA graph for its one shape",
}


def modes(device: torch.device) -> tuple[str, ...]:
    """Those that this machine has for a device."""
    compiled = ("compiled",) if compiler(device) else ()
    return ("eager", "folded", *compiled) + (("graph",) if device.type == "cuda" else ())


def compiler(device: torch.device) -> bool:
    """Whether torch.compile has what it needs for a device."""
    if device.type == "cuda":
        return find_spec("triton") is not None
    return shutil.which(os.environ.get("CXX") or "g++") is not None or shutil.which("clang++") is not None


@dataclass(frozen=True)
class Execution:
    """A mode, and how many copies the classifier takes at a time, padded; 0: all local copies of a block.
    In a certificate "MODE" or "MODE/COPIES"."""

    mode: str = "eager"
    copies: int = 0

    def __str__(self) -> str:
        return f"{self.mode}/{self.copies}" if self.copies else self.mode

    @classmethod
    def parse(cls, text: str) -> Execution:
        """Raises InputError where `text` is no execution."""
        match = re.fullmatch(r"([a-z]+)(?:/([1-9][0-9]{0,5}))?", text)
        if match is None or match[1] not in MODES:
            raise InputError(
                f"execution {text!r} is unknown; this version has {', '.join(MODES)}, with /COPIES or without"
            )
        return cls(match[1], int(match[2] or 0))


EAGER = Execution()


def available(execution: Execution, device: torch.device) -> Execution:
    """`execution`, or an InputError where this machine has not what it takes."""
    if execution.mode not in modes(device):
        needs = "a CUDA GPU" if execution.mode == "graph" else "a compiler (g++), which is not installed"
        raise InputError(f"execution '{execution}' needs {needs}; use it elsewhere, or another one")
    return execution


class InDtype(nn.Module):
    """A network whose weights are in one dtype, whatever autocast says: float32 in, float32 out."""

    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.network = network.to(dtype).to(memory_format=torch.channels_last)
        self.dtype = dtype

    def forward(self, x: Tensor, *_: Any) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            x = x.to(self.dtype).contiguous(memory_format=torch.channels_last)
            return self.network(x).float()  # type: ignore[no-any-return]


class Graphed(nn.Module):
    """A network as one CUDA graph for each shape it is given: one launch in the place of hundreds."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.captured: dict[torch.Size, tuple[torch.cuda.CUDAGraph, Tensor, Tensor]] = {}

    def forward(self, x: Tensor, *_: Any) -> Tensor:
        if x.shape not in self.captured:
            self.captured[x.shape] = self._capture(x)
        graph, given, result = self.captured[x.shape]
        given.copy_(x)
        graph.replay()
        return result.clone()

    def _capture(self, x: Tensor) -> tuple[torch.cuda.CUDAGraph, Tensor, Tensor]:
        given, graph, beside = x.clone(), torch.cuda.CUDAGraph(), torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):  # libraries settle on their kernels before anything is captured
            for _ in range(3):
                self.network(given)
        torch.cuda.current_stream().wait_stream(beside)
        with torch.cuda.graph(graph):
            result = self.network(given)
        return graph, given, result


def foldable(network: nn.Module) -> bool:
    return isinstance(network, UNet | CompactCNN | CifarResNet)


@lru_cache(maxsize=8)
def prepared(network: nn.Module, mode: str, dtype: torch.dtype, t: float | None = None) -> nn.Module:
    """`network` as a mode runs it; t is a U-Net's timestep. Networks that cannot be folded are returned as
    they are: their shapes or branches may depend on what they see."""
    if mode == "eager" or not foldable(network):
        return network
    folded: Any = copy.deepcopy(network)
    folded.fold(t) if isinstance(network, UNet) else folded.fold()
    made = InDtype(folded, dtype).eval().requires_grad_(False)
    if mode == "compiled":
        return torch.compile(made, dynamic=False)  # type: ignore[return-value]
    return Graphed(made) if mode == "graph" else made
