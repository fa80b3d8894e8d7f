"""The interface of every purifier, the part of a method between the noisy copy and the classifier.

Purifiers import torch only where they purify: pages ask for their words and costs before there is a network.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from diffsmooth_core.config import InputError, SmoothingConfig

if TYPE_CHECKING:
    from torch import Tensor, nn

    from diffsmooth_core.purification.denoiser import Denoiser, Diffusion
    from diffsmooth_core.purification.dncnn import DirectDenoiser

    AnyDenoiser = Denoiser | DirectDenoiser
    Prepare = Callable[[nn.Module, float | None], nn.Module]  # makes it faster, at one timestep or without

Backward = Literal["through", "around"]  # use the purifier's own gradient, or that of the identity


@dataclass(frozen=True)
class Purifier(ABC):
    """Turns a noisy copy into the image, or the several images, that the classifier sees.

    A purifier holds its denoiser only; its methods get the settings as a SmoothingConfig. Its cost and the
    words that describe it depend on the settings alone, so these are static methods, which need no denoiser.
    """

    denoiser: AnyDenoiser | None

    # The denoiser that it needs: its kind, the network types of suitable model cards, and the words for an
    # error message where another kind is given.
    takes: ClassVar[str]
    networks: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[str] = ""
    # Whether it makes several images of a copy, so that the majority of their classes is the vote.
    majority: ClassVar[bool] = False
    # Whether its network is used at one timestep alone, which can be merged into the weights.
    one_timestep: ClassVar[bool] = True
    # The steps that a noisy copy goes through, in order, named as the panels of the Step through page.
    steps: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def of(cls, config: SmoothingConfig, denoiser: AnyDenoiser | None) -> Self:
        """The purifier with this denoiser. Raises InputError where the denoiser is missing, of the wrong
        kind, or does not support sigma."""
        if denoiser is None:
            raise InputError(f"method {config.method!r} purifies and needs a denoiser; load one")
        if denoiser.kind != cls.takes:
            raise InputError(
                f"method {config.method!r} needs {cls.needs}, not {denoiser.name!r}; choose another"
            )
        denoiser.check(config.sigma)
        return cls(denoiser)

    @abstractmethod
    def purify(self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None = None) -> Tensor:
        """Purify noisy copies (b,c,h,w), in [0,1] units: (b,pictures,c,h,w), one or several images for each.

        noise is standard normal, (b,draws,c,h,w); None where `draws` is 0.
        """

    @abstractmethod
    def purify_with_gradient(
        self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None, backward: Backward
    ) -> Tensor:
        """`purify`, differentiable in x_noisy (b,c,h,w): (b,pictures,c,h,w).

        With "through", the gradient is the purifier's own; with "around", the identity's gradient replaces it
        (BPDA, Athalye et al. 2018a).
        """

    def trace(
        self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None = None
    ) -> tuple[Tensor, Diffusion | None]:
        """`purify`, and the intermediate results of the diffusion model, or None where there is none."""
        return self.purify(x_noisy, config, noise), None

    def prepared(self, config: SmoothingConfig, prepare: Prepare) -> Purifier:
        """The same purifier with its network made faster by `prepare`, where that is possible."""
        return self

    @staticmethod
    def pictures(config: SmoothingConfig) -> int:
        """The number of images that are made of one noisy copy."""
        return 1

    @staticmethod
    def draws(config: SmoothingConfig) -> int:
        """The number of standard normal tensors (c,h,w) that purifying one noisy copy uses."""
        return 0

    @staticmethod
    def passes(config: SmoothingConfig) -> int:
        """The number of denoiser evaluations for one noisy copy."""
        return 1

    @staticmethod
    @abstractmethod
    def caption(config: SmoothingConfig) -> str:
        """Words for the caption of a purified image that say how it was purified."""

    @staticmethod
    @abstractmethod
    def clause(config: SmoothingConfig) -> str:
        """The words between "Each copy " and "classified" in a sentence that describes the method."""


@dataclass(frozen=True)
class OnePass(Purifier):
    """Purification with one evaluation of a denoiser, which gives one image for each noisy copy."""

    denoiser: AnyDenoiser

    def purify(self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None = None) -> Tensor:
        return self.denoiser.purify(x_noisy, config.sigma)[:, None]

    def purify_with_gradient(
        self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None, backward: Backward
    ) -> Tensor:
        if backward == "through":
            return self.denoiser.purify_with_gradient(x_noisy, config.sigma)[:, None]
        return (x_noisy + (self.denoiser.purify(x_noisy, config.sigma) - x_noisy.detach()))[:, None]
