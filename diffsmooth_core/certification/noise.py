"""Noise of version 3: a function of what a certificate commits itself to, picture, stage and vote, with the
same bits on every machine, so that neither batch size, interruptions nor the device change it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from diffsmooth_core.certification.normal import Float32s, Words, standard_normal
from diffsmooth_core.certification.rounded import LEVELS, Steps, clip_range, rounded_gaussian
from diffsmooth_core.config import InputError

OUTER, LOCAL, STEPS = 0, 1, 2  # kinds of noise
_THREADS = ThreadPoolExecutor(thread_name_prefix="noise")  # NumPy releases the interpreter's lock to draw
_NUMBERS_PER_TASK = 2**16  # for a thread to draw; fewer cost more to hand over
_NUMBERS_AT_ONCE = 2**15  # what they need stays in the cache of a core
_NAME = "diffsmooth noise 3"
_Drawn = TypeVar("_Drawn", np.float32, np.int32)


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


def on_grid(x: Tensor) -> Tensor:
    """The steps of 1/255, whole numbers as float64, that the values of x are. Raises InputError where one
    lies between two steps."""
    pixels = (x.double() * LEVELS).round()
    if not torch.equal((pixels / LEVELS).float(), x):
        raise InputError(
            "noise 'sound' is for pictures of 8 bits a channel and this one has values between their "
            "steps; round it to multiples of 1/255, or use noise 'fresh'"
        )
    return pixels


@dataclass(frozen=True)
class NoiseSource:
    """Standard normal noise, and noise in whole steps, for one picture and stage.

    The words come from Philox 4x64-10 (Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3) under
    `key`, 128 bits. Value number i of a vote is word i mod 4 of the block whose counter is (1 + floor(i / 4),
    0, vote, kind), the first of these the lowest; kind is 0 for outer noise, 1 for local and 2 for noise in
    steps. `normal` and `rounded` say what becomes of a word.
    """

    key: int

    @classmethod
    def named(cls, name: str) -> NoiseSource:
        """The source whose key is the first half of the SHA-256 of `name`, read as little-endian."""
        return cls(int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "little"))

    @classmethod
    def seeded(cls, seed: int, image: str, stage: str) -> NoiseSource:
        """Noise that no certificate rests on: of a seed, the SHA-256 of a picture and what it is for."""
        return cls.named(f"{_NAME}/seed {seed}/{image}/{stage}")

    def _words(self, kind: int, start: int, size: int, numbers: range) -> Iterator[Words]:
        """The words of `numbers`, counted through the votes from `start` on, which have `size` each."""
        philox = np.random.Philox(key=self.key)
        state = philox.state
        at = numbers.start
        for end in (*numbers[_NUMBERS_AT_ONCE::_NUMBERS_AT_ONCE], numbers.stop):
            words = []
            while at < end:
                vote, number = divmod(at, size)
                block, skipped = divmod(number, 4)
                count = min(size - number, end - at)
                state["state"]["counter"][:] = block, 0, start + vote, kind  # NumPy adds 1 before it draws
                philox.state = state
                words.append(philox.random_raw(skipped + count)[skipped:])
                at += count
            yield np.concatenate(words)

    def _draw(
        self,
        kind: int,
        start: int,
        drawn: npt.NDArray[_Drawn],
        fill: Callable[[Words, npt.NDArray[_Drawn]], None],
    ) -> npt.NDArray[_Drawn]:
        """Have `fill` turn the words of the votes from `start` on into `drawn` (votes,...), on several
        threads."""
        flat, size = drawn.reshape(-1), drawn[:1].size

        def task(begin: int) -> None:
            end = min(begin + _NUMBERS_PER_TASK, flat.size)
            for words in self._words(kind, start, size, range(begin, end)):
                fill(words, flat[begin : begin + len(words)])
                begin += len(words)

        tasks = range(0, flat.size, _NUMBERS_PER_TASK)
        list(_THREADS.map(task, tasks) if len(tasks) > 1 else map(task, tasks))
        return drawn

    def _normal(self, kind: int, start: int, stop: int, shape: tuple[int, ...]) -> Float32s:
        return self._draw(kind, start, np.empty((stop - start, *shape), np.float32), standard_normal)

    def _steps(self, start: int, stop: int, shape: tuple[int, ...], sigma: float) -> Steps:
        gaussian = rounded_gaussian(sigma)
        return self._draw(STEPS, start, np.empty((stop - start, *shape), np.int32), gaussian.fill)

    def outer(self, start: int, stop: int, shape: torch.Size) -> Tensor:
        """The standard normal smoothing noise of votes start..stop-1, for an image of `shape` (c,h,w):
        (stop-start,c,h,w)."""
        return torch.from_numpy(self._normal(OUTER, start, stop, tuple(shape)))

    def local(self, start: int, stop: int, m: int, shape: torch.Size) -> Tensor:
        """The m further standard normal tensors of votes start..stop-1: (stop-start,m,c,h,w)."""
        return torch.from_numpy(self._normal(LOCAL, start, stop, (m, *shape)))

    def noisy(self, start: int, stop: int, x: Tensor, sigma: float) -> Tensor:
        """The noisy copies of votes start..stop-1 of x (c,h,w) on the 1/255 grid: (stop-start,c,h,w).

        The noise is Gaussian noise rounded to the grid (`rounded`). The sum is computed in integers, clipped
        to [-k, k+1] with k = max(1, floor(6 sigma)), and converted to float once. A floating-point sum would
        be rounded in a way that depends on x; a network could detect that, and the certificate would not
        cover it. The guarantee is for perturbed images on the same grid. Source: Voracek and Hein 2023, Sound
        randomized smoothing in floating-point arithmetic. Raises InputError where x does not lie on the grid.
        """
        pixels = on_grid(x)
        steps = self._steps(start, stop, tuple(x.shape), sigma)
        steps += pixels.numpy().astype(np.int32)
        return torch.from_numpy((steps.clip(*clip_range(sigma)) / LEVELS).astype(np.float32))


@dataclass(frozen=True)
class Drawn:
    """The noise of votes start..stop-1 of a source, drawn by the CPU."""

    source: NoiseSource
    start: int
    stop: int

    def outer(self, shape: torch.Size) -> Tensor:
        return self.source.outer(self.start, self.stop, shape)

    def local(self, m: int, shape: torch.Size) -> Tensor:
        return self.source.local(self.start, self.stop, m, shape)

    def noisy(self, x: Tensor, sigma: float) -> Tensor:
        return self.source.noisy(self.start, self.stop, x, sigma)


@dataclass(frozen=True)
class NoiseKey:
    """What the noise of a certificate follows from: its commitment, and the nonce that a verifier gave for it
    (32 lower-case hexadecimal digits; empty where nobody did)."""

    commitment: str
    nonce: str = ""

    def source(self, image: str, stage: str) -> NoiseSource:
        """The noise for the picture with this SHA-256 and a stage: selection, estimation or prediction."""
        return NoiseSource.named(f"{_NAME}/{self.commitment}/{self.nonce}/{image}/{stage}")
