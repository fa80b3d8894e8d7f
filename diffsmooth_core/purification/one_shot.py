"""Purification by one step of a diffusion model (DDS, Carlini et al. 2023; DiffSmooth, Algorithm 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.purification.purifier import OnePass

if TYPE_CHECKING:
    from torch import Tensor

    from diffsmooth_core.purification.denoiser import Denoiser, Diffusion
    from diffsmooth_core.purification.purifier import Prepare


@dataclass(frozen=True)
class OneShot(OnePass):
    denoiser: Denoiser

    takes = "diffusion"
    networks = ("unet",)
    needs = "a diffusion model, as 'bundled'"
    steps = ("timestep", "scale", "predict", "purify")

    def trace(
        self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None = None
    ) -> tuple[Tensor, Diffusion | None]:
        diffusion = self.denoiser.trace(x_noisy, config.sigma)
        return diffusion.purified[:, None], diffusion

    def prepared(self, config: SmoothingConfig, prepare: Prepare) -> OneShot:
        """The same purifier with its network prepared for the one timestep that sigma determines."""
        schedule = self.denoiser.schedule
        t, _ = schedule.timestep_for_sigma(config.sigma)
        return OneShot(self.denoiser.with_network(prepare(self.denoiser.network, t * schedule.time_scale)))

    @staticmethod
    def caption(config: SmoothingConfig) -> str:
        return "by the diffusion model, in one step"

    @staticmethod
    def clause(config: SmoothingConfig) -> str:
        return "is purified by the diffusion model, then "
