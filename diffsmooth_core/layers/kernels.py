"""Kernels for a GPU: group normalisation, and what follows a convolution, in channels_last and in one pass.

torch normalises groups in NCHW alone, so each call copies its picture there and back, and it adds a bias and
applies an activation in passes of their own: in a U-Net most of the time goes to these. All values are
computed in float32 and rounded once, to the pictures' dtype. Needs Triton, which comes with torch for CUDA.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

NONE, RELU, GELU, SILU = range(4)  # activations
GROUPS = 32
ROUNDED = {"enable_fp_fusion": False}  # after every product, whatever a version of Triton does by itself
TILE = 8192  # values that one program looks at


@triton.jit  # type: ignore[untyped-decorator]
def activated(y, ACT: tl.constexpr):  # type: ignore[no-untyped-def]
    if ACT == 1:
        y = tl.maximum(y, 0.0)
    elif ACT == 2:
        y = 0.5 * y * (1.0 + tl.erf(y * 0.7071067811865476))
    elif ACT == 3:
        y = y / (1.0 + tl.exp(-y))
    return y


@triton.jit  # type: ignore[untyped-decorator]
def moments(  # type: ignore[no-untyped-def]
    x,
    bias,
    means,
    squares,
    size,
    EACH: tl.constexpr,
    PADDED: tl.constexpr,
    ROWS: tl.constexpr,
    BIAS: tl.constexpr,
    GROUPS: tl.constexpr,
):
    """Mean and sum of squared deviations of each group of picture program_id(0) over ROWS of its `size`
    pixels, which have GROUPS * EACH channels; PADDED is the power of 2 from EACH on."""
    picture, chunk = tl.program_id(0), tl.program_id(1)
    pixel = chunk * ROWS + tl.arange(0, ROWS)[:, None, None]
    group = tl.arange(0, GROUPS)
    within = tl.arange(0, PADDED)[None, None, :]
    channel = group[None, :, None] * EACH + within
    inside = (pixel < size) & (within < EACH)
    start = picture.to(tl.int64) * size * (GROUPS * EACH)
    value = tl.load(x + start + pixel * (GROUPS * EACH) + channel, mask=inside, other=0.0).to(tl.float32)
    if BIAS:
        value += tl.load(bias + channel, mask=within < EACH, other=0.0).to(tl.float32)
    value = tl.where(inside, value, 0.0)
    count = tl.minimum(size - chunk * ROWS, ROWS) * EACH
    mean = tl.sum(tl.sum(value, 2), 0) / count
    deviation = tl.where(inside, value - mean[None, :, None], 0.0)
    to = (picture * tl.num_programs(1) + chunk) * GROUPS + group
    tl.store(means + to, mean)
    tl.store(squares + to, tl.sum(tl.sum(deviation * deviation, 2), 0))


@triton.jit  # type: ignore[untyped-decorator]
def merged(  # type: ignore[no-untyped-def]
    means,
    squares,
    weight,
    shift,
    bias,
    out,
    size,
    chunks,
    eps,
    EACH: tl.constexpr,
    PADDED: tl.constexpr,
    ROWS: tl.constexpr,
    BIAS: tl.constexpr,
    GROUPS: tl.constexpr,
    CHUNKS: tl.constexpr,
):
    """The moments of the parts of picture program_id(0) merged (Chan et al. 1979), and for each channel the
    factor and the summand that normalise it, to out (pictures,2,channels)."""
    picture = tl.program_id(0)
    group = tl.arange(0, GROUPS)
    total = size * EACH
    mean = tl.zeros((GROUPS,), tl.float32)
    for first in range(0, chunks, CHUNKS):
        chunk = first + tl.arange(0, CHUNKS)
        count = tl.minimum(size - chunk * ROWS, ROWS) * EACH
        at = (picture * chunks + chunk[:, None]) * GROUPS + group[None, :]
        part = tl.load(means + at, mask=chunk[:, None] < chunks, other=0.0)
        mean += tl.sum(part * (count[:, None] / total), 0)
    square = tl.zeros((GROUPS,), tl.float32)
    for first in range(0, chunks, CHUNKS):
        chunk = first + tl.arange(0, CHUNKS)
        count = tl.minimum(size - chunk * ROWS, ROWS) * EACH
        at, there = (picture * chunks + chunk[:, None]) * GROUPS + group[None, :], chunk[:, None] < chunks
        off = tl.load(means + at, mask=there, other=0.0) - mean[None, :]
        part = tl.load(squares + at, mask=there, other=0.0) + count[:, None] * off * off
        square += tl.sum(tl.where(there, part, 0.0), 0)
    deviation = tl.sqrt(square / total + eps)
    within = tl.arange(0, PADDED)[None, :]
    channel, there = group[:, None] * EACH + within, within < EACH
    factor = tl.load(weight + channel, mask=there, other=0.0).to(tl.float32) / deviation[:, None]
    summand = tl.load(shift + channel, mask=there, other=0.0).to(tl.float32)
    if BIAS:
        summand += tl.load(bias + channel, mask=there, other=0.0).to(tl.float32) * factor
    to = out + picture * 2 * GROUPS * EACH + channel
    tl.store(to, factor, mask=there)
    tl.store(to + GROUPS * EACH, summand - mean[:, None] * factor, mask=there)


@triton.jit  # type: ignore[untyped-decorator]
def scaled(  # type: ignore[no-untyped-def]
    x, by, out, size, CHANNELS: tl.constexpr, PADDED: tl.constexpr, ROWS: tl.constexpr, ACT: tl.constexpr
):
    """act(x * factor + summand) for ROWS of the `size` pixels of picture program_id(0)."""
    picture = tl.program_id(0)
    pixel, channel = tl.program_id(1) * ROWS + tl.arange(0, ROWS)[:, None], tl.arange(0, PADDED)[None, :]
    there = channel < CHANNELS
    at = picture.to(tl.int64) * size * CHANNELS + pixel * CHANNELS + channel
    inside = (pixel < size) & there
    by += picture * 2 * CHANNELS
    factor = tl.load(by + channel, mask=there, other=0.0)
    summand = tl.load(by + CHANNELS + channel, mask=there, other=0.0)
    value = tl.load(x + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(out + at, activated(value * factor + summand, ACT), mask=inside)


@triton.jit  # type: ignore[untyped-decorator]
def biased(  # type: ignore[no-untyped-def]
    x,
    bias,
    add,
    out,
    pixels,
    CHANNELS: tl.constexpr,
    PADDED: tl.constexpr,
    ROWS: tl.constexpr,
    ADD: tl.constexpr,
    ACT: tl.constexpr,
):
    """act(x + bias + add) for ROWS of the `pixels` of all pictures."""
    first = tl.program_id(0).to(tl.int64) * ROWS
    pixel, channel = tl.arange(0, ROWS)[:, None], tl.arange(0, PADDED)[None, :]
    there = channel < CHANNELS
    at = first * CHANNELS + pixel * CHANNELS + channel
    inside = (first + pixel < pixels) & there
    y = tl.load(x + at, mask=inside, other=0.0).to(tl.float32)
    y += tl.load(bias + channel, mask=there, other=0.0).to(tl.float32)
    if ADD:
        y += tl.load(add + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(out + at, activated(y, ACT), mask=inside)


@triton.jit  # type: ignore[untyped-decorator]
def convolved(  # type: ignore[no-untyped-def]
    x,
    weight,
    bias,
    add,
    out,
    pixels,
    HEIGHT: tl.constexpr,
    WIDTH: tl.constexpr,
    CHANNELS: tl.constexpr,
    ROWS: tl.constexpr,
    ADD: tl.constexpr,
    ACT: tl.constexpr,
):
    """act(3x3 convolution of x + bias + add) for ROWS of the `pixels` of all pictures, weight
    (channels,3,3,channels)."""
    first = tl.program_id(0).to(tl.int64) * ROWS
    row = tl.arange(0, ROWS)
    inside = first + row < pixels
    within = ((first % (HEIGHT * WIDTH)).to(tl.int32) + row) % (HEIGHT * WIDTH)
    y, z = within // WIDTH, within % WIDTH
    channel = tl.arange(0, CHANNELS)
    at = first * CHANNELS + row[:, None] * CHANNELS + channel[None, :]
    total = tl.zeros((ROWS, CHANNELS), tl.float32)
    for tap in tl.static_range(9):
        up, left = tap // 3 - 1, tap % 3 - 1
        there = inside & (y + up >= 0) & (y + up < HEIGHT) & (z + left >= 0) & (z + left < WIDTH)
        seen = tl.load(x + at + (up * WIDTH + left) * CHANNELS, mask=there[:, None], other=0.0)
        by = tl.load(weight + channel[None, :] * (9 * CHANNELS) + tap * CHANNELS + channel[:, None])
        total = tl.dot(seen, by, total, input_precision="ieee")
    total += tl.load(bias + channel)[None, :].to(tl.float32)
    if ADD:
        total += tl.load(add + at, mask=inside[:, None], other=0.0).to(tl.float32)
    tl.store(out + at, activated(total, ACT), mask=inside[:, None])


@triton.jit  # type: ignore[untyped-decorator]
def resampled(  # type: ignore[no-untyped-def]
    x,
    out,
    pixels,
    HEIGHT: tl.constexpr,
    WIDTH: tl.constexpr,
    CHANNELS: tl.constexpr,
    PADDED: tl.constexpr,
    ROWS: tl.constexpr,
    UP: tl.constexpr,
):
    """ROWS of the `pixels` of all pictures of HEIGHT x WIDTH that are twice as large as those of x (the
    nearest pixel), or half as large (the mean of four)."""
    first = tl.program_id(0).to(tl.int64) * ROWS
    row = tl.arange(0, ROWS)
    picture = (first + row) // (HEIGHT * WIDTH)
    within = ((first + row) % (HEIGHT * WIDTH)).to(tl.int32)
    y, z = within // WIDTH, within % WIDTH
    channel = tl.arange(0, PADDED)[None, :]
    there = (first + row < pixels)[:, None] & (channel < CHANNELS)
    if UP:
        pixel = (picture * (HEIGHT // 2) + y // 2) * (WIDTH // 2) + z // 2
        value = tl.load(x + pixel[:, None] * CHANNELS + channel, mask=there, other=0.0)
    else:
        pixel = (picture * (HEIGHT * 2) + y * 2) * (WIDTH * 2) + z * 2
        at = x + pixel[:, None] * CHANNELS + channel
        value = tl.load(at, mask=there, other=0.0).to(tl.float32)
        value += tl.load(at + CHANNELS, mask=there, other=0.0).to(tl.float32)
        value += tl.load(at + 2 * WIDTH * CHANNELS, mask=there, other=0.0).to(tl.float32)
        value += tl.load(at + (2 * WIDTH + 1) * CHANNELS, mask=there, other=0.0).to(tl.float32)
        value *= 0.25
    tl.store(out + (first + row)[:, None] * CHANNELS + channel, value, mask=there)


def group_norm(
    x: Tensor, weight: Tensor, shift: Tensor, eps: float, act: int, bias: Tensor | None = None
) -> Tensor:
    """act of the normalised x + bias, in 32 groups: (b,c,h,w) in channels_last to the same."""
    x = x.contiguous(memory_format=torch.channels_last)
    pictures, channels, size = len(x), x.shape[1], x.shape[2] * x.shape[3]
    each = channels // GROUPS
    padded = triton.next_power_of_2(each)
    rows = max(1, TILE // (GROUPS * padded))
    chunks = triton.cdiv(size, rows)
    means, squares = x.new_empty(2, pictures, chunks, GROUPS, dtype=torch.float32)
    by, out = x.new_empty(pictures, 2, channels, dtype=torch.float32), torch.empty_like(x)
    tile = {"EACH": each, "PADDED": padded, "ROWS": rows, "BIAS": bias is not None, "GROUPS": GROUPS}
    with torch.cuda.device_of(x):
        moments[pictures, chunks](x, bias, means, squares, size, **tile, num_warps=8, **ROUNDED)
        merged[(pictures,)](
            means,
            squares,
            weight,
            shift,
            bias,
            by,
            size,
            chunks,
            eps,
            **tile,
            CHUNKS=64,
            num_warps=4,
            **ROUNDED,
        )
        padded, rows = _tile(channels)
        scaled[pictures, triton.cdiv(size, rows)](
            x, by, out, size, channels, padded, rows, act, num_warps=8, **ROUNDED
        )
    return out


def bias_act(x: Tensor, bias: Tensor, act: int, add: Tensor | None = None) -> Tensor:
    """act(x + bias + add): (b,c,h,w) in channels_last, with one bias a channel, to the same."""
    x = x.contiguous(memory_format=torch.channels_last)
    if add is not None:
        add = add.contiguous(memory_format=torch.channels_last)
    out, pixels, channels = torch.empty_like(x), x.numel() // x.shape[1], x.shape[1]
    padded, rows = _tile(channels)
    with torch.cuda.device_of(x):
        biased[(triton.cdiv(pixels, rows),)](
            x, bias, add, out, pixels, channels, padded, rows, add is not None, act, num_warps=8, **ROUNDED
        )
    return out


def conv_act(x: Tensor, weight: Tensor, bias: Tensor, act: int, add: Tensor | None = None) -> Tensor:
    """act(3x3 convolution of x + bias + add), with as many channels out as in: (b,c,h,w) in channels_last to
    the same.

    A network of few channels leaves most of a tile of cuDNN's empty.
    """
    x, weight = (t.contiguous(memory_format=torch.channels_last) for t in (x, weight))
    if add is not None:
        add = add.contiguous(memory_format=torch.channels_last)
    _, channels, height, width = x.shape
    out, pixels, rows = torch.empty_like(x), x.numel() // channels, 128
    with torch.cuda.device_of(x):
        convolved[(triton.cdiv(pixels, rows),)](
            x,
            weight,
            bias,
            add,
            out,
            pixels,
            height,
            width,
            channels,
            rows,
            add is not None,
            act,
            num_warps=4,
            **ROUNDED,
        )
    return out


def resample(x: Tensor, up: bool) -> Tensor:
    """Pictures twice as large, with the nearest pixels, or half as large, with the means of four: (b,c,h,w)
    in channels_last to (b,c,2h,2w) or (b,c,h/2,w/2)."""
    x = x.contiguous(memory_format=torch.channels_last)
    b, channels, h, w = x.shape
    height, width = (2 * h, 2 * w) if up else (h // 2, w // 2)
    out = x.new_empty(b, height, width, channels).permute(0, 3, 1, 2)
    padded, rows = _tile(channels)
    pixels = b * height * width
    with torch.cuda.device_of(x):
        resampled[(triton.cdiv(pixels, rows),)](
            x, out, pixels, height, width, channels, padded, rows, up, num_warps=8, **ROUNDED
        )
    return out


def _tile(channels: int) -> tuple[int, int]:
    """Channels, up to a power of 2, and pixels of a program of `scaled` or `biased`."""
    padded: int = triton.next_power_of_2(channels)
    return padded, max(1, TILE // padded)
