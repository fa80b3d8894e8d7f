"""A denoiser trained for one noise level: DnCNN (Zhang et al. 2017), for denoised smoothing (Salman 2020)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from diffsmooth_core.config import InputError


class DnCNN(nn.Module):
    """(b,3,h,w) noisy pictures in [0,1] units -> denoised ones; the layers predict the noise."""

    def __init__(self, depth: int = 17, width: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1), nn.ReLU()]
        for _ in range(depth - 2):
            layers += [nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, 3, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return x - self.layers(x)  # type: ignore[no-any-return]


class DirectDenoiser(nn.Module):
    """A denoiser without a timestep, for the one sigma (in [0,1] units) that it was trained under.

    `weights` is the SHA-256 of the file that the parameters came from.
    """

    def __init__(self, network: nn.Module, sigma: float, name: str, weights: str) -> None:
        super().__init__()
        self.network = network
        self.sigma = sigma
        self.name = name
        self.weights = weights

    def check(self, sigma: float) -> None:
        """Raise InputError for another sigma than the one it was trained for."""
        if not math.isclose(sigma, self.sigma):
            raise InputError(
                f"denoiser {self.name!r} was trained for sigma {self.sigma:g}, not {sigma:g}; "
                f"set sigma to {self.sigma:g} or choose another denoiser"
            )

    @torch.inference_mode()
    def purify(self, x_noisy: Tensor, sigma: float) -> Tensor:
        """x_noisy (b,c,h,w) in [0,1] units plus N(0, sigma^2) noise; the same shape, clamped to [0,1]."""
        return self.purify_with_gradient(x_noisy, sigma)

    def purify_with_gradient(self, x_noisy: Tensor, sigma: float) -> Tensor:
        """`purify`, differentiable in x_noisy."""
        self.check(sigma)
        return self.network(x_noisy).float().clamp(0, 1)  # type: ignore[no-any-return]
