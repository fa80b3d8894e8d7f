"""A trained denoiser as the noise predictor of the reverse SDE, and one that is made worse on purpose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.theory.reverse_sde import nodes
from diffsmooth_core.theory.theorem2 import error_of_size


class NetworkEps:
    """eps_theta(x_t (b,c,h,w), alpha_bar) at the timestep of the schedule that is nearest."""

    def __init__(self, denoiser: Denoiser, dtype: torch.dtype = torch.float32) -> None:
        self.denoiser, self.dtype = denoiser, dtype
        self._ratios = denoiser.schedule.noise_ratio

    def __call__(self, x_t: Tensor, alpha_bar: float) -> Tensor:
        t = self._nearest(((1 - alpha_bar) / alpha_bar) ** 0.5)
        device = next(iter(self.denoiser.network.parameters()), x_t).device
        timesteps = torch.full((len(x_t),), t * self.denoiser.schedule.time_scale, device=device)
        with torch.autocast(device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16):
            predicted: Tensor = self.denoiser.network(x_t.float().to(device), timesteps)[:, :3]
        return predicted.to(x_t)

    def levels(self, alpha_bar: float, steps: int) -> list[float]:
        """Noise levels from alpha_bar's down to 0 at timesteps that the network knows; at most steps+1."""
        wanted: Sequence[float] = nodes(((1 - alpha_bar) / alpha_bar) ** 0.5, steps)
        known = sorted({float(self._ratios[self._nearest(level)]) for level in wanted[:-1]}, reverse=True)
        return [*known, 0.0]

    def _nearest(self, ratio: float) -> int:
        return int(np.abs(self._ratios - ratio).argmin())


class _Disturbed(nn.Module):
    """A network whose predicted noise is off by a fixed pattern."""

    def __init__(self, network: nn.Module, size: float, seed: int) -> None:
        super().__init__()
        self.network, self.size, self.seed = network, size, seed

    def forward(self, x_t: Tensor, timesteps: Tensor) -> Tensor:
        predicted = self.network(x_t, timesteps)[:, :3]
        disturbed: Tensor = predicted + error_of_size(self.size, x_t.shape[1:], self.seed).to(predicted)
        return disturbed


def disturbed(denoiser: Denoiser, size: float, seed: int = 0) -> Denoiser:
    """The denoiser with an error of root mean square `size` added to its predicted noise; itself where that
    is 0.

    The pattern is the same for every picture, so the base classifier built on it stays a function.
    """
    if not size:
        return denoiser
    name = f"{denoiser.name}, eps off by {size:g}"
    return Denoiser(_Disturbed(denoiser.network, size, seed), denoiser.schedule, name, denoiser.weights)
