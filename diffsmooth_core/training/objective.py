"""The interface of a classifier's training objective, and the random noise and losses that objectives
share."""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.classifiers.device import autocast


class TrainingNoise:
    """Random numbers from one generator, drawn on its device. One on the CPU gives the same numbers whatever
    device the pictures are on."""

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator

    def noise(self, x: Tensor, copies: int, sigma: float) -> Tensor:
        """N(0, sigma^2) for each of `copies` copies of x (b,c,h,w): (copies,b,c,h,w)."""
        g = self.generator
        standard = torch.randn((copies, *x.shape), generator=g, device=g.device)
        return sigma * standard.to(x.device, non_blocking=True)

    def uniform(self, x: Tensor) -> Tensor:
        """U(0,1) for each picture of x: (b,1,1,1)."""
        g = self.generator
        return torch.rand((len(x), 1, 1, 1), generator=g, device=g.device).to(x.device, non_blocking=True)


class Objective(Protocol):
    """A training objective of a classifier: it defines the loss of each picture."""

    @property
    def sigma(self) -> float:
        """Standard deviation of the training noise, in [0,1] pixel units."""

    @property
    def title(self) -> str: ...

    def losses(
        self, network: nn.Module, x: Tensor, labels: Tensor, source: TrainingNoise, progress: float
    ) -> Tensor:
        """The loss of every picture (b,), for x (b,3,h,w) in [0,1] without noise and labels (b,). Noise is
        drawn from `source`; `progress` is the share of training that is over, 0 to 1."""


def logits_of_copies(network: nn.Module, x: Tensor, noise: Tensor) -> Tensor:
    """Logits (copies,b,k) of x (b,c,h,w) under each noise of (copies,b,c,h,w), in one pass."""
    copies = (x + noise).flatten(0, 1).contiguous(memory_format=torch.channels_last)
    with autocast(x.device, torch.bfloat16):
        logits = network(copies)
    return logits.float().unflatten(0, noise.shape[:2])  # type: ignore[no-any-return]


def cross_entropies(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy (b,) averaged over the copies of logits (copies,b,k)."""
    copies = len(logits)
    losses: Tensor = F.cross_entropy(logits.flatten(0, 1), labels.repeat(copies), reduction="none")
    return losses.view(copies, -1).mean(0)
