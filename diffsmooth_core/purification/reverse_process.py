"""The reverse process of a diffusion model, from a noisy image to one without noise (Ho et al. 2020)."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from diffsmooth_core.config import InputError
from diffsmooth_core.purification.denoiser import Denoiser


@torch.inference_mode()
def reverse_process(
    denoiser: Denoiser, x_noisy: Tensor, sigma: float, steps: int, noise: Tensor | None
) -> Tensor:
    """Run the reverse process from the timestep of sigma to a noise-free image, in `steps` evenly spaced
    steps.

    x_noisy: (b,c,h,w) in [0,1] units plus N(0, sigma^2) noise; returns the same shape in [0,1]. noise:
    (b,steps-1,c,h,w) standard normal; the last step adds no noise, so None serves for a single step. Each
    step is ancestral sampling (Ho et al. 2020, equation 7) on the subsequence of timesteps, with the mean and
    variance of the posterior (Nichol and Dhariwal 2021, section 4). A single step equals `Denoiser.purify`.
    Raises InputError where `steps` exceeds the number of timesteps up to that of sigma.
    """
    x_t, t = denoiser.diffuse(x_noisy, sigma)
    if steps > t + 1:
        raise InputError(
            f"reverse_steps = {steps} is more than the {t + 1} timesteps of sigma {sigma:g}; use fewer"
        )
    timesteps = np.linspace(t, -1, steps + 1).round().astype(int)  # -1 stands for the noise-free image
    for i, (now, then) in enumerate(pairwise(timesteps)):
        x_0 = denoiser.predict_picture(x_t, int(now))
        if then < 0:
            break
        assert noise is not None
        a_now, a_then = (float(denoiser.schedule.alpha_bar[s]) for s in (now, then))
        beta = 1 - a_now / a_then
        mean = (math.sqrt(a_then) * beta * x_0 + math.sqrt(a_now / a_then) * (1 - a_then) * x_t) / (1 - a_now)
        x_t = mean + math.sqrt(beta * (1 - a_then) / (1 - a_now)) * noise[:, i]
    return (x_0 + 1) / 2
