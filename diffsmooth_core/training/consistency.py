"""Consistency regularisation of smoothed classifiers (Jeong and Shin 2020)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from diffsmooth_core.training.objective import TrainingNoise, cross_entropies, logits_of_copies


@dataclass(frozen=True)
class Consistency:
    """Cross-entropy + lam * mean KL(mean softmax || softmax of a copy) + eta * entropy of the mean."""

    sigma: float
    lam: float = 20.0
    eta: float = 0.5
    m: int = 2  # noisy copies

    @property
    def title(self) -> str:
        return "Consistency regularisation"

    def losses(
        self, network: nn.Module, x: Tensor, labels: Tensor, source: TrainingNoise, progress: float
    ) -> Tensor:
        logits = logits_of_copies(network, x, source.noise(x, self.m, self.sigma))
        log_p = logits.log_softmax(2)
        mean = log_p.exp().mean(0)
        log_mean = mean.clamp(min=1e-20).log()
        divergence = (mean * (log_mean - log_p)).sum(2).mean(0)
        entropy = -(mean * log_mean).sum(1)
        return cross_entropies(logits, labels) + self.lam * divergence + self.eta * entropy
