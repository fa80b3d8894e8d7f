"""Per-channel normalisation as part of the network, so that weights and input range stay together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

STATISTICS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "cifar10-centred": ((0.4914, 0.4822, 0.4465), (1.0, 1.0, 1.0)),  # some models of SmoothAdv
    "imagenet-centred": ((0.485, 0.456, 0.406), (1.0, 1.0, 1.0)),
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),  # BEiT
    "none": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),  # MACER
}


class Normalise(nn.Module):
    """(b,3,h,w) in [0,1] -> (x - mean) / std."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.std
