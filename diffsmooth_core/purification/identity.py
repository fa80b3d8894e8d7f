"""No purification: the classifier sees the noisy copy itself (Cohen et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.purification.purifier import Backward, Purifier

if TYPE_CHECKING:
    from torch import Tensor

    from diffsmooth_core.purification.purifier import AnyDenoiser


@dataclass(frozen=True)
class Identity(Purifier):
    denoiser: None = None

    takes = "none"

    @classmethod
    def of(cls, config: SmoothingConfig, denoiser: AnyDenoiser | None) -> Self:
        return cls()

    def purify(self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None = None) -> Tensor:
        return x_noisy[:, None]

    def purify_with_gradient(
        self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None, backward: Backward
    ) -> Tensor:
        return x_noisy[:, None]

    @staticmethod
    def passes(config: SmoothingConfig) -> int:
        return 0

    @staticmethod
    def caption(config: SmoothingConfig) -> str:
        return ""

    @staticmethod
    def clause(config: SmoothingConfig) -> str:
        return "is "
