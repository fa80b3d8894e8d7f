"""SmoothAdv: adversarial training of the smoothed classifier (Salman et al. 2019).

The attack maximises -log of the mean softmax over m noisy copies, the same noise at every step
(their equation 6); training then minimises the cross-entropy of the attacked copies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from diffsmooth_core.training.classifier import Draw, cross_entropies, logits_of_copies

WARM_UP = 0.1  # share of training over which epsilon grows to its value


def smoothed_log_probability(network: nn.Module, x: Tensor, noise: Tensor) -> Tensor:
    """log of the mean softmax (b,k) over the copies of noise (m,b,c,h,w)."""
    logits = logits_of_copies(network, x, noise)
    return logits.log_softmax(2).logsumexp(0) - math.log(len(noise))


def _gradient(network: nn.Module, x: Tensor, labels: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Unit gradient of the smoothed loss with respect to x (b,c,h,w), and the predicted class (b,)."""
    x = x.detach().requires_grad_()
    log_p = smoothed_log_probability(network, x, noise)
    (gradient,) = torch.autograd.grad(-log_p.gather(1, labels[:, None]).sum(), x)
    return gradient / _norm(gradient), log_p.argmax(1)


def _norm(x: Tensor) -> Tensor:
    lengths: Tensor = torch.linalg.vector_norm(x, dim=(1, 2, 3), keepdim=True)
    return lengths.clamp(min=1e-12)


def ascend(network: nn.Module, x: Tensor, labels: Tensor, noise: Tensor, length: float, steps: int) -> Tensor:
    """`steps` gradient steps of L2 length `length`, in [0,1] and unconstrained otherwise."""
    for _ in range(steps):
        x = (x + length * _gradient(network, x, labels, noise)[0]).clamp(0, 1).detach()
    return x


def pgd(network: nn.Module, x: Tensor, labels: Tensor, noise: Tensor, epsilon: float, steps: int) -> Tensor:
    """Projected gradient ascent in the L2 ball of radius epsilon: `steps` steps of 2 epsilon/steps."""
    adversarial = x
    for _ in range(steps):
        direction, _ = _gradient(network, adversarial, labels, noise)
        delta = adversarial + 2 * epsilon / steps * direction - x
        adversarial = (x + delta * (epsilon / _norm(delta)).clamp(max=1)).clamp(0, 1)
    return adversarial.detach()


def ddn(
    network: nn.Module, x: Tensor, labels: Tensor, noise: Tensor, epsilon: float, steps: int,
    gamma: float = 0.05,
) -> Tensor:  # fmt: skip
    """Decoupled direction and norm (Rony et al. 2019): the norm shrinks by 1-gamma where the copy is
    misclassified and grows by 1+gamma where it is not, up to epsilon; it starts at epsilon."""
    adversarial, radius = x, torch.full((len(x), 1, 1, 1), epsilon, device=x.device)
    for step in range(steps):
        direction, predicted = _gradient(network, adversarial, labels, noise)
        fooled = (predicted != labels)[:, None, None, None]
        radius = torch.where(fooled, (1 - gamma) * radius, (1 + gamma) * radius).clamp(max=epsilon)
        length = 0.01 + 0.99 * (1 + torch.cos(torch.tensor(torch.pi * step / steps))) / 2
        delta = adversarial + length * direction - x
        adversarial = (x + delta * radius / _norm(delta)).clamp(0, 1)
    return adversarial.detach()


@dataclass(frozen=True)
class SmoothAdv:
    sigma: float
    epsilon: float  # L2 radius of the attack, [0,1] pixel units
    attack: Literal["pgd", "ddn"] = "pgd"
    steps: int = 2
    m: int = 2  # noise samples

    @property
    def title(self) -> str:
        return f"SmoothAdv, {self.attack.upper()} attack"

    def losses(self, network: nn.Module, x: Tensor, labels: Tensor, draw: Draw, progress: float) -> Tensor:
        noise = draw.noise(x, self.m, self.sigma)
        epsilon = self.epsilon * min(1.0, progress / WARM_UP)
        if epsilon > 0:
            network.eval()
            attack = {"pgd": pgd, "ddn": ddn}[self.attack]
            x = attack(network, x, labels, noise, epsilon, self.steps)
            network.train()
        return cross_entropies(logits_of_copies(network, x, noise), labels)
