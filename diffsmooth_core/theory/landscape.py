"""Pictures of a 1- or 2-dimensional mixture: points under the forward process, and decision regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffsmooth_core.config import InputError
from diffsmooth_core.theory.mixture import Mixture


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points of the forward process at one noise level rho, as y = x_t/sqrt(alpha_bar) = x_0 + rho eps."""

    rho: float
    points: Tensor  # (count,d)
    component: Tensor  # (count,): index of the mixture component that each point was drawn from


def clouds(mixture: Mixture, levels: Sequence[float], count: int, seed: int = 0) -> list[Cloud]:
    """One cloud for each noise level rho, all made of the same `count` draws of x_0 and eps."""
    generator = torch.Generator().manual_seed(seed)
    clean, component = mixture.draw(count, generator)
    noise = torch.randn(clean.shape, generator=generator, dtype=torch.float64)
    return [Cloud(rho, clean + rho * noise, component) for rho in levels]


def regions(mixture: Mixture, rho: float, *axes: Tensor) -> Tensor:
    """The most probable mixture component at every point of a grid, given y = x_0 + rho eps (Bayes' rule).

    axes: the grid's coordinates, (n,) for 1 dimension, or (n1,) and (n2,) for 2. Returns component indices,
    (n,) or (n2,n1). Raises InputError unless the mixture has as many dimensions as axes are given.
    """
    if len(axes) != mixture.dimension or len(axes) > 2:
        raise InputError(f"regions are drawn in 1 or 2 dimensions, got {mixture.dimension}")
    grid = torch.cartesian_prod(*axes).reshape(-1, len(axes))
    components = mixture.component(grid, rho)
    return components.reshape(len(axes[0]), -1).T if len(axes) == 2 else components
