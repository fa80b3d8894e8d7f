"""The perturbations of the clean image for which Theorem 1 can be evaluated. [0,1] pixel units."""

from __future__ import annotations

import torch
from torch import Tensor

from diffsmooth_core.certification.illustration import perturbation
from diffsmooth_core.config import check_choice
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.prediction import convert

KINDS = ("none", "random", "adversarial")


def perturb(kind: str, x: Tensor, denoiser: Denoiser, sigma: float, radius: float, seed: int = 0) -> Tensor:
    """A perturbation of a named kind with L2 norm `radius` and the shape of x (c,h,w); 0 for "none".

    Raises InputError for an unknown kind, or a sigma that the schedule does not reach.
    """
    check_choice("perturbation", kind, KINDS)
    if kind == "none":
        return torch.zeros_like(x)
    if kind == "random":
        return _random(x, radius, seed)
    return adversarial(x, denoiser, sigma, radius, seed=seed)


def _random(x: Tensor, radius: float, seed: int) -> Tensor:
    return torch.from_numpy(perturbation(tuple(x.shape), radius, seed)).to(x)


def adversarial(
    x: Tensor, denoiser: Denoiser, sigma: float, radius: float, steps: int = 5, seed: int = 0
) -> Tensor:
    """A perturbation of L2 norm `radius` ([0,1] units, shape of x) that moves the one-shot output away from
    x.

    Gradient ascent on the distance between the one-shot output and x, projected onto the sphere of that
    radius after each step. The gradient is taken at the perturbed image without smoothing noise.
    """
    delta = _random(x, radius, seed)
    if radius == 0:
        return delta
    t, alpha_bar = denoiser.schedule.timestep_for_sigma(sigma)
    device = next(iter(denoiser.network.parameters()), x).device
    clean = 2 * x - 1
    for _ in range(steps):
        with torch.enable_grad():
            moved = delta.detach().requires_grad_(True)
            x_t = alpha_bar**0.5 * (clean + 2 * moved)
            eps = denoiser.predict_noise(x_t[None].to(device), t)[0].cpu()
            estimate = convert(eps, x_t, alpha_bar, "eps", "x0")
            (gradient,) = torch.autograd.grad((estimate - clean).square().sum(), moved)
        delta = delta + radius * gradient / gradient.norm().clamp_min(1e-12)
        delta = delta * (radius / delta.norm().clamp_min(1e-12))
    return delta.detach()
