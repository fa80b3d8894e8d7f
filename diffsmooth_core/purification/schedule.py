"""The noise schedule of the forward process, and the timestep that matches a smoothing sigma (DiffSmooth,
Algorithm 1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, overload

import numpy as np
import numpy.typing as npt

from diffsmooth_core.config import InputError
from diffsmooth_core.wording import length, written

ScheduleName = Literal["linear", "scaled_linear", "cosine"]
MOST_STEPS = 100_000


def betas(name: ScheduleName, steps: int, ends: tuple[float, float] | None = None) -> npt.NDArray[np.float64]:
    """The variances beta_t, shape (T,), of DDPM's linear or improved-diffusion's cosine schedule, or
    of latent diffusion's scaled linear one, whose square roots are equally spaced (Rombach et al. 2022).

    `ends` are the first and the last beta of the linear ones. Without them these are scaled such that at
    T=1000 they are 1e-4 and 0.02 (Ho et al. 2020); the cosine one is equation (17) of Nichol and Dhariwal
    2021, beta <= 0.999. Raises InputError for another name, more than 100,000 steps or ends that no
    schedule has.
    """
    if type(steps) is not int or not 1 <= steps <= MOST_STEPS:
        raise InputError(f"a diffusion model has 1 to {MOST_STEPS} steps, got {str(steps)[:40]!r}")
    first, last = ends or (1000 / steps * 1e-4, 1000 / steps * 0.02)
    if ends and not 0 < first <= last < 1:
        raise InputError(f"the first and the last beta must rise within 0 and 1, got {first:g} and {last:g}")
    if name == "linear":
        return np.linspace(first, last, steps, dtype=np.float64)
    if name == "scaled_linear":
        return np.linspace(math.sqrt(first), math.sqrt(last), steps, dtype=np.float64) ** 2
    if name == "cosine":

        def alpha_bar(u: float) -> float:
            return math.cos((u + 0.008) / 1.008 * math.pi / 2) ** 2

        return np.array(
            [min(1 - alpha_bar((i + 1) / steps) / alpha_bar(i / steps), 0.999) for i in range(steps)]
        )
    raise InputError(f"noise schedule {name!r} is unknown; choose 'linear', 'scaled_linear' or 'cosine'")


@overload
def noise_ratio(alpha_bar: float) -> float: ...
@overload
def noise_ratio(alpha_bar: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]: ...
def noise_ratio(alpha_bar: float | npt.NDArray[np.float64]) -> float | npt.NDArray[np.float64]:
    """sqrt((1 - alpha_bar) / alpha_bar), elementwise: the standard deviation, in [-1,1] units, of the noise
    in x_t / sqrt(alpha_bar). Raises InputError unless every alpha_bar lies strictly between 0 and 1."""
    a = np.asarray(alpha_bar, np.float64)
    if not np.all(inside := (a > 0) & (a < 1)):
        raise InputError(f"alpha_bar must lie between 0 and 1, got {a[~inside].flat[0]:g}")
    ratio = np.sqrt(1 - a) / np.sqrt(a)
    return ratio if isinstance(alpha_bar, np.ndarray) else float(ratio)


@dataclass(frozen=True, eq=False)
class Schedule:
    """The values alpha_bar_t for t = 0 .. T-1, and the search for a timestep of Algorithm 1.

    `time_scale` is the factor by which t is multiplied for a network trained with rescaled timesteps (1000 /
    T).
    """

    alpha_bar: npt.NDArray[np.float64]  # (T,), decreasing
    time_scale: float = 1.0

    @classmethod
    def named(
        cls,
        name: ScheduleName,
        steps: int,
        rescale_timesteps: bool = False,
        ends: tuple[float, float] | None = None,
    ) -> Schedule:
        return cls(
            np.cumprod(1 - betas(name, steps, ends), dtype=np.float64),
            1000 / steps if rescale_timesteps else 1.0,
        )

    @property
    def noise_ratio(self) -> npt.NDArray[np.float64]:
        """The noise ratio of every timestep, shape (T,), increasing."""
        return noise_ratio(self.alpha_bar)

    @property
    def sigma_max(self) -> float:
        """The largest smoothing noise, in [0,1] pixel units, that the schedule reaches."""
        return float(self.noise_ratio[-1] / 2)

    def timestep_for_sigma(self, sigma: float) -> tuple[int, float]:
        """Algorithm 1: the first t whose noise ratio is at least 2 sigma.

        sigma is in [0,1] pixel units; the factor 2 is the width of [-1,1]. Returns (t, alpha_bar_t)
        with t 0-based, as in the released code. Raises InputError where the schedule has no such t.
        """
        if not sigma > 0:
            raise InputError(f"sigma must be above 0, got {sigma}")
        t = int(np.searchsorted(self.noise_ratio, 2 * sigma))
        if t == len(self.alpha_bar):
            raise InputError(
                f"sigma {written(float(sigma), None)} is beyond this diffusion model: its schedule ends at "
                f"sigma {length(self.sigma_max)}; choose a smaller sigma"
            )
        return t, float(self.alpha_bar[t])
