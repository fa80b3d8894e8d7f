"""How the networks of f run: as they are, or folded for one sigma in one dtype. The same function of a copy
but for rounding, so the choice is made before the first vote and recorded with it."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from functools import lru_cache
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
}


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


def foldable(network: nn.Module) -> bool:
    return isinstance(network, UNet | CompactCNN | CifarResNet)


@lru_cache(maxsize=16)
def folded(network: nn.Module, dtype: torch.dtype, t: float | None = None) -> nn.Module:
    """`network` with everything folded into its weights that is the same in every pass; t is a U-Net's
    timestep. Networks that cannot be folded are returned as they are."""
    if not foldable(network):
        return network
    made: Any = copy.deepcopy(network)
    made.fold(t) if isinstance(network, UNet) else made.fold()
    return InDtype(made, dtype).eval().requires_grad_(False)
