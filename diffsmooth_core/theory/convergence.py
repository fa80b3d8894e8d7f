"""How fast the end points of a discretised reverse SDE approach the posterior as the number of steps doubles.

Measured on Gaussian mixtures, where the posterior is known in closed form.
"""

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
FINER = 4  # The reference solution takes this many times the largest number of steps
MOST = 16_000_000  # random numbers drawn at most, so that they fit into memory
PATHS = 4000


@dataclass(frozen=True)
class WeakError:
    """How the distribution of the paths' end points differs from the posterior of x_0. All values are
    relative.

    `mean` is the distance between the two means, divided by the posterior's standard deviation. `variance` is
    the end points' variance divided by the posterior's (both summed over dimensions), minus 1. `mean_chance`
    and `variance_chance` are the Monte Carlo standard errors of the two.
    """

    steps: int
    mean: float
    mean_chance: float
    variance: float
    variance_chance: float


@dataclass(frozen=True, eq=False)
class Convergence:
    """The weak errors of each scheme, one for each number of steps finished so far, in the order of STEPS.

    They are measured against the reference solution; `reference` is the error of that solution itself
    against the closed-form posterior.
    """

    reference: WeakError
    errors: Mapping[str, tuple[WeakError, ...]]

    @property
    def finished(self) -> bool:
        return all(len(errors) == len(STEPS) for errors in self.errors.values())


def convergence(
    name: str, dimension: int, sigma: float, *, noise: bool = True, seed: int = 0
) -> Iterator[Convergence]:
    """The weak error of every scheme at every number of STEPS, in a named mixture; sigma in [0,1] units.

    The same noise drives all schemes and a reference solution with FINER times the largest number of steps,
    which is compared with the closed form. A scheme's error is its difference from the reference: since both
    see the same noise, most of the Monte Carlo error cancels. Yields after every number of steps. Raises
    InputError for an unknown mixture, a dimension out of range, or a sigma that is not positive.
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
    """The end points (k,d), and their squared distances from their mean (k,), scaled by k/(k-1) so that the
    average of these is the unbiased variance."""
    return ends, (ends - ends.mean(0)).square().sum(1) * len(ends) / (len(ends) - 1)


def _weak_error(
    steps: int, found: tuple[Tensor, Tensor], expected: tuple[Tensor, Tensor], spread: float
) -> WeakError:
    """Compare path by path: the mean differences are the errors, and their scatter gives the standard errors.

    `found` and `expected` are pairs as `_moments` returns them; spread is the posterior's variance.
    """
    (shift, squared), count = (a - b for a, b in zip(found, expected, strict=True)), len(found[0])
    return WeakError(
        steps,
        float(shift.mean(0).norm()) / math.sqrt(spread),
        math.sqrt(float(shift.var(0).sum()) / count / spread),
        float(squared.mean()) / spread,
        float(squared.std()) / math.sqrt(count) / spread,
    )
