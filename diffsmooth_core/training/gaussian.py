"""Gaussian noise augmentation (Cohen et al. 2019); sigma 0 is plain training."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.training.objective import TrainingNoise, logits_of_copies

LABEL_SMOOTHING = 0.2  # for plain training; noise already smooths


@dataclass(frozen=True)
class Gaussian:
    sigma: float

    @property
    def title(self) -> str:
        return f"cross-entropy under N(0, {self.sigma:g}^2)" if self.sigma else "cross-entropy"

    def losses(
        self, network: nn.Module, x: Tensor, labels: Tensor, source: TrainingNoise, progress: float
    ) -> Tensor:
        noise = source.noise(x, 1, self.sigma) if self.sigma else torch.zeros_like(x)[None]
        logits = logits_of_copies(network, x, noise)[0]
        smoothing = 0.0 if self.sigma else LABEL_SMOOTHING
        return F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")
