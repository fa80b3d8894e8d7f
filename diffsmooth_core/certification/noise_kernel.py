"""Noise of version 3 as one kernel for a GPU, bit for bit that of `noise_on_device`.

Needs Triton, which comes with torch for CUDA. Products and sums of float32 are kept apart
(`enable_fp_fusion=False`), since a fused one rounds once instead of twice.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from diffsmooth_core.certification.noise_on_device import table

BLOCK = 256  # counters, of four numbers each, that one program draws


@triton.jit  # type: ignore[untyped-decorator]
def draw(  # type: ignore[no-untyped-def]  # Triton reads annotations as its own
    keys, votes, c0, c1, c2, out, size, KIND: tl.constexpr, NORMAL: tl.constexpr, COUNTERS: tl.constexpr
):
    """Row program_id(0), counters COUNTERS * program_id(1) and on, of Philox 4x64-10; to words, or to normal
    numbers by the steps of `normal`."""
    row = tl.program_id(0)
    block = tl.program_id(1) * COUNTERS + tl.arange(0, COUNTERS)
    zero = tl.zeros((COUNTERS,), tl.uint64)
    x0, x1 = block.to(tl.uint64) + 1, zero
    x2, x3 = zero + tl.load(votes + row).to(tl.uint64, bitcast=True), zero + KIND
    k0 = tl.load(keys + 2 * row).to(tl.uint64, bitcast=True)
    k1 = tl.load(keys + 2 * row + 1).to(tl.uint64, bitcast=True)
    m0, m1 = tl.full((1,), 0xD2E7470EE14C6C93, tl.uint64), tl.full((1,), 0xCA5A826395121157, tl.uint64)
    w0, w1 = tl.full((1,), 0x9E3779B97F4A7C15, tl.uint64), tl.full((1,), 0xBB67AE8584CAA73B, tl.uint64)
    for _ in tl.static_range(10):
        high0, low0 = tl.umulhi(x0, zero + m0), x0 * m0
        high1, low1 = tl.umulhi(x2, zero + m1), x2 * m1
        x0, x1, x2, x3 = high1 ^ x1 ^ k0, low1, high0 ^ x3 ^ k1, low0
        k0, k1 = k0 + w0, k1 + w1
    for lane in tl.static_range(4):
        word = (x0 if lane == 0 else x1 if lane == 1 else x2 if lane == 2 else x3).to(tl.int64, bitcast=True)
        number = 4 * block.to(tl.int64) + lane
        to, inside = out + row.to(tl.int64) * size + number, number < size
        if NORMAL:
            bits = ((word & 0x7FFFFFFFFFFFFFFF) | 1).to(tl.float32).to(tl.int32, bitcast=True)
            segment = (bits >> 16) - 127 * 128
            t = (bits & 0xFFFF).to(tl.float32)
            z = (tl.load(c2 + segment) * t + tl.load(c1 + segment)) * t + tl.load(c0 + segment)
            tl.store(to, tl.where(word < 0, -z, z), mask=inside)
        else:
            tl.store(to, word, mask=inside)


def _drawn(keys: Tensor, votes: Tensor, kind: int, size: int, dtype: torch.dtype) -> Tensor:
    out = torch.empty(len(votes), size, dtype=dtype, device=votes.device)
    grid = (len(votes), triton.cdiv(size, 4 * BLOCK))
    with torch.cuda.device_of(votes):
        draw[grid](
            keys.contiguous(),
            votes,
            *table(votes.device),
            out,
            size,
            kind,
            dtype == torch.float32,
            BLOCK,
            enable_fp_fusion=False,
        )
    return out


def words(keys: Tensor, votes: Tensor, kind: int, size: int) -> Tensor:
    """`noise_on_device.words`."""
    return _drawn(keys, votes, kind, size, torch.int64)


def normals(keys: Tensor, votes: Tensor, kind: int, size: int) -> Tensor:
    """`noise_on_device.normals`."""
    return _drawn(keys, votes, kind, size, torch.float32)
