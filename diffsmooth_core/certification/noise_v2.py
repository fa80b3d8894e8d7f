"""Noise of version 2, which certificates of schema 2 were made with: the same words, but normal numbers by
NumPy's ziggurat, whose last bits may differ on another kind of machine."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.special import ndtr

from diffsmooth_core.certification.noise import NoiseSource
from diffsmooth_core.certification.normal import Float32s
from diffsmooth_core.certification.rounded import LEVELS, Steps


class NoiseSourceV2(NoiseSource):
    """As NoiseSource, with noise that depends on seed, picture and stage alone."""

    @classmethod
    def seeded(cls, seed: int, image: str, stage: str) -> NoiseSource:
        return cls.named(f"{seed}/{image}/{stage}")

    def _generators(self, kind: int, start: int, stop: int) -> Iterator[np.random.Generator]:
        for vote in range(start, stop):
            yield np.random.Generator(np.random.Philox(key=self.key, counter=[0, 0, vote, kind]))

    def _normal(self, kind: int, start: int, stop: int, shape: tuple[int, ...]) -> Float32s:
        drawn = np.empty((stop - start, *shape), np.float32)
        for out, generator in zip(drawn, self._generators(kind, start, stop), strict=True):
            generator.standard_normal(out=out, dtype=np.float32)
        return drawn

    def _steps(self, start: int, stop: int, shape: tuple[int, ...], sigma: float) -> Steps:
        reach = math.ceil(9 * sigma * LEVELS)  # Phi(-9) is smaller than any positive draw from [0,1)
        thresholds = ndtr((2 * np.arange(-reach, reach + 1) + 1) / (2 * LEVELS * sigma))
        drawn = np.empty((stop - start, *shape), np.int32)
        for out, generator in zip(drawn, self._generators(2, start, stop), strict=True):
            out[...] = np.searchsorted(thresholds, generator.random(shape), side="right") - reach
        return drawn
