"""The reverse SDE of a diffusion model, integrated in few steps.

With the forward process dx = -gamma x/2 dt + sqrt(gamma) dw, alpha_bar = exp(-int gamma), the substitution
y = x_t / sqrt(alpha_bar), rho^2 = (1-alpha_bar)/alpha_bar takes the linear drift out of the reverse SDE:
with rho^2 falling to 0 as its clock,

    dy = (x_0(y) - y) / rho^2 d(rho^2) + dW,    x_0(y) = y - rho eps the network's estimate.

A step from noise level a down to b is either an Euler-Maruyama step, or the exact solution for an x_0(y) that
is extrapolated from the last two estimates (second-order multistep DPM-Solver++ for SDEs, Lu et al. 2022).
The score's contribution to a step is the change of y minus the step's noise W. The end point is therefore the
start, plus the sum of these contributions, plus noise that is exactly N(0, rho^2 I) for any number of steps.
So Theorem 1's bounds hold for the discretised path too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffsmooth_core.config import InputError, check_choice

# (x_t (b,...), alpha_bar) -> predicted noise of the same shape; the score is -eps/sqrt(1-alpha_bar)
Eps = Callable[[Tensor, float], Tensor]
Before = tuple[float, Tensor] | None  # noise level and x_0 estimate of the previous step, if any


@dataclass(frozen=True, eq=False)
class Paths:
    """The end points of k paths in [-1,1] units, and how much the score contributed along each."""

    end: Tensor  # (k,...)
    drift: Tensor  # (k,): sum over steps of the norm of the score's contribution (Theorem 1's last term)
    score: Tensor  # (k,): the largest ||score|| at a node of the path
    states: Tensor | None = None  # (steps+1,k,...): y at every node, if it was kept

    @staticmethod
    def join(parts: Sequence[Paths]) -> Paths:
        """Several batches of paths as one; the states are dropped."""
        return Paths(*(torch.cat([getattr(p, name) for p in parts]) for name in ("end", "drift", "score")))


def nodes(rho: float, steps: int) -> list[float]:
    """The steps+1 noise levels rho (1 - k/steps)^3, from rho down to 0 and denser towards 0.

    Raises InputError unless steps is from 1 to 10000 and rho above 0.
    """
    if not 1 <= steps <= 10_000:
        raise InputError(f"steps must lie between 1 and 10000, got {steps}")
    if not rho > 0:
        raise InputError(f"the noise ratio must be above 0, got {rho:g}")
    return [rho * (1 - k / steps) ** 3 for k in range(steps + 1)]


def increments(
    levels: Sequence[float], count: int, shape: Sequence[int], seed: int, dtype: torch.dtype = torch.float64
) -> Tensor:
    """The noise of every step for `count` paths: (steps,2,count,*shape), as `driven` describes it."""
    generator = torch.Generator().manual_seed(seed)
    return driven(levels, torch.randn(len(levels) - 1, 2, count, *shape, generator=generator, dtype=dtype))


def driven(levels: Sequence[float], noise: Tensor) -> Tensor:
    """Turn standard normal numbers (steps,2,k,...), in place, into the noise of each step from level a to b.

    Entry 0 of a step is the Brownian increment W ~ N(0, a^2 - b^2). Entry 1 is the part of W that the drift
    has not removed by the end of the step, b^2 int dW/rho^2; its variance is b^2 (a^2 - b^2)/a^2 and its
    covariance with W is b^2 log(a^2/b^2).
    """
    for (a, b), (push, left) in zip(itertools.pairwise(levels), noise, strict=True):
        variance = a * a - b * b
        push.mul_(math.sqrt(variance))
        if b == 0:
            left.zero_()
            continue
        shared = b * b * math.log(a * a / (b * b)) / variance
        own = max(0.0, b * b * variance / (a * a) - shared**2 * variance)
        left.mul_(math.sqrt(own)).add_(push, alpha=shared)
    return noise


def halved(levels: Sequence[float], noise: Tensor) -> tuple[list[float], Tensor]:
    """The levels without every second one, and the same Brownian path as the noise of these longer steps."""
    kept = [*range(0, len(levels) - 1, 2), len(levels) - 1]
    coarse = torch.zeros(len(kept) - 1, *noise.shape[1:], dtype=noise.dtype)
    for step, (first, last) in enumerate(itertools.pairwise(kept)):
        for k in range(first, last):
            coarse[step, 0] += noise[k, 0]
            remains = (levels[last] / levels[k + 1]) ** 2 if k + 1 < last else 1.0
            coarse[step, 1] += remains * noise[k, 1]
    return [levels[k] for k in kept], coarse


def euler_maruyama(y: Tensor, x_0: Tensor, a: float, b: float, noise: Tensor, before: Before) -> Tensor:
    """One step of weak order 1 from level a to b, with the drift held at its value at the step's start:
    y + (x_0 - y)/a^2 (b^2 - a^2) + W."""
    return x_0 + (b / a) ** 2 * (y - x_0) + noise[0]


def multistep(y: Tensor, x_0: Tensor, a: float, b: float, noise: Tensor, before: Before) -> Tensor:
    """One step of second order from level a to b: the exact solution for the x_0 that is extrapolated from
    the last two estimates; the first step and the step to 0 use the current estimate alone."""
    if before is not None and b > 0:
        above, earlier = before
        x_0 = x_0 + math.log(a / b) / (2 * math.log(above / a)) * (x_0 - earlier)
    return x_0 + (b / a) ** 2 * (y - x_0) + noise[1]


SCHEMES = {"multistep": multistep, "euler-maruyama": euler_maruyama}


@torch.no_grad()
def walk(
    eps: Eps,
    start: Tensor,
    levels: Sequence[float],
    noise: Tensor,
    scheme: str = "multistep",
    keep: bool = False,
) -> Iterator[Paths]:
    """Integrate paths from `start`, one y = x_t/sqrt(alpha_bar) in [-1,1] units, with noise from
    `increments`.

    `keep` keeps the states at every node. Yields the paths after every step; closing the iterator cancels.
    Raises InputError where the scheme is none of SCHEMES.
    """
    check_choice("scheme", scheme, SCHEMES)
    y = start.to(noise.dtype)[None]  # all paths begin here, so one evaluation of eps serves all
    states = [y.expand(noise.shape[2:])]
    drift = largest = torch.zeros(noise.shape[2], dtype=torch.float64)
    before: Before = None
    for (a, b), driven in zip(itertools.pairwise(levels), noise, strict=True):
        alpha_bar = 1 / (1 + a * a)
        predicted = eps(math.sqrt(alpha_bar) * y, alpha_bar)
        norm = predicted.flatten(1).norm(dim=1).double().cpu()
        largest = torch.maximum(largest, norm / math.sqrt(1 - alpha_bar))
        x_0 = y - a * predicted
        after = SCHEMES[scheme](y, x_0, a, b, driven, before)
        drift = drift + (after - y - driven[0]).flatten(1).norm(dim=1).double().cpu()
        y, before = after, (a, x_0)
        if keep:
            states.append(y)
        yield Paths(y, drift, largest, torch.stack(states) if keep else None)


def integrate(
    eps: Eps,
    start: Tensor,
    levels: Sequence[float],
    noise: Tensor,
    scheme: str = "multistep",
    keep: bool = False,
) -> Paths:
    """Run `walk` to its last step and return the finished paths."""
    *_, paths = walk(eps, start, levels, noise, scheme, keep)
    return paths


def batch_noise(levels: Sequence[float], count: int, start: Tensor, seed: int, batch: int) -> Tensor:
    """`increments` for the batch with number `batch`, from 0. Each batch has its own seed, so that its noise
    does not depend on which batches were computed before."""
    keys = torch.randint(2**62, (batch + 1,), generator=torch.Generator().manual_seed(seed))
    dtype = torch.float64 if start.dtype == torch.float64 else torch.float32
    return increments(levels, count, start.shape, int(keys[-1]), dtype)


def doubling_error(
    eps: Eps, start: Tensor, levels: Sequence[float], count: int, seed: int = 0, scheme: str = "multistep"
) -> float:
    """How far the end points of `count` paths move when every second node is left out: root mean square.

    The same noise drives both, so the difference is due to the discretisation alone, and the error of the
    finer paths is expected to be smaller. In [-1,1] units. Raises InputError for fewer than 2 steps.
    """
    if len(levels) < 3:
        raise InputError("step doubling needs at least 2 steps")
    noise = batch_noise(levels, count, start, seed, 0)
    fine = integrate(eps, start, levels, noise, scheme).end
    coarse = integrate(eps, start, *halved(levels, noise), scheme).end
    return float((fine - coarse).flatten(1).square().sum(1).mean().sqrt())
