"""Both theorems on a Gaussian mixture, where the score and the posterior are known in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from diffsmooth_core.config import InputError
from diffsmooth_core.purification.prediction import convert
from diffsmooth_core.purification.schedule import noise_ratio
from diffsmooth_core.theory.mixture import Mixture, world
from diffsmooth_core.theory.reverse_sde import Paths, doubling_error, increments, integrate, nodes
from diffsmooth_core.theory.theorem1 import Theorem1
from diffsmooth_core.theory.theorem2 import Theorem2, error_of_size, in_mixture


@dataclass(frozen=True, eq=False)
class Exact:
    """One clean point of a mixture, its noisy version x_rs, the reverse-SDE paths that start there, and both
    theorems for it. All values are in [-1,1] units."""

    mixture: Mixture
    alpha_bar: float
    clean: Tensor  # (d,)
    received: Tensor  # (d,): 2 x_rs - 1
    posterior_mean: Tensor  # (d,)
    one_shot: Tensor  # (d,)
    paths: Paths  # driven by the exact score; their states are kept where d <= 2
    levels: tuple[float, ...]
    doubling_error: float
    theorem1: Theorem1
    theorem2: Theorem2


def begin(
    name: str, dimension: int, sigma: float, noise: bool, seed: int
) -> tuple[Mixture, float, Tensor, Tensor]:
    """The named mixture, alpha_bar for sigma, a clean point (d,) and its noisy version 2 x_rs - 1 (d,).

    Both points are in [-1,1] units, sigma in [0,1] units. Without `noise` the two points are equal. Raises
    InputError for an unknown mixture, a dimension out of range, or a sigma that is not positive.
    """
    if not (math.isfinite(sigma) and sigma > 0):
        raise InputError(f"sigma must be above 0, got {sigma:g}")
    mixture, rho = world(name, dimension), 2 * sigma
    generator = torch.Generator().manual_seed(seed)
    if name == "far":
        clean = received = torch.zeros(dimension, dtype=torch.float64)
    else:
        clean = mixture.sample(1, generator)[0]
        push = torch.randn(dimension, generator=generator, dtype=torch.float64)
        received = clean + rho * push * noise
    return mixture, 1 / (1 + rho**2), clean, received


def exact(
    name: str,
    dimension: int,
    sigma: float,
    *,
    samples: int = 256,
    steps: int = 64,
    eta: float = 0.01,
    eps_error: float = 0.0,
    noise: bool = True,
    seed: int = 0,
    scheme: str = "multistep",
) -> Exact:
    """Run one experiment on a named mixture. sigma is in [0,1] units.

    `eps_error` is the root mean square of an error added to the noise prediction behind the one-shot
    estimate; the reverse-SDE paths always use the exact score. For "far", the clean point and x_rs are both
    the origin, a case in which Theorem 1 as printed fails. Raises InputError for an unknown mixture or
    scheme, a value out of range, or more samples, steps and dimensions than fit into memory.
    """
    if samples * steps * dimension > 100_000_000:
        raise InputError(
            f"{samples} samples of {steps} steps in {dimension} dimensions take too much memory; "
            "choose fewer samples or steps"
        )
    if samples < 1:
        raise InputError(f"at least 1 sample is needed, got {samples}")
    mixture, alpha_bar, clean, received = begin(name, dimension, sigma, noise, seed)
    levels = nodes(noise_ratio(alpha_bar), steps)
    driven = increments(levels, samples, (dimension,), seed + 1)
    paths = integrate(mixture.eps, received, levels, driven, scheme, keep=dimension <= 2)
    x_t = alpha_bar**0.5 * received
    error = error_of_size(eps_error, x_t.shape, seed)
    predicted = mixture.eps(x_t[None], alpha_bar)[0] + error
    return Exact(
        mixture,
        alpha_bar,
        clean,
        received,
        mixture.posterior_mean(x_t[None], alpha_bar)[0],
        convert(predicted, x_t, alpha_bar, "eps", "x0"),
        paths,
        tuple(levels),
        doubling_error(mixture.eps, received, levels, min(samples, 64), seed, scheme)
        if steps > 1
        else math.nan,
        Theorem1.of(paths, received.numpy(), clean.numpy(), alpha_bar, eta),
        in_mixture(mixture, x_t, alpha_bar, error),
    )
