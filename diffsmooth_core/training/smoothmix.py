"""SmoothMix: mixing pictures with adversarial examples of the smoothed classifier (Jeong et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from diffsmooth_core.attacks.ascent import ascend
from diffsmooth_core.training.objective import TrainingNoise, cross_entropies, logits_of_copies
from diffsmooth_core.training.smoothadv import smoothed_log_probability


@dataclass(frozen=True)
class SmoothMix:
    """Cross-entropy + eta * KL(y_mix || softmax at x_mix).

    x_mix = (1-lam) x + lam x_adv with lam ~ U(0,1/2), and y_mix moves from the smoothed prediction at x
    to the uniform distribution with the same lam. x_adv comes from `attack_steps` gradient steps of length
    `alpha` without a constraint on the distance, because the aim is to reduce overconfidence far from the
    data, not only in a small ball. Only pictures that the smoothed classifier classifies correctly are mixed.
    """

    sigma: float
    eta: float = 5.0
    alpha: float = 0.5
    attack_steps: int = 4
    m: int = 2  # noisy copies

    @property
    def title(self) -> str:
        return "SmoothMix"

    def losses(
        self, network: nn.Module, x: Tensor, labels: Tensor, source: TrainingNoise, progress: float
    ) -> Tensor:
        noise = source.noise(x, self.m, self.sigma)
        network.eval()
        log_p = partial(smoothed_log_probability, network, noise=noise)
        adversarial = ascend(log_p, x, labels, self.alpha, self.attack_steps)
        network.train()
        logits = logits_of_copies(network, x, noise)
        smoothed = logits.softmax(2).mean(0).detach()
        lam = source.uniform(x) / 2
        target = (1 - lam[:, :, 0, 0]) * smoothed + lam[:, :, 0, 0] / smoothed.shape[1]
        mixed = logits_of_copies(network, (1 - lam) * x + lam * adversarial, noise).log_softmax(2)
        divergence = (target * (target.clamp(min=1e-20).log() - mixed)).sum(2).mean(0)
        right = smoothed.argmax(1) == labels
        return cross_entropies(logits, labels) + self.eta * right * divergence
