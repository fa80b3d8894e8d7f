"""Both theorems over the noise sigma: distances, bounds and terms, a point a sigma."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.theory.exact import exact
from diffsmooth_core.theory.experiment import TheoremSetting
from diffsmooth_core.theory.sampling import sampling
from diffsmooth_core.theory.theorem1 import Theorem1
from diffsmooth_core.theory.theorem2 import Theorem2


@dataclass(frozen=True, eq=False)
class Point:
    """Both theorems at one sigma ([0,1] units); lengths inside are in [-1,1] units."""

    sigma: float
    timestep: int | None  # of the schedule, 0-based; None in the exact world, which has none
    theorem1: Theorem1
    theorem2: Theorem2
    one_shot: float  # ||one-shot output - x_0||


@dataclass(frozen=True, eq=False)
class Curves:
    sigmas: tuple[float, ...]
    points: tuple[Point, ...] = ()  # for the first sigmas, as far as they have come

    @property
    def finished(self) -> bool:
        return len(self.points) == len(self.sigmas)


def over_sigma(
    x: Tensor,
    denoiser: Denoiser,
    setting: TheoremSetting,
    sigmas: Sequence[float],
    samples: int = 16,
    resume: Curves | None = None,
) -> Iterator[Curves]:
    """The setting's experiment on the picture x (c,h,w) in [0,1] at every sigma, its own left aside.

    Yields after every step of every sampling; closing the iterator cancels, and `resume` goes on after the
    points of an earlier call. Raises InputError.
    """
    curves = resume or Curves(tuple(sigmas))
    for sigma in sigmas[len(curves.points) :]:
        t, _ = denoiser.schedule.timestep_for_sigma(sigma)
        for sampled in sampling(x, denoiser, replace(setting, sigma=sigma), samples):
            yield curves
            if sampled.finished:
                away = sampled.begun.one_shot_distance
                point = Point(sigma, t, sampled.theorem1, sampled.theorem2, away)
                curves = replace(curves, points=(*curves.points, point))
    yield curves


def over_sigma_exactly(
    world: str,
    dimension: int,
    sigmas: Sequence[float],
    *,
    samples: int = 64,
    steps: int = 32,
    eta: float = 0.01,
    eps_error: float = 0.0,
    noise: bool = True,
    seed: int = 0,
    scheme: str = "multistep",
) -> Iterator[Curves]:
    """The same in a Gaussian mixture, yielding after every sigma. Raises InputError."""
    curves = Curves(tuple(sigmas))
    for sigma in sigmas:
        yield curves
        world_at_sigma = exact(
            world,
            dimension,
            sigma,
            samples=samples,
            steps=steps,
            eta=eta,
            eps_error=eps_error,
            noise=noise,
            seed=seed,
            scheme=scheme,
        )
        away = float((world_at_sigma.one_shot - world_at_sigma.clean).norm())
        curves = replace(
            curves,
            points=(
                *curves.points,
                Point(sigma, None, world_at_sigma.theorem1, world_at_sigma.theorem2, away),
            ),
        )
    yield curves
