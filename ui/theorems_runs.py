"""Experiments of the Theorems page, kept by the server: what was sampled once is not sampled again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from diffsmooth_core import Denoiser, InputError, SmoothingConfig, load_classifier, load_denoiser
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.theory import (
    Consequence,
    Exact,
    Gain,
    Paths,
    Setting,
    Start,
    consequences,
    disturbed,
    exact,
    gains,
    start,
)

BATCH = 16
SIGMAS = (0.12, 0.25, 0.5, 0.75, 1.0)
ERRORS = (0.0, 0.1, 0.2, 0.5)


@dataclass(eq=False)
class Experiment:
    """One setting's start and the paths so far."""

    begun: Start
    parts: list[Paths] = field(default_factory=list)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    @property
    def count(self) -> int:
        return sum(len(part.end) for part in self.parts)

    @property
    def paths(self) -> Paths:
        return Paths.join(self.parts)

    def sample(self, count: int) -> Iterator[int]:
        """Sample `count` paths, a multiple of BATCH, yielding how many there are; a stop keeps them."""
        while self.count < count:
            with self._one_at_a_time:  # two sessions may look at the same experiment
                if (begin := self.count) < count:
                    self.parts.append(next(self.begun.paths(begin + BATCH, BATCH, begin=begin)))
            yield self.count


@lru_cache(maxsize=1)
def _denoiser() -> Denoiser:
    denoiser = load_denoiser("bundled")
    if not isinstance(denoiser, Denoiser):
        raise InputError("the bundled denoiser is no diffusion model")
    return denoiser


@lru_cache(maxsize=32)
def experiment(picture: Picture, setting: Setting) -> Experiment:
    """The experiment of a picture and setting, always the same object. Raises InputError."""
    return Experiment(start(picture.tensor, _denoiser(), setting))


@lru_cache(maxsize=32)
def doubling_error(picture: Picture, setting: Setting) -> float:
    return experiment(picture, setting).begun.doubling_error()


@lru_cache(maxsize=32)
def purification(picture: Picture, eps_error: float, seed: int) -> tuple[Gain, ...]:
    """What one-shot purification gains at each of SIGMAS."""
    denoiser = disturbed(_denoiser(), eps_error, seed) if eps_error else _denoiser()
    return tuple(gains(picture.tensor, denoiser, SIGMAS, copies=4, seed=seed))


@lru_cache(maxsize=32)
def costs(picture: Picture, sigma: float, seed: int) -> tuple[Consequence, ...]:
    """A small certification for each of ERRORS, on the same noise. Raises InputError."""
    config = SmoothingConfig(sigma=sigma, sigma_local=0.25, m=1, n0=20, n=100, seed=seed)
    classifier = load_classifier(config.classifier)
    return tuple(consequences(picture.tensor, classifier, _denoiser(), config, ERRORS, copies=4))


@lru_cache(maxsize=32)
def exact_world(name: str, dimension: int, sigma: float, eps_error: float, eta: float, noise: bool,
                seed: int) -> Exact:  # fmt: skip
    """The experiment in a Gaussian mixture. Raises InputError."""
    steps = 32 if dimension > 100 else 128
    return exact(name, dimension, sigma, samples=256, steps=steps, eta=eta, eps_error=eps_error, noise=noise,
                 seed=seed)  # fmt: skip
