"""How the networks of f run: unchanged, folded, compiled, or as a CUDA graph.

All of these compute the same function up to rounding, but rounding may change a vote. So the choice is made
before the first vote and recorded with the result.
"""

from __future__ import annotations

import copy
import os
import re
import shutil
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, cast

import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.compact import CompactCNN
from diffsmooth_core.classifiers.ensemble import Ensemble
from diffsmooth_core.classifiers.graphs import Graphs
from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.config import InputError
from diffsmooth_core.purification.diffusers_unet import DiffusersUNet
from diffsmooth_core.purification.dncnn import DnCNN
from diffsmooth_core.purification.unet import UNet

MODES = {
    "eager": "operation by operation, bfloat16 by autocast",
    "folded": "weights in the run's dtype, BatchNorm and the timestep folded into them",
    "compiled": "folded, then compiled by torch for its one shape",
    "graph": "folded, then captured as one CUDA graph for its one shape",
}


def modes(device: torch.device) -> tuple[str, ...]:
    """The modes that this machine supports on a device."""
    compiled = ("compiled",) if compiler(device) else ()
    return ("eager", "folded", *compiled) + (("graph",) if device.type == "cuda" else ())


def compiler(device: torch.device) -> bool:
    """Whether the compiler that torch.compile needs for a device is installed; never for an Apple GPU, for
    which it is a prototype."""
    if device.type == "mps":
        return False
    if device.type == "cuda":  # Triton builds the kernels' launchers with a compiler for C
        return find_spec("triton") is not None and _found(os.environ.get("CC") or "gcc", "clang")
    return _found(os.environ.get("CXX") or "g++", "clang++")


def _found(*programs: str) -> bool:
    return any(map(shutil.which, programs))


@dataclass(frozen=True)
class Execution:
    """How the networks run: a mode, and the number of images in each batch of the classifier.

    A classifier batch of 0 means all images that one purifier batch yields. Certificates record it as "MODE"
    or "MODE/PICTURES".
    """

    mode: str = "eager"
    classifier_batch: int = 0

    def __str__(self) -> str:
        return f"{self.mode}/{self.classifier_batch}" if self.classifier_batch else self.mode

    @classmethod
    def parse(cls, text: str) -> Execution:
        """Read "MODE" or "MODE/PICTURES". Raises InputError for any other text."""
        match = re.fullmatch(r"([a-z]+)(?:/([1-9][0-9]{0,5}))?", text)
        if match is None or match[1] not in MODES:
            raise InputError(
                f"execution {text!r} is unknown; this version has {', '.join(MODES)}, "
                "with /PICTURES or without"
            )
        return cls(match[1], int(match[2] or 0))


EAGER = Execution()


def available(execution: Execution, device: torch.device) -> Execution:
    """Return `execution` unchanged. Raises InputError where this machine does not support it on the
    device."""
    if execution.mode not in modes(device):
        compiler_for = {"cuda": "Triton and a compiler for C (gcc)"}.get(device.type, "a compiler (g++)")
        elsewhere = execution.mode == "graph" or device.type == "mps"
        needs = "a CUDA GPU" if elsewhere else f"{compiler_for}, not installed here"
        raise InputError(f"execution '{execution}' needs {needs}; use it elsewhere, or another one")
    return execution


class InDtype(nn.Module):
    """A network that computes in one dtype, ignoring autocast, with float32 input (b,c,h,w) and float32
    output. Timesteps (b,), where it is given some, are all the same."""

    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.network = network.to(dtype).to(memory_format=torch.channels_last)
        self.dtype = dtype

    def forward(self, x: Tensor, *timesteps: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            x = x.to(self.dtype).contiguous(memory_format=torch.channels_last)
            return self.network(x, *(t[:1] for t in timesteps)).float()  # type: ignore[no-any-return]


class Graphed(nn.Module):
    """A network captured as one CUDA graph for each input shape."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.graphs = Graphs(lambda *inputs: (network(*inputs),))

    def forward(self, *inputs: Tensor) -> Tensor:
        (result,) = self.graphs(*inputs)
        return result


WITH_TIMESTEP = (UNet, DiffusersUNet)
WITHOUT_TIMESTEP = (DnCNN, CompactCNN, CifarResNet)


def convertible(network: nn.Module) -> bool:
    """Whether the weights of a network on a GPU may have the run's dtype: those of libraries are known to
    stand it."""
    of_a_library = type(network).__module__.startswith(("timm.models.", "torchvision.models."))
    return of_a_library and next(network.parameters()).is_cuda


def prepared(network: nn.Module, mode: str, dtype: torch.dtype, t: float | None = None) -> nn.Module:
    """`network` prepared for a mode on the device on which it lies; t is the single timestep at which a U-Net
    is used, None where it is given one at each call.

    Of an ensemble the members are prepared. Of a `convertible` network the weights get the dtype, and nothing
    is folded into them. Any other network is returned unchanged, also for "compiled" and "graph", since its
    shapes or branches may depend on its input.
    """
    if mode == "eager":
        return network
    if isinstance(network, Ensemble):
        return network.with_networks(lambda member: prepared(member, mode, dtype))
    if not (isinstance(network, WITH_TIMESTEP + WITHOUT_TIMESTEP) or convertible(network)):
        return network
    return _prepared(network, next(network.parameters()).device, mode, dtype, t)


class Compiled(nn.Module):
    """A network compiled by torch at its first call. Raises InputError there where the compiler fails."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network: Any = torch.compile(network, dynamic=False)

    def forward(self, *inputs: Tensor) -> Tensor:
        try:
            return cast(Tensor, self.network(*inputs))
        except RuntimeError as error:
            from torch._dynamo.exc import TorchDynamoException  # importing it takes a second

            if not isinstance(error, TorchDynamoException):
                raise
            reason = str(getattr(error, "inner_exception", error)).strip().splitlines()[0][:200]
            raise InputError(
                f"this machine's compiler cannot compile the networks ({reason}); set "
                "DIFFSMOOTH_EXECUTION=folded, or run bench --tune again"
            ) from None


@lru_cache(maxsize=8)
def _prepared(
    network: nn.Module, _where: torch.device, mode: str, dtype: torch.dtype, t: float | None
) -> nn.Module:
    made: Any = copy.deepcopy(network).eval()
    if isinstance(made, WITH_TIMESTEP):
        made.fold(t)
    elif isinstance(made, WITHOUT_TIMESTEP):
        made.fold()
    if isinstance(made, DnCNN):  # the noise alone is in the dtype: the picture that it is taken from is not
        made.layers = InDtype(made.layers, dtype)
    else:
        made = InDtype(made, dtype)
    made.eval().requires_grad_(False)
    if mode == "compiled":
        return Compiled(made)
    return Graphed(made) if mode == "graph" else made
