"""Noise of version 3 drawn where the networks run: the bits of `noise`, for rows of any votes and pictures.

The steps are those of `noise`, `normal` and `rounded`, on a device's integers and in separate products and
sums. Where Triton is installed and gives the same bits, one kernel takes the place of a hundred.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import torch
from torch import Tensor

from diffsmooth_core.certification.noise import LOCAL, OUTER, STEPS, NoiseSource
from diffsmooth_core.certification.normal import coefficients
from diffsmooth_core.certification.rounded import LEVELS, clip_range, rounded_gaussian
from diffsmooth_core.classifiers.execution import compiler

MULTIPLIERS = 0xD2E7470EE14C6C93, 0xCA5A826395121157  # of Philox 4x64-10 (Salmon et al. 2011)
WEYL = 0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B
ROUNDS = 10
_LOW = 2**32 - 1
_SIGN = -(2**63)

Draw = Callable[[Tensor, Tensor, int, int], Tensor]  # keys, votes, kind and size to (b,size)


def signed(word: int) -> int:
    """The number that the 64 bits of `word` are as an int64, the only kind of 64 bits that torch computes
    with."""
    return word - 2**64 if word >= 2**63 else word


def halves(key: int) -> tuple[int, int]:
    """A key of 128 bits as two int64, the lower half first."""
    return signed(key % 2**64), signed(key >> 64)


def _high(factor: int, x: Tensor) -> Tensor:
    """The upper 64 bits of the product of 128 bits, all without a sign, from four products of halves."""
    f0, f1, x0, x1 = factor & _LOW, factor >> 32, x & _LOW, (x >> 32) & _LOW
    middle = x1 * f0 + ((x0 * f0 >> 32) & _LOW)
    other = x0 * f1 + (middle & _LOW)
    return x1 * f1 + ((middle >> 32) & _LOW) + ((other >> 32) & _LOW)


def words(keys: Tensor, votes: Tensor, kind: int, size: int) -> Tensor:
    """The first `size` words of each row's vote: keys (b,2) and votes (b,), int64, to (b,size), int64."""
    blocks = -(-size // 4)
    c0 = torch.arange(1, blocks + 1, device=votes.device).expand(len(votes), blocks)
    c2 = votes[:, None].expand_as(c0)
    c1, c3 = torch.zeros_like(c0), torch.full_like(c0, kind)
    k0, k1 = keys[:, :1], keys[:, 1:]
    for _ in range(ROUNDS):
        low0, low1 = c0 * signed(MULTIPLIERS[0]), c2 * signed(MULTIPLIERS[1])
        high0, high1 = _high(MULTIPLIERS[0], c0), _high(MULTIPLIERS[1], c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = k0 + signed(WEYL[0]), k1 + signed(WEYL[1])
    return torch.stack([c0, c1, c2, c3], 2).flatten(1)[:, :size]


@lru_cache(maxsize=8)
def table(device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """The coefficients of the inverse normal distribution on a device."""
    c0, c1, c2 = (torch.from_numpy(c).to(device) for c in coefficients())
    return c0, c1, c2


def normals(keys: Tensor, votes: Tensor, kind: int, size: int) -> Tensor:
    """Standard normal numbers of each row's vote, (b,size), by the steps that `normal` lists."""
    drawn = words(keys, votes, kind, size)
    t = ((drawn & (2**63 - 1)) | 1).float().view(torch.int32)
    segment = (t >> 16).long() - 127 * 128
    c0, c1, c2 = (c[segment] for c in table(votes.device))
    z = (c2 * (t := (t & 0xFFFF).float()) + c1) * t + c0
    return torch.where(drawn < 0, -z, z)


@cache
def fastest(device: torch.device) -> tuple[Draw, Draw]:
    """How words and normal numbers are drawn on a device: by the kernel where it runs and has the bits of
    the functions above, otherwise by these."""
    if device.type != "cuda" or not compiler(device):
        return words, normals
    keys = torch.tensor([[1, -2], [signed(WEYL[0]), 3]], device=device)
    trial = keys, torch.tensor([5, 2**40], device=device), LOCAL, 4099
    try:
        from diffsmooth_core.certification import noise_kernel

        same = all(
            torch.equal(mine(*trial).view(torch.int32), its(*trial).view(torch.int32))
            for mine, its in ((words, noise_kernel.words), (normals, noise_kernel.normals))
        )
    except Exception:  # without a driver, a linker or Python's headers Triton fails in many ways
        same = False
    return (noise_kernel.words, noise_kernel.normals) if same else (words, normals)


@lru_cache(maxsize=16)
def steps_on(device: torch.device, sigma: float) -> tuple[Tensor, Tensor]:
    """The thresholds of noise in whole steps, with the highest bit flipped, so that they ascend as int64; and
    the values of a noisy copy by its step, from the lowest on. Both as the CPU has them."""
    thresholds = (rounded_gaussian(sigma).thresholds ^ np.uint64(2**63)).view(np.int64)
    low, high = clip_range(sigma)
    values = (np.arange(low, high + 1) / LEVELS).astype(np.float32)
    return torch.from_numpy(thresholds).to(device), torch.from_numpy(values).to(device)


@dataclass(frozen=True)
class Rows:
    """The noise of rows, each of which is any vote under any key: keys (b,2) and votes (b,), int64, on the
    device on which it is drawn."""

    keys: Tensor
    votes: Tensor

    @classmethod
    def of(cls, source: NoiseSource, start: int, stop: int, device: torch.device) -> Rows:
        """Votes start..stop-1 of one source."""
        key = torch.tensor(halves(source.key))
        votes = torch.arange(start, stop, device=device)
        return cls(key.to(device, non_blocking=True).expand(len(votes), 2), votes)

    def _draw(self, kind: int, shape: tuple[int, ...]) -> Tensor:
        _, draw = fastest(self.votes.device)
        return draw(self.keys, self.votes, kind, torch.Size(shape).numel()).view(-1, *shape)

    def outer(self, shape: torch.Size) -> Tensor:
        """The standard normal smoothing noise for images of `shape` (c,h,w): (b,c,h,w)."""
        return self._draw(OUTER, tuple(shape))

    def local(self, m: int, shape: torch.Size) -> Tensor:
        """The m further standard normal tensors of each row: (b,m,c,h,w)."""
        return self._draw(LOCAL, (m, *shape))

    def noisy(self, x: Tensor, sigma: float) -> Tensor:
        """The noisy copies of pictures x (b,c,h,w) or (c,h,w) on the 1/255 grid, as `NoiseSource.noisy` makes
        them."""
        thresholds, values = steps_on(self.votes.device, sigma)
        draw, _ = fastest(self.votes.device)
        drawn = draw(self.keys, self.votes, STEPS, x.shape[-3:].numel()) ^ _SIGN
        steps = torch.searchsorted(thresholds, drawn, right=True) - rounded_gaussian(sigma).reach
        pixels = (x.double() * LEVELS).round().long()
        low, high = clip_range(sigma)
        return values[(steps.view(-1, *x.shape[-3:]) + pixels).clamp(low, high) - low]
