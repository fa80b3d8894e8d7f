"""What every purifier can do: the part of a method between the noisy copy and the classifier."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from torch import Tensor, nn

from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.purification.denoiser import Denoiser, Diffusion
from diffsmooth_core.purification.dncnn import DirectDenoiser

AnyDenoiser = Denoiser | DirectDenoiser
Backward = Literal["through", "around"]  # whether a gradient is the purifier's own, or the identity's
Prepare = Callable[[nn.Module, float | None], nn.Module]  # a network made fast; for a U-Net: at one timestep


@dataclass(frozen=True)
class Purifier(ABC):
    """Turns a noisy copy into the picture, or the several pictures, that the classifier sees.

    The settings stay in the SmoothingConfig that every method is given; a purifier holds its denoiser alone.
    What it costs and what it is called follow from the settings, so both are asked of the class.
    """

    denoiser: AnyDenoiser | None

    # The denoiser that it takes: its class, the networks of such model cards, and what to say of another one.
    takes: ClassVar[type]
    networks: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[str] = ""
    # Whether it makes several pictures of a copy, whose classes' majority is the vote.
    majority: ClassVar[bool] = False
    # Whether folded or compiled networks can serve it: a folded U-Net knows a single timestep.
    foldable: ClassVar[bool] = True
    # What happens to a noisy copy, in order, by the names of the Step through page's panels.
    steps: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def of(cls, config: SmoothingConfig, denoiser: AnyDenoiser | None) -> Self:
        """The purifier with this denoiser. Raises InputError where there is none, it is of another kind, or
        it does not reach sigma."""
        if denoiser is None:
            raise InputError(f"method {config.method!r} purifies and needs a denoiser; load one")
        if not isinstance(denoiser, cls.takes):
            raise InputError(
                f"method {config.method!r} needs {cls.needs}, not {denoiser.name!r}; choose another"
            )
        denoiser.check(config.sigma)
        return cls(denoiser)

    @abstractmethod
    def purify(self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None = None) -> Tensor:
        """The pictures that are made of noisy copies (b,c,h,w), in [0,1] units: (b,pictures,c,h,w).

        noise is standard normal, (b,draws,c,h,w); None where `draws` is 0.
        """

    @abstractmethod
    def purify_with_gradient(
        self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None, backward: Backward
    ) -> Tensor:
        """`purify`, differentiable in x_noisy: "through" with the purifier's own gradient, "around" with the
        identity's in its place (BPDA, Athalye et al. 2018a)."""

    def trace(
        self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None = None
    ) -> tuple[Tensor, Diffusion | None]:
        """`purify`, and the steps of the diffusion model on the way where there is one."""
        return self.purify(x_noisy, config, noise), None

    def prepared(self, config: SmoothingConfig, prepare: Prepare) -> Purifier:
        """The same purifier with its network made fast by `prepare`, where that is possible."""
        return self

    @staticmethod
    def pictures(config: SmoothingConfig) -> int:
        """Pictures that are made of one noisy copy."""
        return 1

    @staticmethod
    def draws(config: SmoothingConfig) -> int:
        """Standard normal tensors (c,h,w) that one noisy copy consumes."""
        return 0

    @staticmethod
    def passes(config: SmoothingConfig) -> int:
        """Evaluations of the denoiser for one noisy copy."""
        return 1

    @staticmethod
    @abstractmethod
    def caption(config: SmoothingConfig) -> str:
        """By what a picture was purified, below it."""

    @staticmethod
    @abstractmethod
    def clause(config: SmoothingConfig) -> str:
        """What happens to a noisy copy, between "Each copy " and "classified"."""


@dataclass(frozen=True)
class OnePass(Purifier):
    """One evaluation of a denoiser makes one picture of a noisy copy."""

    denoiser: AnyDenoiser

    def purify(self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None = None) -> Tensor:
        return self.denoiser.purify(x_noisy, config.sigma)[:, None]

    def purify_with_gradient(
        self, x_noisy: Tensor, config: SmoothingConfig, noise: Tensor | None, backward: Backward
    ) -> Tensor:
        if backward == "through":
            return self.denoiser.purify_with_gradient(x_noisy, config.sigma)[:, None]
        return (x_noisy + (self.denoiser.purify(x_noisy, config.sigma) - x_noisy.detach()))[:, None]
