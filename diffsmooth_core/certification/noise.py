"""Noise that depends only on seed, image, stage and vote, so that batch size and interruptions change no
vote."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.special import ndtr
from torch import Tensor

from diffsmooth_core.config import InputError

_OUTER, _LOCAL, _WHOLE = 0, 1, 2
_THREADS = ThreadPoolExecutor(thread_name_prefix="noise")  # NumPy releases the interpreter's lock to draw
_NUMBERS_PER_TASK = 2**16  # draw at least this many per thread; fewer cost more to hand over
LEVELS = 255  # decoded images are multiples of 1/LEVELS


def image_sha256(x: Tensor) -> str:
    """SHA-256 of an image (c,h,w) in [0,1].

    Where all values are multiples of 1/255, as in decoded images, it is the hash of the uint8 pixels (h,w,c);
    otherwise that of the float32 values (c,h,w).
    """
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

    @cached_property
    def _key(self) -> int:
        digest = hashlib.sha256(f"{self.seed}/{self.image}/{self.stage}".encode()).digest()
        return int.from_bytes(digest[:16], "little")

    def _generators(self, kind: int, votes: range) -> Iterator[np.random.Generator]:
        """Yield one generator repeatedly, each time set to the start of the next vote's random stream."""
        philox = np.random.Philox(key=self._key, counter=[0, 0, 0, kind])
        generator, state = np.random.Generator(philox), philox.state
        for vote in votes:
            state["state"]["counter"][2] = vote
            philox.state = state
            yield generator

    def _stack(self, kind: int, start: int, stop: int, shape: tuple[int, ...]) -> Tensor:
        draws = np.empty((stop - start, *shape), np.float32)

        def draw(votes: range) -> None:
            for vote, generator in zip(votes, self._generators(kind, votes), strict=True):
                generator.standard_normal(out=draws[vote - start], dtype=np.float32)

        votes_per_task = max(1, -(-_NUMBERS_PER_TASK // math.prod(shape)))
        tasks = [range(at, min(at + votes_per_task, stop)) for at in range(start, stop, votes_per_task)]
        list(_THREADS.map(draw, tasks) if len(tasks) > 1 else map(draw, tasks))
        return torch.from_numpy(draws)

    def outer(self, start: int, stop: int, shape: torch.Size) -> Tensor:
        """The standard normal smoothing noise of votes start..stop-1, for an image of `shape` (c,h,w):
        (stop-start,c,h,w)."""
        return self._stack(_OUTER, start, stop, tuple(shape))

    def noisy(self, start: int, stop: int, x: Tensor, sigma: float) -> Tensor:
        """The noisy copies of votes start..stop-1 of x (c,h,w) on the 1/255 grid: (stop-start,c,h,w).

        The noise is Gaussian noise rounded to the grid: a whole number i of steps of 1/255, with P(noise <=
        i) = Phi((2i+1)/(510 sigma)). The sum is computed in integers, clipped to [-k, k+1] with k = max(1,
        floor(6 sigma)), and converted to float once. A floating-point sum would be rounded in a way that
        depends on x; a network could detect that, and the certificate would not cover it. The guarantee is
        for perturbed images on the same grid. Source: Voracek and Hein 2023, Sound randomized smoothing in
        floating-point arithmetic. Raises InputError where x does not lie on the grid.
        """
        pixels = (x.double() * LEVELS).round()
        if not torch.equal((pixels / LEVELS).float(), x):
            raise InputError(
                "noise 'sound' is for pictures of 8 bits a channel and this one has values between their "
                "steps; round it to multiples of 1/255, or use noise 'fresh'"
            )
        reach = math.ceil(9 * sigma * LEVELS)  # Phi(-9) is smaller than any positive draw from [0,1)
        steps = np.arange(-reach, reach + 1)
        thresholds = ndtr((2 * steps + 1) / (2 * LEVELS * sigma))
        draws = (g.random(tuple(x.shape)) for g in self._generators(_WHOLE, range(start, stop)))
        noise = np.stack([np.searchsorted(thresholds, u, side="right") for u in draws]) - reach
        k = max(1, math.floor(6 * sigma))
        whole = (pixels.numpy().astype(np.int64) + noise).clip(-k * LEVELS, (k + 1) * LEVELS)
        return torch.from_numpy((whole / LEVELS).astype(np.float32))

    def local(self, start: int, stop: int, m: int, shape: torch.Size) -> Tensor:
        """The m further standard normal tensors of votes start..stop-1: (stop-start,m,c,h,w)."""
        return self._stack(_LOCAL, start, stop, (m, *shape))
