"""Noise keyed by (seed, image, stage, vote): the same votes whatever the batch or the interruption."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

_OUTER, _LOCAL = 0, 1


def image_sha256(x: Tensor) -> str:
    """SHA-256 of a picture (c,h,w) in [0,1]: of its uint8 pixels (h,w,c) where it lies on the 1/255
    grid, as decoded pictures do, otherwise of its float32 values."""
    x = x.detach().cpu().float()
    pixels = (x * 255).round().clamp(0, 255).to(torch.uint8)
    on_grid = torch.equal(pixels.float() / 255, x)
    data = pixels.permute(1, 2, 0) if on_grid else x
    return hashlib.sha256(data.contiguous().numpy().tobytes()).hexdigest()


@dataclass(frozen=True)
class NoiseSource:
    """Standard normal noise for one image and stage from the counter-based generator Philox.

    The key is a hash of seed, image and stage; the vote index is part of the counter.
    """

    seed: int
    image: str  # SHA-256
    stage: str

    def _draw(self, kind: int, vote: int, shape: tuple[int, ...]) -> np.ndarray:
        digest = hashlib.sha256(f"{self.seed}/{self.image}/{self.stage}".encode()).digest()
        key = int.from_bytes(digest[:16], "little")
        bits = np.random.Philox(key=key, counter=[0, 0, vote, kind])
        return np.random.Generator(bits).standard_normal(shape, np.float32)

    def _stack(self, kind: int, start: int, stop: int, shape: tuple[int, ...]) -> Tensor:
        return torch.from_numpy(np.stack([self._draw(kind, v, shape) for v in range(start, stop)]))

    def outer(self, start: int, stop: int, shape: torch.Size) -> Tensor:
        """Noise of votes start..stop-1 for a picture of `shape` (c,h,w): (stop-start,c,h,w)."""
        return self._stack(_OUTER, start, stop, tuple(shape))

    def local(self, start: int, stop: int, m: int, shape: torch.Size) -> Tensor:
        """Fresh local noise of the same votes: (stop-start,m,c,h,w)."""
        return self._stack(_LOCAL, start, stop, (m, *shape))
