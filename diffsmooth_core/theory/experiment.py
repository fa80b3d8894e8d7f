"""Both theorems for one real image and a trained denoiser: the setting, and the start of its sampled
paths."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from diffsmooth_core.certification.noise import NoiseSource, image_sha256
from diffsmooth_core.config import InputError, check_choice
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.prediction import convert
from diffsmooth_core.theory.network import NetworkEps, disturbed
from diffsmooth_core.theory.perturbation import perturb
from diffsmooth_core.theory.reverse_sde import SCHEMES, Paths, doubling_error
from diffsmooth_core.theory.theorem1 import Theorem1
from diffsmooth_core.theory.theorem2 import Theorem2, from_samples

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class TheoremSetting:
    """The settings of an experiment. Raises InputError for eta, steps, dtype or scheme out of range.

    sigma and radius, the L2 norm of the perturbation, are in [0,1] pixel units. eps_error is the root mean
    square of an error added to the predicted noise. eta is the probability with which Theorem 1 may fail.
    """

    sigma: float = 0.5
    perturbation: str = "none"
    radius: float = 0.5
    noise: bool = True  # whether x_rs carries the smoothing noise
    eps_error: float = 0.0
    steps: int = 8
    eta: float = 0.01
    seed: int = 0
    dtype: str = "float32"  # of the network; the noise and the SDE steps are always float32
    scheme: str = "multistep"  # of integrating the reverse SDE

    def __post_init__(self) -> None:
        if not 0 < self.eta < 1:
            raise InputError(f"eta must lie between 0 and 1, got {self.eta:g}")
        if not 2 <= self.steps <= 1000:
            raise InputError(f"steps must lie between 2 and 1000, got {self.steps}")
        check_choice("dtype", self.dtype, PRECISIONS)
        check_choice("scheme", self.scheme, SCHEMES)


@dataclass(frozen=True, eq=False)
class Start:
    """What is known before the first path is sampled: clean image, x_rs and one-shot output, each (c,h,w).

    `clean` and `received` (x_rs) are in [0,1] units. `one_shot` is in [-1,1] units and not clamped.
    """

    setting: TheoremSetting
    clean: Tensor
    received: Tensor
    alpha_bar: float
    levels: tuple[float, ...]
    predicted: Tensor  # (c,h,w): the noise that the network predicts at x_t
    one_shot: Tensor
    eps: NetworkEps

    @property
    def x_t(self) -> Tensor:
        return math.sqrt(self.alpha_bar) * (2 * self.received - 1)

    @property
    def one_shot_distance(self) -> float:
        """||one-shot output - x_0|| in [-1,1] units."""
        return float((self.one_shot - (2 * self.clean - 1)).norm())

    def theorem1(self, paths: Paths) -> Theorem1:
        begin, clean = 2 * self.received - 1, 2 * self.clean - 1
        return Theorem1.of(paths, begin.numpy(), clean.numpy(), self.alpha_bar, self.setting.eta)

    def theorem2(self, paths: Paths) -> Theorem2:
        return from_samples(self.x_t, self.alpha_bar, self.predicted, paths.end)

    def doubling_error(self, count: int = 4) -> float:
        """How far the end points of `count` paths move when every second step is left out: the root mean
        square distance, in [-1,1] units."""
        return doubling_error(
            self.eps, 2 * self.received - 1, self.levels, count, self.setting.seed, self.setting.scheme
        )


@torch.no_grad()
def start(x: Tensor, denoiser: Denoiser, setting: TheoremSetting) -> Start:
    """The start of an experiment on the image x (c,h,w) in [0,1].

    Raises InputError for an unknown perturbation or a sigma that the schedule does not reach.
    """
    worse = disturbed(denoiser, setting.eps_error, setting.seed)
    _, alpha_bar = worse.schedule.timestep_for_sigma(setting.sigma)
    delta = perturb(setting.perturbation, x, worse, setting.sigma, setting.radius, setting.seed)
    received = x + delta
    if setting.noise:
        source = NoiseSource.seeded(setting.seed, image_sha256(x), "theory")
        received = received + setting.sigma * source.outer(0, 1, x.shape)[0]
    eps = NetworkEps(worse, PRECISIONS[setting.dtype])
    x_t = math.sqrt(alpha_bar) * (2 * received - 1)
    predicted = eps(x_t[None], alpha_bar)[0]
    return Start(
        setting,
        x,
        received,
        alpha_bar,
        tuple(eps.levels(alpha_bar, setting.steps)),
        predicted,
        convert(predicted, x_t, alpha_bar, "eps", "x0"),
        eps,
    )
