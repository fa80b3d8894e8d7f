"""Purification by a network trained to denoise at one sigma (denoised smoothing, Salman et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.purification.purifier import OnePass

if TYPE_CHECKING:
    from diffsmooth_core.purification.dncnn import DirectDenoiser
    from diffsmooth_core.purification.purifier import Prepare


@dataclass(frozen=True)
class Direct(OnePass):
    denoiser: DirectDenoiser

    takes = "direct"
    networks = ("dncnn",)
    needs = (
        "a denoiser trained for one sigma, as 'dncnn-mse-0.25' or, on ImageNet, "
        "'dncnn-photographs-stability-0.25'"
    )
    steps = ("denoise",)

    def prepared(self, config: SmoothingConfig, prepare: Prepare) -> Direct:
        return Direct(self.denoiser.with_network(prepare(self.denoiser.network, None)))

    @staticmethod
    def caption(config: SmoothingConfig) -> str:
        return "by a network trained for this noise"

    @staticmethod
    def clause(config: SmoothingConfig) -> str:
        return "is denoised by a network trained for this noise, then "
