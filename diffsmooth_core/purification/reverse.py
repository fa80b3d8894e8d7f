"""Purification by several runs of a diffusion model's reverse process (DensePure, Xiao et al. 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.purification.one_shot import OneShot
from diffsmooth_core.purification.purifier import Backward, Purifier

if TYPE_CHECKING:
    from torch import Tensor

    from diffsmooth_core.purification.denoiser import Denoiser, Diffusion
    from diffsmooth_core.purification.purifier import Prepare


def _starts(x_noisy: Tensor, config: SmoothingConfig) -> Tensor:
    """Repeat each noisy copy K times, once for each run: (b,c,h,w) -> (b K,c,h,w)."""
    return x_noisy.repeat_interleave(config.purifications, 0)


def _grouped(ends: Tensor, config: SmoothingConfig) -> Tensor:
    """Group the K results of each noisy copy: (b K,c,h,w) -> (b,K,c,h,w)."""
    return ends.view(-1, config.purifications, *ends.shape[1:])


@dataclass(frozen=True)
class Reverse(Purifier):
    """Purification by K runs of the reverse process from the same noisy copy, which give K images.

    Each image is classified, and the majority of the classes is the vote. K is config.purifications; a run
    has config.reverse_steps steps.
    """

    denoiser: Denoiser

    takes = OneShot.takes
    networks = OneShot.networks
    needs = OneShot.needs
    majority = True
    one_timestep = False
    steps = ("timestep", "scale", "reverse")

    def purify(self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None = None) -> Tensor:
        return _grouped(self._ends(_starts(x_noisy, config), config, noise), config)

    def purify_with_gradient(
        self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None, backward: Backward
    ) -> Tensor:
        """`purify` (b,K,c,h,w) with the gradient of one-shot purification instead of its own.

        A backward pass through the whole reverse process would need too much memory.
        """
        starts = _starts(x_noisy, config)
        one_shot = OneShot(self.denoiser).purify_with_gradient(starts, config, None, backward)[:, 0]
        ends = one_shot + (self._ends(starts.detach(), config, noise) - one_shot.detach())
        return _grouped(ends, config)

    def _ends(self, starts: Tensor, config: SmoothingConfig, noise: Tensor | None) -> Tensor:
        """The images (b K,c,h,w) at the end of one run from each start; noise is (b,K (steps - 1),c,h,w)."""
        from diffsmooth_core.purification.reverse_process import reverse_process

        if noise is not None:
            noise = noise.reshape(len(starts), config.reverse_steps - 1, *starts.shape[1:])
        return reverse_process(self.denoiser, starts, config.sigma, config.reverse_steps, noise)

    def prepared(self, config: SmoothingConfig, prepare: Prepare) -> Reverse:
        """The same purifier with its network prepared for the timesteps that it will be given."""
        return Reverse(self.denoiser.with_network(prepare(self.denoiser.network, None)))

    def trace(
        self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None = None
    ) -> tuple[Tensor, Diffusion | None]:
        """`purify`, and the diffusion model's prediction for the noisy copy, where every run begins."""
        return self.purify(x_noisy, config, noise), self.denoiser.trace(x_noisy, config.sigma)

    @staticmethod
    def pictures(config: SmoothingConfig) -> int:
        return config.purifications

    @staticmethod
    def draws(config: SmoothingConfig) -> int:
        return config.purifications * (config.reverse_steps - 1)

    @staticmethod
    def passes(config: SmoothingConfig) -> int:
        return config.purifications * config.reverse_steps

    @staticmethod
    def caption(config: SmoothingConfig) -> str:
        decides = "; the majority decides" if config.purifications > 1 else ""
        return f"by the reverse process in {config.reverse_steps} steps{decides}"

    @staticmethod
    def clause(config: SmoothingConfig) -> str:
        process = f"by the reverse diffusion process in {config.reverse_steps} steps"
        if config.purifications == 1:
            return f"is purified {process}, then "
        return f"is purified {config.purifications} times {process}, each result "
