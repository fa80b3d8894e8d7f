"""MACER: maximising the certified radius directly (Zhai et al. 2020, Algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from diffsmooth_core.training.objective import TrainingNoise, logits_of_copies


@dataclass(frozen=True)
class Macer:
    """-log of the mean softmax + lam * sigma/2 * hinge(gamma - (Phi^-1(p_y) - Phi^-1(p_2))). The hinge term
    applies only to pictures that the smoothed classifier classifies correctly; p is the mean softmax of
    beta * logits over the noisy copies, p_y the label's and p_2 the largest of the other classes."""

    sigma: float
    lam: float = 12.0
    gamma: float = 8.0
    beta: float = 16.0
    m: int = 16  # noisy copies

    @property
    def title(self) -> str:
        return "MACER"

    def losses(
        self, network: nn.Module, x: Tensor, labels: Tensor, source: TrainingNoise, progress: float
    ) -> Tensor:
        logits = logits_of_copies(network, x, source.noise(x, self.m, self.sigma))
        mean = logits.softmax(2).mean(0)
        classification = -(mean.gather(1, labels[:, None])[:, 0] + 1e-10).log()
        top, classes = (self.beta * logits).softmax(2).mean(0).topk(2)
        # In double precision: Phi^-1 is infinite where a float32 probability has become 1.
        quantiles = torch.special.ndtri(top.double().clamp(1e-12, 1 - 1e-12))
        gap = (quantiles[:, 0] - quantiles[:, 1]).float()
        counts = (classes[:, 0] == labels) & (gap <= self.gamma)
        robustness = torch.where(counts, self.sigma / 2 * (self.gamma - gap), 0.0)
        return classification + self.lam * robustness
