"""Both theorems as functions of the noise sigma: distances, bounds and their terms at each sigma."""

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
    """Both theorems at one sigma. sigma is in [0,1] units; all lengths are in [-1,1] units."""

    sigma: float
    timestep: int | None  # of the schedule, 0-based; None for a mixture, which has no schedule
    theorem1: Theorem1
    theorem2: Theorem2
    one_shot: float  # ||one-shot output - x_0||


@dataclass(frozen=True, eq=False)
class Curves:
    """The points computed so far for a list of sigmas ([0,1] units)."""

    sigmas: tuple[float, ...]
    points: tuple[Point, ...] = ()  # one for each sigma finished so far, in order

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
    """Run the experiment of `setting` on the image x (c,h,w) in [0,1] at every sigma of `sigmas`.

    setting.sigma is ignored. Yields after every step of the sampler; closing the iterator cancels. `resume`
    continues after the points that an earlier call has finished. Raises InputError for a sigma that the
    schedule does not reach, or fewer than 2 samples.
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
    """The same on a named Gaussian mixture, yielding after every sigma; for the arguments see `exact`.

    Raises InputError where `exact` does.
    """
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
