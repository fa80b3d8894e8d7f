"""Gradient ascent around images in [0,1]: PGD and DDN inside an L2 ball, and plain ascent without one.

Each attack takes `log_probability`, which maps (b,c,h,w) to (b,k), and maximises the loss, minus the
log-probability of `labels` (b,). For a smoothed classifier that is the log of the mean softmax over noisy
copies (Salman et al. 2019, equation 6).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

LogProbability = Callable[[Tensor], Tensor]
ROUNDING = 2.0**-24  # largest rounding error of a float32 value in [0,1]


def norm(x: Tensor) -> Tensor:
    """L2 norm of each picture: (b,c,h,w) -> (b,1,1,1), never 0."""
    lengths: Tensor = torch.linalg.vector_norm(x, dim=(1, 2, 3), keepdim=True)
    return lengths.clamp(min=1e-12)


def distance(x: Tensor, changed: Tensor) -> float:
    """L2 norm of the change from x to `changed`, two pictures (c,h,w) in [0,1], computed in float64."""
    return float((changed.double() - x.double()).norm())


def unit_gradient(log_probability: LogProbability, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The direction (b,c,h,w) in which the loss at x grows fastest, and the log-probabilities there (b,k)."""
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        log_p = log_probability(x)
        (gradient,) = torch.autograd.grad(-log_p.gather(1, labels[:, None]).sum(), x)
    return gradient / norm(gradient), log_p.detach()


def project(x: Tensor, moved: Tensor, epsilon: float) -> Tensor:
    """Project `moved` into the L2 ball of radius epsilon around x, and into [0,1]; both (b,c,h,w).

    The radius is reduced by the largest possible rounding error, so that the result stays in the ball.
    """
    delta = moved - x
    allowed = max(0.0, epsilon - ROUNDING * math.sqrt(x[0].numel()))
    return (x + delta * (allowed / norm(delta)).clamp(max=1)).clamp(0, 1)


def ascend(log_probability: LogProbability, x: Tensor, labels: Tensor, length: float, steps: int) -> Tensor:
    """Take `steps` gradient steps of L2 length `length` from x (b,c,h,w), clamped to [0,1] but to no ball."""
    for _ in range(steps):
        x = (x + length * unit_gradient(log_probability, x, labels)[0]).clamp(0, 1).detach()
    return x


def pgd(log_probability: LogProbability, x: Tensor, labels: Tensor, epsilon: float, steps: int) -> Tensor:
    """Projected gradient ascent in the L2 ball of radius epsilon around x (b,c,h,w), in `steps` steps of
    length 2 epsilon/steps."""
    adversarial = x
    for _ in range(steps):
        direction, _ = unit_gradient(log_probability, adversarial, labels)
        adversarial = project(x, adversarial + 2 * epsilon / steps * direction, epsilon)
    return adversarial.detach()


def ddn(
    log_probability: LogProbability,
    x: Tensor,
    labels: Tensor,
    epsilon: float,
    steps: int,
    gamma: float = 0.05,
) -> Tensor:
    """Decoupled direction and norm (Rony et al. 2019) around x (b,c,h,w).

    The norm of the perturbation starts at epsilon. Each step multiplies it by 1 - gamma where the image is
    misclassified, and by 1 + gamma, up to epsilon at most, where it is not.
    """
    adversarial, radius = x, torch.full((len(x), 1, 1, 1), epsilon, device=x.device)
    for step in range(steps):
        direction, log_p = unit_gradient(log_probability, adversarial, labels)
        fooled = (log_p.argmax(1) != labels)[:, None, None, None]
        radius = torch.where(fooled, (1 - gamma) * radius, (1 + gamma) * radius).clamp(max=epsilon)
        length = 0.01 + 0.99 * (1 + torch.cos(torch.tensor(torch.pi * step / steps))) / 2
        delta = adversarial + length * direction - x
        adversarial = (x + delta * radius / norm(delta)).clamp(0, 1)
    return adversarial.detach()
