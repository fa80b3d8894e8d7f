"""Group normalisation and convolutions with what follows them: by torch, or on a GPU in kernels of our own.

The kernels take the place of torch's operations in a network that is folded and runs in channels_last. They
round once where torch rounds after each step.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Activation = Callable[[Tensor], Tensor]
NARROW = (16, 32)  # channels


def identity(x: Tensor) -> Tensor:
    return x


ACTIVATIONS: tuple[Activation, ...] = (identity, F.relu, F.gelu, F.silu)  # in the order of the kernels'


def in_kernels(x: Tensor) -> bool:
    """Whether layers of x run in the kernels: on a GPU where they work, with no gradient to be taken, and not
    while torch compiles the network into kernels of its own."""
    differentiated = torch.is_grad_enabled() and x.requires_grad
    return (
        x.is_cuda
        and not differentiated
        and not torch.compiler.is_compiling()
        and bool(working_triton(x.device))
    )


def kernels_take(norm: nn.GroupNorm, act: Activation) -> bool:
    """Whether the kernels have a normalisation's number of groups, and an activation."""
    return norm.num_groups == 32 and act in ACTIVATIONS


@cache
def working_triton(device: torch.device) -> str:
    """The version of Triton whose kernels compute layers on a device; empty where they do not work there."""
    if device.type != "cuda":
        return ""
    generator = torch.Generator(device).manual_seed(0)
    x = torch.randn(2, 96, 5, 7, generator=generator, device=device).to(memory_format=torch.channels_last)
    norm, few = nn.GroupNorm(32, 96).to(device), x[:, :16].bfloat16()
    weight = 0.1 * torch.randn(16, 16, 3, 3, generator=generator, device=device).bfloat16()
    try:
        from diffsmooth_core.layers import kernels as ours

        with torch.no_grad():
            silu, gelu, relu = map(ACTIVATIONS.index, (F.silu, F.gelu, F.relu))
            convolved = F.conv2d(few, weight, weight[0, :, 0, 0], padding=1)
            pairs = (
                (ours.group_norm(x, norm.weight, norm.bias, norm.eps, silu), F.silu(norm(x)), 1e-5),
                (ours.bias_act(x, norm.weight, gelu, x), F.gelu(2 * x + 1), 1e-5),
                (ours.conv_act(few, weight, weight[0, :, 0, 0].contiguous(), relu), F.relu(convolved), 5e-2),
                (ours.resample(x, True), F.interpolate(x, scale_factor=2), 0.0),
            )
            works = all(torch.allclose(mine, its, atol=close) for mine, its, close in pairs)
    except Exception:  # without a driver, a compiler, a linker or Python's headers Triton fails in many ways
        works = False
    return version("triton") if works else ""


class Affine(NamedTuple):
    """What a group normalisation needs to know beside its groups: factors and summands (c,), and the eps
    that is added to a variance."""

    weight: Tensor
    bias: Tensor
    eps: float


Norm = nn.GroupNorm | Affine


def group_norm(norm: Norm, x: Tensor, act: Activation, bias: Tensor | None = None) -> Tensor:
    """act(norm(x + bias)) in the kernels: x (b,c,h,w) in 32 groups, with one bias a channel."""
    from diffsmooth_core.layers import kernels as ours

    return ours.group_norm(x, norm.weight, norm.bias, norm.eps, ACTIVATIONS.index(act), bias)


def bias_act(x: Tensor, bias: Tensor, act: Activation = identity, add: Tensor | None = None) -> Tensor:
    """act(x + bias + add) in the kernels: x and add (b,c,h,w), with one bias a channel."""
    from diffsmooth_core.layers import kernels as ours

    return ours.bias_act(x, bias, ACTIVATIONS.index(act), add)


def residual(
    x: Tensor,
    norms: tuple[Norm, Norm],
    convs: tuple[nn.Conv2d, nn.Conv2d],
    bias: Tensor,
    skip: nn.Module | None,
    act: Activation,
    resample: Activation = identity,
) -> Tensor:
    """skip(resample(x)) + conv2(act(norm2(conv1(resample(act(norm1(x))))))) in the kernels, which add biases
    where the values are read anyway: x (b,c,h,w) to (b,out,h',w'). `bias` (out,) is that of conv1; `skip`
    is a convolution, or changes nothing."""
    h = without_bias(convs[0], resample(group_norm(norms[0], x, act)))
    h = without_bias(convs[1], group_norm(norms[1], h, act, bias))
    x, last = resample(x), convs[1].bias
    assert last is not None
    if isinstance(skip, nn.Conv2d):
        assert skip.bias is not None
        x, last = without_bias(skip, x), last + skip.bias
    return bias_act(h, last, add=x)


def conv_act(
    conv: nn.Conv2d, norm: nn.Module, x: Tensor, act: Activation, add: Tensor | None = None, pool: int = 1
) -> Tensor:
    """act(norm(max_pool(conv(x))) + add): x (b,c,h,w) to (b,out,h',w'), as `add` is. On a GPU, where `norm`
    is folded into the convolution, all that follows it is one pass."""
    if in_kernels(x) and isinstance(norm, nn.Identity) and conv.bias is not None:
        if pool == 1 and narrow(conv, x):
            from diffsmooth_core.layers import kernels as ours

            return ours.conv_act(x, conv.weight, conv.bias, ACTIVATIONS.index(act), add)
        return bias_act(pooled(without_bias(conv, x), pool), conv.bias, act, add)
    h = norm(pooled(conv(x), pool))
    return act(h if add is None else h + add)


def narrow(conv: nn.Conv2d, x: Tensor) -> bool:
    """Whether a convolution of bfloat16 has so few channels that the kernel is faster than cuDNN."""
    same = conv.in_channels == conv.out_channels in NARROW and conv.groups == 1
    plain = conv.kernel_size == (3, 3) and conv.stride == conv.padding == conv.dilation == (1, 1)
    return x.dtype == torch.bfloat16 and same and plain


def resampled(x: Tensor, up: bool) -> Tensor:
    """Pictures (b,c,h,w) twice as large, with the nearest pixels, or half as large, with means of four."""
    if in_kernels(x):
        from diffsmooth_core.layers.kernels import resample

        return resample(x, up)
    return F.interpolate(x, scale_factor=2, mode="nearest") if up else F.avg_pool2d(x, 2)


def pooled(x: Tensor, pool: int) -> Tensor:
    return F.max_pool2d(x, pool) if pool > 1 else x


def without_bias(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """The convolution without its bias."""
    return F.conv2d(x, conv.weight, None, conv.stride, conv.padding, conv.dilation, conv.groups)
