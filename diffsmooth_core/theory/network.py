"""A trained denoiser as the noise predictor of the reverse SDE, and one with an error added on purpose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.device import autocast
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.prediction import convert
from diffsmooth_core.purification.schedule import noise_ratio
from diffsmooth_core.theory.reverse_sde import nodes
from diffsmooth_core.theory.theorem2 import error_of_size


class NetworkEps:
    """eps_theta(x_t, alpha_bar) for x_t (b,c,h,w), at the timestep whose noise level is nearest to
    alpha_bar's.

    `dtype` is the precision in which the network computes.
    """

    def __init__(self, denoiser: Denoiser, dtype: torch.dtype = torch.float32) -> None:
        self.denoiser, self.dtype = denoiser, dtype
        self._ratios = denoiser.schedule.noise_ratio

    def __call__(self, x_t: Tensor, alpha_bar: float) -> Tensor:
        t = self._nearest(noise_ratio(alpha_bar))
        device = next(iter(self.denoiser.network.parameters()), x_t).device
        with autocast(device, self.dtype):
            return self.denoiser.predict_noise(x_t.float().to(device), t).to(x_t)

    def levels(self, alpha_bar: float, steps: int) -> list[float]:
        """Noise levels from alpha_bar's down to 0, each but the last at a timestep that the network was
        trained for; at most steps+1, since two may fall on the same timestep."""
        wanted: Sequence[float] = nodes(noise_ratio(alpha_bar), steps)
        known = sorted({float(self._ratios[self._nearest(level)]) for level in wanted[:-1]}, reverse=True)
        return [*known, 0.0]

    def _nearest(self, ratio: float) -> int:
        return int(np.abs(self._ratios - ratio).argmin())


class _Disturbed(nn.Module):
    """A denoiser's network with a fixed pattern added to the noise that it predicts."""

    def __init__(self, denoiser: Denoiser, size: float, seed: int) -> None:
        super().__init__()
        self.denoiser, self.size, self.seed = denoiser, size, seed

    def forward(self, x_t: Tensor, timesteps: Tensor) -> Tensor:
        output: Tensor = self.denoiser.network(x_t, timesteps)[:, :3]
        error = error_of_size(self.size, x_t.shape[1:], self.seed).to(output)
        schedule = self.denoiser.schedule
        alpha_bar = float(schedule.alpha_bar[round(float(timesteps[0]) / schedule.time_scale)])
        # The network's output is affine in the noise; with x_t = 0, `convert` maps only the error.
        return output + convert(error, torch.zeros_like(error), alpha_bar, "eps", self.denoiser.predicts)


def disturbed(denoiser: Denoiser, size: float, seed: int = 0) -> Denoiser:
    """The denoiser with an error of root mean square `size` added to its predicted noise.

    The error is one pattern, drawn from `seed` and the same for every image, so that a base classifier built
    on the denoiser stays a deterministic function. A size of 0 returns the denoiser itself.
    """
    if not size:
        return denoiser
    worse = denoiser.with_network(_Disturbed(denoiser, size, seed))
    worse.name = f"{denoiser.name}, eps off by {size:g}"
    return worse
