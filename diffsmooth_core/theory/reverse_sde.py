"""The reverse SDE of a diffusion model, integrated by Euler-Maruyama.

With the forward process dx = -gamma x/2 dt + sqrt(gamma) dw, alpha_bar = exp(-int gamma), the substitution
y = x_t / sqrt(alpha_bar), rho^2 = (1-alpha_bar)/alpha_bar takes the linear drift out of the reverse SDE:
with rho^2 falling to 0 as its clock,

    y <- y + (rho_k^2 - rho_{k+1}^2) sqrt(alpha_bar_k) score_k + N(0, (rho_k^2 - rho_{k+1}^2) I).

So the end is the start plus the path's score terms plus noise that is exactly N(0, rho^2 I) whatever the
step: Theorem 1's three terms, and its bounds, hold for the discretised path too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffsmooth_core.config import InputError

# (x_t (b,...), alpha_bar) -> predicted noise of the same shape; the score is -eps/sqrt(1-alpha_bar)
Eps = Callable[[Tensor, float], Tensor]


@dataclass(frozen=True, eq=False)
class Paths:
    """Ends of k paths in [-1,1] units and what their scores did on the way."""

    end: Tensor  # (k,...)
    drift: Tensor  # (k,): int e^tau gamma ||score|| dt along the path, its steps summed
    score: Tensor  # (k,): the largest ||score|| on the path
    states: Tensor | None = None  # (steps+1,k,...): y at every node, where asked for

    @staticmethod
    def join(parts: Sequence[Paths]) -> Paths:
        """The same paths as one batch; without their states."""
        return Paths(*(torch.cat([getattr(p, name) for p in parts]) for name in ("end", "drift", "score")))


def nodes(rho: float, steps: int) -> list[float]:
    """Noise levels from rho down to 0, steps+1 of them, denser towards 0: rho (1 - k/steps)^2."""
    if not 1 <= steps <= 10_000:
        raise InputError(f"steps must lie between 1 and 10000, got {steps}")
    if not rho > 0:
        raise InputError(f"the noise ratio must be above 0, got {rho:g}")
    return [rho * (1 - k / steps) ** 2 for k in range(steps + 1)]


def increments(levels: Sequence[float], count: int, shape: Sequence[int], seed: int,
               dtype: torch.dtype = torch.float64) -> Tensor:  # fmt: skip
    """The noise of every step for `count` paths: (steps,count,*shape), N(0, rho_k^2 - rho_{k+1}^2)."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(len(levels) - 1, count, *shape, generator=generator, dtype=dtype)
    stds = torch.tensor([math.sqrt(a * a - b * b) for a, b in itertools.pairwise(levels)])
    return noise * stds.to(dtype).view(-1, *[1] * (noise.ndim - 1))


@torch.no_grad()
def integrate(eps: Eps, start: Tensor, levels: Sequence[float], noise: Tensor, keep: bool = False) -> Paths:
    """Paths from `start`, one y = x_t/sqrt(alpha_bar) in [-1,1] units, with the noise of `increments`."""
    y = start.to(noise.dtype).expand(noise.shape[1:])
    drift = torch.zeros(len(y), dtype=torch.float64)
    largest = torch.zeros(len(y), dtype=torch.float64)
    states = [y]
    for here, there, push in zip(levels, levels[1:], noise, strict=False):
        alpha_bar = 1 / (1 + here**2)
        predicted = eps(math.sqrt(alpha_bar) * y, alpha_bar)
        step = (here**2 - there**2) / here
        norm = predicted.flatten(1).norm(dim=1).double().cpu()
        drift += step * norm
        largest = torch.maximum(largest, norm / math.sqrt(1 - alpha_bar))
        y = y - step * predicted + push
        if keep:
            states.append(y)
    return Paths(y, drift, largest, torch.stack(states) if keep else None)


def sample(eps: Eps, start: Tensor, levels: Sequence[float], count: int, seed: int = 0,
           batch: int = 16, begin: int = 0) -> Iterator[Paths]:  # fmt: skip
    """`count` paths from `start`, a batch at a time; closing the iterator cancels.

    Batch i has the seed (seed, i), so the same paths come again whatever was cancelled. `begin` goes on
    after that many paths, whole batches of them.
    """
    if count < 1:
        raise InputError(f"at least 1 sample is needed, got {count}")
    dtype = torch.float64 if start.dtype == torch.float64 else torch.float32
    for first in range(begin, count, batch):
        i = first // batch
        key = torch.Generator().manual_seed(seed)
        key_i = int(torch.randint(2**62, (i + 1,), generator=key)[i])
        noise = increments(levels, min(batch, count - first), start.shape, key_i, dtype)
        yield integrate(eps, start, levels, noise)


def doubling_error(eps: Eps, start: Tensor, levels: Sequence[float], count: int, seed: int = 0) -> float:
    """How far the ends of `count` paths move, root mean square, when every second node is left out.

    Both paths are driven by the same noise, so what is seen is the discretisation alone: the error of the
    finer paths is about as large, as the scheme's order is one.
    """
    if len(levels) < 3:
        raise InputError("step doubling needs at least 2 steps")
    dtype = torch.float64 if start.dtype == torch.float64 else torch.float32
    noise = increments(levels, count, start.shape, seed, dtype)
    kept = [*range(0, len(levels) - 1, 2), len(levels) - 1]
    coarse = torch.stack([noise[a:b].sum(0) for a, b in itertools.pairwise(kept)])
    fine_end = integrate(eps, start, levels, noise).end
    coarse_end = integrate(eps, start, [levels[i] for i in kept], coarse).end
    return float((fine_end - coarse_end).flatten(1).square().sum(1).mean().sqrt())
