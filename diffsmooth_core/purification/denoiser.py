"""Purification by a diffusion model: in one shot (DiffSmooth, Algorithm 2) or by the reverse process
(DensePure, Xiao et al. 2023). The one place where [0,1] becomes [-1,1] and back."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from diffsmooth_core.config import InputError
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

    def check(self, sigma: float) -> None:
        """Raise InputError where the schedule does not reach sigma."""
        self.schedule.timestep_for_sigma(sigma)

    @torch.inference_mode()
    def purify(self, x_noisy: Tensor, sigma: float) -> Tensor:
        """Algorithm 2: scale x_rs to x_t at the timestep of sigma and estimate x_0 in one step.

        x_noisy: (b,c,h,w) in [0,1] units plus N(0, sigma^2) noise; returns the same shape in [0,1].
        The estimate is clamped to [-1,1] as in the released code. Raises InputError where the
        schedule does not reach sigma.
        """
        return self.one_shot(x_noisy, sigma)

    def one_shot(self, x_noisy: Tensor, sigma: float) -> Tensor:
        """`purify` with a gradient, for who attacks it."""
        t, alpha_bar = self.schedule.timestep_for_sigma(sigma)
        x_t = math.sqrt(alpha_bar) * (2 * x_noisy - 1)
        return (self._estimate(x_t, t, alpha_bar) + 1) / 2

    @torch.inference_mode()
    def predict_noise(self, x_t: Tensor, t: int) -> Tensor:
        """eps_theta(x_t, t): the network's estimate of the standard normal noise in x_t, (b,c,h,w)."""
        return self._noise(x_t, t)

    def _noise(self, x_t: Tensor, t: int) -> Tensor:
        timesteps = torch.full((len(x_t),), t * self.schedule.time_scale, device=x_t.device)
        eps: Tensor = self.network(x_t, timesteps)[:, :3]  # learned variances follow the first 3
        return eps.float()

    @torch.inference_mode()
    def reverse(self, x_noisy: Tensor, sigma: float, steps: int, noise: Tensor) -> Tensor:
        """The reverse process from the timestep of sigma to none in `steps` steps, evenly spaced.

        x_noisy: (b,c,h,w) as for `purify`; noise: (b,steps-1,c,h,w) standard normal, the last step adds
        none. A step is ancestral sampling (Ho et al. 2020, equation 7) with the posterior of the
        coarser process (Nichol and Dhariwal 2021, section 4), its variance the posterior's. One step is
        `purify`. Raises InputError where sigma has fewer timesteps than `steps`.
        """
        t, alpha_bar = self.schedule.timestep_for_sigma(sigma)
        if steps > t + 1:
            raise InputError(
                f"reverse_steps = {steps} is more than the {t + 1} timesteps of sigma {sigma:g}; use fewer"
            )
        ladder = np.linspace(t, -1, steps + 1).round().astype(int)  # -1 is the picture without noise
        x_t = math.sqrt(alpha_bar) * (2 * x_noisy - 1)
        for i, (now, then) in enumerate(pairwise(ladder)):
            a_now = float(self.schedule.alpha_bar[now])
            x_0 = self._estimate(x_t, int(now), a_now)
            if then < 0:
                break
            a_then = float(self.schedule.alpha_bar[then])
            beta = 1 - a_now / a_then
            mean = (math.sqrt(a_then) * beta * x_0 + math.sqrt(a_now / a_then) * (1 - a_then) * x_t) / (
                1 - a_now
            )
            x_t = mean + math.sqrt(beta * (1 - a_then) / (1 - a_now)) * noise[:, i]
        return (x_0 + 1) / 2

    def _estimate(self, x_t: Tensor, t: int, alpha_bar: float) -> Tensor:
        """The network's x_0 at timestep t, in [-1,1] and clamped to it."""
        return self.without_noise(x_t, self._noise(x_t, t), alpha_bar)

    @staticmethod
    def without_noise(x_t: Tensor, eps: Tensor, alpha_bar: float) -> Tensor:
        """The x_0 from which x_t comes by the noise eps, in [-1,1] and clamped to it."""
        x_0: Tensor = (x_t - math.sqrt(1 - alpha_bar) * eps) / math.sqrt(alpha_bar)
        return x_0.clamp(-1, 1)
