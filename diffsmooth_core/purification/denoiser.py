"""One-shot purification (DiffSmooth, Algorithm 2). The one place where [0,1] becomes [-1,1] and back."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from diffsmooth_core.purification.schedule import Schedule


class Denoiser(nn.Module):
    """A noise-prediction network with its schedule.

    `weights` is the SHA-256 of the file that the parameters came from.
    """

    def __init__(self, network: nn.Module, schedule: Schedule, name: str, weights: str) -> None:
        super().__init__()
        self.network = network
        self.schedule = schedule
        self.name = name
        self.weights = weights

    @torch.inference_mode()
    def purify(self, x_noisy: Tensor, sigma: float) -> Tensor:
        """Algorithm 2: scale x_rs to x_t at the timestep of sigma and estimate x_0 in one step.

        x_noisy: (b,c,h,w) in [0,1] units plus N(0, sigma^2) noise; returns the same shape in [0,1].
        The estimate is clamped to [-1,1] as in the released code. Raises InputError where the
        schedule does not reach sigma.
        """
        t, alpha_bar = self.schedule.timestep_for_sigma(sigma)
        x_t = math.sqrt(alpha_bar) * (2 * x_noisy - 1)
        timesteps = torch.full((len(x_t),), t * self.schedule.time_scale, device=x_t.device)
        eps = self.network(x_t, timesteps)[:, :3].float()  # learned variances follow the first 3
        x_0 = (x_t - math.sqrt(1 - alpha_bar) * eps) / math.sqrt(alpha_bar)
        return (x_0.clamp(-1, 1) + 1) / 2  # type: ignore[no-any-return]
