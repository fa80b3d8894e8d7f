"""How fast a scheme's paths come to the posterior as their steps double, in the exact world."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from diffsmooth_core.purification.schedule import noise_ratio
from diffsmooth_core.theory.exact import begin
from diffsmooth_core.theory.reverse_sde import SCHEMES, halved, increments, integrate, nodes

STEPS = (64, 32, 16, 8, 4)
FINER = 4  # times the most steps: the paths that stand in for the exact solution
MOST = 16_000_000  # numbers of noise, so that it fits into memory
PATHS = 4000


@dataclass(frozen=True)
class WeakError:
    """How the law of the ends differs from the posterior of x_0, each with its Monte-Carlo standard error.

    `mean`: the distance of the means over the posterior's standard deviation. `variance`: that of the ends,
    summed over dimensions, over the posterior's, less 1.
    """

    steps: int
    mean: float
    mean_chance: float
    variance: float
    variance_chance: float


@dataclass(frozen=True, eq=False)
class Convergence:
    """Weak errors by scheme, for the first of STEPS so far; `reference` is against the closed form."""

    reference: WeakError
    errors: Mapping[str, tuple[WeakError, ...]]

    @property
    def finished(self) -> bool:
        return all(len(errors) == len(STEPS) for errors in self.errors.values())


def convergence(
    name: str, dimension: int, sigma: float, *, noise: bool = True, seed: int = 0
) -> Iterator[Convergence]:
    """Every scheme in a named world at every number of STEPS; sigma is in [0,1] units.

    The same noise drives all of them, and a reference of FINER times as many steps, which is compared with
    the closed form. A scheme's error is its difference from the reference, where chance cancels but for
    little. Yields after every number of steps. Raises InputError.
    """
    mixture, alpha_bar, _, received = begin(name, dimension, sigma, noise, seed)
    x_t = alpha_bar**0.5 * received[None]
    mean, spread = mixture.posterior_mean(x_t, alpha_bar)[0], float(mixture.posterior_spread(x_t, alpha_bar))
    levels = nodes(noise_ratio(alpha_bar), FINER * STEPS[0])
    paths = min(PATHS, MOST // (len(levels) * dimension))
    driven = increments(levels, paths, (dimension,), seed + 1)
    fine = integrate(mixture.eps, received, levels, driven).end
    expected, finest = (mean.expand_as(fine), torch.full((paths,), spread)), _moments(fine)
    reference = _weak_error(len(levels) - 1, finest, expected, spread)
    progress = Convergence(reference, dict.fromkeys(SCHEMES, ()))
    for steps in STEPS:
        while len(levels) - 1 > steps:
            levels, driven = halved(levels, driven)
        now = {
            scheme: _weak_error(
                steps, _moments(integrate(mixture.eps, received, levels, driven, scheme).end), finest, spread
            )
            for scheme in SCHEMES
        }
        progress = replace(progress, errors={s: (*errors, now[s]) for s, errors in progress.errors.items()})
        yield progress


def _moments(ends: Tensor) -> tuple[Tensor, Tensor]:
    """The ends (k,d), and their squared distances from their mean (k,), whose mean is the variance."""
    return ends, (ends - ends.mean(0)).square().sum(1) * len(ends) / (len(ends) - 1)


def _weak_error(
    steps: int, found: tuple[Tensor, Tensor], expected: tuple[Tensor, Tensor], spread: float
) -> WeakError:
    """Differences path by path: their means are the errors, their scatter is what chance may do."""
    (shift, squared), count = (a - b for a, b in zip(found, expected, strict=True)), len(found[0])
    return WeakError(
        steps,
        float(shift.mean(0).norm()) / math.sqrt(spread),
        math.sqrt(float(shift.var(0).sum()) / count / spread),
        float(squared.mean()) / spread,
        float(squared.std()) / math.sqrt(count) / spread,
    )
