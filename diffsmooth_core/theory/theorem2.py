"""Theorem 2: how far the one-shot estimate lies from the posterior mean E[x_0|x_t]. [-1,1] units.

With E = E[||eps - eps_theta||^2 | x_t], summed over dimensions, and rho^2 = (1-alpha_bar)/alpha_bar,

    ||x_hat_0 - E[x_0|x_t]||^2 = rho^2 E - E[||x_0 - E[x_0|x_t]||^2 | x_t]

holds exactly, so the distance is at most rho sqrt(E). The printed bound is rho E, which is smaller where
E < 1: the printed proof uses a squared norm in the place of a norm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from diffsmooth_core.config import InputError
from diffsmooth_core.purification.prediction import convert
from diffsmooth_core.purification.schedule import noise_ratio
from diffsmooth_core.theory.mixture import Mixture


@dataclass(frozen=True)
class Theorem2:
    """Both sides of the theorem at one x_t; lengths in [-1,1] units."""

    distance: float  # ||one-shot - posterior mean||
    error: float  # E, the noise prediction's squared error
    spread: float  # E[||x_0 - E[x_0|x_t]||^2 | x_t]
    rho: float
    monte_carlo: float = 0.0  # standard error (a length) of the posterior mean, where it is estimated

    @property
    def printed(self) -> float:
        return self.rho * self.error

    @property
    def corrected(self) -> float:
        return self.rho * math.sqrt(self.error)

    @property
    def identity(self) -> float:
        """The distance that the exact identity gives."""
        return math.sqrt(max(0.0, self.rho**2 * self.error - self.spread))


def in_mixture(mixture: Mixture, x_t: Tensor, alpha_bar: float, error: Tensor) -> Theorem2:
    """Theorem 2 at x_t (d,), in closed form, for a noise predictor that is exact but for an added `error`
    (d,)."""
    predicted = mixture.eps(x_t[None], alpha_bar) + error
    mean = mixture.posterior_mean(x_t[None], alpha_bar)
    return Theorem2(
        distance=float((convert(predicted, x_t[None], alpha_bar, "eps", "x0") - mean).norm()),
        error=float(mixture.squared_error(x_t[None], alpha_bar, predicted)),
        spread=float(mixture.posterior_spread(x_t[None], alpha_bar)),
        rho=noise_ratio(alpha_bar),
    )


def from_samples(x_t: Tensor, alpha_bar: float, predicted: Tensor, samples: Tensor) -> Theorem2:
    """Theorem 2 at x_t, estimated with reverse-SDE samples (k,...) as draws from the posterior of x_0.

    x_t and `predicted`, the predicted noise, have the shape of one sample. Expectations are means over the
    samples, so the distance has the standard error `monte_carlo`. Raises InputError for fewer than 2 samples.
    """
    count = len(samples)
    if count < 2:
        raise InputError(f"the posterior mean needs at least 2 samples, got {count}")
    rho = noise_ratio(alpha_bar)
    y = x_t.double() / math.sqrt(alpha_bar)
    mean = samples.double().mean(0)
    noise = (y - samples.double()) / rho  # the eps that would lead from each sample to x_t
    estimate = convert(predicted.double(), x_t.double(), alpha_bar, "eps", "x0")
    spread = float((samples.double() - mean).square().flatten(1).sum(1).mean())
    return Theorem2(
        distance=float((estimate - mean).norm()),
        error=float((noise - predicted.double()).square().flatten(1).sum(1).mean()),
        spread=spread,
        rho=rho,
        monte_carlo=math.sqrt(spread / (count - 1)),
    )


def error_of_size(size: float, shape: torch.Size, seed: int = 0) -> Tensor:
    """A fixed error for the predicted noise, with root mean square `size`: float64, of `shape`.

    Raises InputError unless size is finite and not negative.
    """
    if not (math.isfinite(size) and size >= 0):
        raise InputError(f"the error's size must be a number from 0 up, got {size:g}")
    pattern = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return pattern * (size / pattern.square().mean().sqrt())
