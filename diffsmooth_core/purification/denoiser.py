"""A trained diffusion model: its network's predictions for a noisy image, and one-step purification
(DiffSmooth, Algorithm 2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from diffsmooth_core.purification.prediction import Prediction, convert
from diffsmooth_core.purification.schedule import Schedule


@dataclass(frozen=True)
class Diffusion:
    """The intermediate results of Algorithms 1 and 2 for a batch of images (b,c,h,w).

    x_t = sqrt(alpha_bar) (2 x_noisy - 1) is the network's input at timestep t, and eps its estimate of the
    standard normal noise in x_t, both in [-1,1] units. `purified` is the result, in [0,1]. noise_ratio (T,)
    is sqrt((1 - alpha_bar) / alpha_bar) at every timestep; t is the first at which it reaches 2 sigma.
    """

    t: int
    alpha_bar: float
    noise_ratio: npt.NDArray[np.float64]
    x_t: Tensor
    eps: Tensor
    purified: Tensor


class Denoiser(nn.Module):
    """A diffusion network with its schedule. Images are in [0,1] units, x_t and x_0 in [-1,1] units.

    `predicts` is what the network was trained to estimate: the noise "eps", the picture "x0", the velocity
    "v" or EDM's residual "edm" (see prediction.py). `weights` is the SHA-256 of the file that the parameters
    came from.
    """

    kind: ClassVar = "diffusion"  # compared with what a purifier takes

    def __init__(
        self, network: nn.Module, schedule: Schedule, name: str, weights: str, predicts: Prediction = "eps"
    ) -> None:
        super().__init__()
        self.network = network
        self.schedule = schedule
        self.name = name
        self.weights = weights
        self.predicts = predicts

    def with_network(self, network: nn.Module) -> Denoiser:
        """The same model with its network replaced by an equivalent one, such as a folded or compiled one."""
        return Denoiser(network, self.schedule, self.name, self.weights, self.predicts)

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
        return self.purify_with_gradient(x_noisy, sigma)

    def purify_with_gradient(self, x_noisy: Tensor, sigma: float) -> Tensor:
        """`purify`, differentiable in x_noisy."""
        x_t, t = self.diffuse(x_noisy, sigma)
        return (self.predict_picture(x_t, t) + 1) / 2

    @torch.inference_mode()
    def trace(self, x_noisy: Tensor, sigma: float) -> Diffusion:
        """`purify` with all intermediate results."""
        x_t, t = self.diffuse(x_noisy, sigma)
        alpha_bar, output = self._alpha_bar(t), self._output(x_t, t)
        eps = convert(output, x_t, alpha_bar, self.predicts, "eps")
        x_0 = convert(output, x_t, alpha_bar, self.predicts, "x0")
        return Diffusion(t, alpha_bar, self.schedule.noise_ratio, x_t, eps, (x_0.clamp(-1, 1) + 1) / 2)

    def diffuse(self, x_noisy: Tensor, sigma: float) -> tuple[Tensor, int]:
        """The noisy copy (b,c,h,w) as the diffusion model's x_t at the timestep t of sigma (Algorithm 1)."""
        t, alpha_bar = self.schedule.timestep_for_sigma(sigma)
        return math.sqrt(alpha_bar) * (2 * x_noisy - 1), t

    def predict_picture(self, x_t: Tensor, t: int) -> Tensor:
        """The network's estimate of x_0 at timestep t, (b,c,h,w), clamped to [-1,1]."""
        return convert(self._output(x_t, t), x_t, self._alpha_bar(t), self.predicts, "x0").clamp(-1, 1)

    def predict_noise(self, x_t: Tensor, t: int) -> Tensor:
        """The network's estimate of the standard normal noise in x_t at timestep t, (b,c,h,w)."""
        return convert(self._output(x_t, t), x_t, self._alpha_bar(t), self.predicts, "eps")

    def _alpha_bar(self, t: int) -> float:
        return float(self.schedule.alpha_bar[t])

    def _output(self, x_t: Tensor, t: int) -> Tensor:
        timesteps = torch.full((len(x_t),), t * self.schedule.time_scale, device=x_t.device)
        output: Tensor = self.network(x_t, timesteps)[:, :3]  # the channels after these are variances
        return output.float()
