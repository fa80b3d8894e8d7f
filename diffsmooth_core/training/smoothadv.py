"""SmoothAdv: adversarial training of the smoothed classifier (Salman et al. 2019).

The attack maximises -log of the mean softmax over m noisy copies, the same noise at every step
(their equation 6); training then minimises the cross-entropy of the attacked copies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Literal

from torch import Tensor, nn

from diffsmooth_core.attacks.ascent import ddn, pgd
from diffsmooth_core.training.objective import TrainingNoise, cross_entropies, logits_of_copies


def smoothed_log_probability(network: nn.Module, x: Tensor, noise: Tensor) -> Tensor:
    """The log (b,k) of the mean softmax over m noisy copies of x (b,c,h,w), with noise (m,b,c,h,w)."""
    logits = logits_of_copies(network, x, noise)
    return logits.log_softmax(2).logsumexp(0) - math.log(len(noise))


@dataclass(frozen=True)
class SmoothAdv:
    sigma: float
    epsilon: float  # L2 radius of the attack, [0,1] pixel units
    attack: Literal["pgd", "ddn"] = "pgd"
    attack_steps: int = 2
    m: int = 2  # noise samples
    warm_up: float = 0.1  # share of training over which epsilon grows to its value

    @property
    def title(self) -> str:
        return f"SmoothAdv, {self.attack.upper()} attack"

    def losses(
        self, network: nn.Module, x: Tensor, labels: Tensor, source: TrainingNoise, progress: float
    ) -> Tensor:
        noise = source.noise(x, self.m, self.sigma)
        epsilon = self.epsilon * min(1.0, progress / self.warm_up)
        if epsilon > 0:
            network.eval()
            attack = {"pgd": pgd, "ddn": ddn}[self.attack]
            log_p = partial(smoothed_log_probability, network, noise=noise)
            x = attack(log_p, x, labels, epsilon, self.attack_steps)
            network.train()
        return cross_entropies(logits_of_copies(network, x, noise), labels)
