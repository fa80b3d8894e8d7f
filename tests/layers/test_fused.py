"""Layers in kernels of our own: their values against torch's in Triton's interpreter; they compile."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from unittest import mock

import pytest
import torch
from torch import nn

from diffsmooth_core.layers import fused

needs_triton = pytest.mark.skipif(find_spec("triton") is None, reason="Triton is not installed")

LAYERS = """
import torch
import torch.nn.functional as F
from diffsmooth_core.layers import kernels
from diffsmooth_core.layers.fused import ACTIVATIONS

torch.manual_seed(0)
def error(found, expected):
    return float((found - expected).norm() / expected.norm())
for shape in ((3, 96, 7, 8), (2, 128, 20, 20), (1, 384, 3, 1)):
    for dtype, most in ((torch.float32, 3e-6), (torch.bfloat16, 5e-3)):
        x = (2 * torch.randn(shape) + 30).to(dtype).contiguous(memory_format=torch.channels_last)
        weight, shift, bias = (torch.randn(shape[1]).to(dtype) for _ in range(3))
        add, wide = torch.randn_like(x), bias.double()[:, None, None]
        for number, act in enumerate(ACTIVATIONS):
            for with_bias in (True, False):
                given = x.double() + wide * with_bias
                normed = act(F.group_norm(given, 32, weight.double(), shift.double(), 1e-5))
                found = kernels.group_norm(x, weight, shift, 1e-5, number, bias if with_bias else None)
                assert found.dtype == dtype and found.is_contiguous(memory_format=torch.channels_last)
                assert error(found, normed) < most, (shape, dtype, act, with_bias, error(found, normed))
            for added in (add, None):
                expected = act(x.double() + wide + (0 if added is None else added.double()))
                found = kernels.bias_act(x, bias, number, added)
                assert error(found, expected) < most, (shape, dtype, act, error(found, expected))
        for up in (True, False):
            larger = torch.cat([torch.cat([x, x.flip(3)], 3), x.flip(3, 2).repeat(1, 1, 1, 2)], 2)
            expected = F.interpolate(larger, scale_factor=2) if up else F.avg_pool2d(larger.double(), 2)
            found = kernels.resample(larger, up)
            assert found.dtype == dtype and found.is_contiguous(memory_format=torch.channels_last)
            assert error(found, expected) < most, (shape, dtype, up)
for channels in (16, 32):  # in float32 alone: the interpreter cannot multiply matrices of bfloat16
    for shape in ((3, channels, 8, 8), (1, channels, 5, 7)):
        x, add = (torch.randn(shape).contiguous(memory_format=torch.channels_last) for _ in range(2))
        weight, bias = torch.randn(channels, channels, 3, 3), torch.randn(channels)
        for added in (add, None):
            expected = F.conv2d(x.double(), weight.double(), bias.double(), padding=1)
            expected = F.relu(expected + (0 if added is None else added.double()))
            assert error(kernels.conv_act(x, weight, bias, 1, added), expected) < 3e-6, (shape, added)
print("alike")
"""

NETWORKS = """
import copy
import torch
from contextlib import ExitStack
from unittest import mock
from diffsmooth_core.classifiers.compact import CompactCNN
from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.layers import kernels
from diffsmooth_core.purification.diffusers_unet import DiffusersUNet
from diffsmooth_core.purification.dncnn import DnCNN
from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig

small = {"image_size": 16, "num_channels": 32, "num_res_blocks": 1, "channel_mult": (1, 2)}
newer = {"resblock_updown": True, "num_head_channels": 16, "use_new_attention_order": True}
ddpm = {
    "block_out_channels": [32, 64],
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
    "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
    "layers_per_block": 1,
    "out_channels": 6,
}
older = {"use_scale_shift_norm": False, "patch": 2}
networks = [
    (UNet(UNetConfig(**small, attention_resolutions=(2,), learn_sigma=True)), 7.0),
    (UNet(UNetConfig(**small, attention_resolutions=(2,), learn_sigma=True)), None),
    (UNet(UNetConfig(**small, attention_resolutions=(2,), **newer)), 7.0),
    (UNet(UNetConfig(**small, **older)), 7.0),
    (UNet(UNetConfig(**small, **older)), None),
    (DiffusersUNet(ddpm), 7.0),
    (DiffusersUNet(ddpm), None),
    (CifarResNet(8), ()),
    (CompactCNN(), ()),
    (DnCNN(5, 24, patch=2), ()),
]
generator = torch.Generator().manual_seed(0)
x = torch.rand(3, 3, 16, 16, generator=generator).contiguous(memory_format=torch.channels_last)
for network, at in networks:
    for parameter in network.parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape, generator=generator)
    network.eval().requires_grad_(False)
    timed, when = at != (), (torch.tensor([7.0]),) if at is None else ()
    network.fold(at) if timed else network.fold()
    network.to(memory_format=torch.channels_last)
    norms = mock.patch.object(kernels, "group_norm", wraps=kernels.group_norm)
    biases = mock.patch.object(kernels, "bias_act", wraps=kernels.bias_act)
    with torch.inference_mode(), norms as norms, biases as biases:
        plain = network(x, *when)
        assert not norms.called and not biases.called
        with ExitStack() as kernels_take_over:
            for module in ("purification.unet", "purification.diffusers_unet", "layers.fused"):
                there = mock.patch(f"diffsmooth_core.{module}.in_kernels", return_value=True)
                kernels_take_over.enter_context(there)
            found = network(x, *when)
        exact = copy.deepcopy(network).double()(x.double(), *(t.double() for t in when))
    assert norms.called == timed and biases.called
    errors = [float((y - exact).norm() / exact.norm()) for y in (found, plain)]
    assert errors[0] < 2 * errors[1] + 1e-6, (type(network), errors)
print("alike")
"""


@needs_triton
@pytest.mark.parametrize("compared", [LAYERS, NETWORKS], ids=["layers", "networks"])
def test_the_kernels_compute_what_torch_does_in_tritons_interpreter(compared: str) -> None:
    env = os.environ | {"TRITON_INTERPRET": "1"}
    done = subprocess.run(
        [sys.executable, "-c", compared], env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout == "alike\n", done.stderr


@needs_triton
@pytest.mark.parametrize("channels", [96, 256])
def test_the_kernels_compile_for_a_gpu(channels: int) -> None:
    """For an H100, which nobody needs to have for it: the interpreter accepts more than the compiler."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from diffsmooth_core.layers import kernels

    each = channels // 32
    group = {"EACH": each, "PADDED": triton.next_power_of_2(each), "ROWS": 16, "BIAS": True, "GROUPS": 32}
    flat = {"CHANNELS": channels, "PADDED": 256, "ROWS": 32, "ACT": 2}
    spread = {"HEIGHT": 8, "WIDTH": 8, "ROWS": 128}
    numbers = {"size": "i32", "chunks": "i32", "pixels": "i32", "eps": "fp32"}
    float32 = dict.fromkeys(("means", "squares", "by"), "*fp32")
    for kernel, constants in (
        (kernels.moments, group),
        (kernels.merged, group | {"CHUNKS": 64}),
        (kernels.scaled, flat),
        (kernels.biased, flat | {"ADD": True}),
        (kernels.convolved, spread | {"CHANNELS": 16, "ADD": True, "ACT": 1}),
        (kernels.resampled, spread | {"CHANNELS": channels, "PADDED": 256, "UP": False}),
    ):
        kinds = numbers | float32 | dict.fromkeys(constants, "constexpr")
        arguments = {name: kinds.get(name, "*bf16") for name in kernel.arg_names}
        source = ASTSource(kernel, arguments, constexprs=constants)
        made = triton.compile(source, target=GPUTarget("cuda", 90, 32), options=kernels.ROUNDED)
        assert ".entry" in made.asm["ptx"]


def test_without_a_gpu_torch_computes() -> None:
    assert not fused.working_triton(torch.device("cpu"))
    assert not fused.in_kernels(torch.zeros(1))


def test_what_is_differentiated_or_compiled_is_left_to_torch() -> None:
    x = mock.Mock(is_cuda=True, requires_grad=True)
    with mock.patch.object(fused, "working_triton", return_value="3.6.0"):
        assert not fused.in_kernels(x)
        with torch.no_grad():
            assert fused.in_kernels(x)
            with mock.patch("torch.compiler.is_compiling", return_value=True):
                assert not fused.in_kernels(x)


def test_a_bias_may_be_added_after_the_maximum_is_taken() -> None:
    conv, generator = nn.Conv2d(3, 4, 3), torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, 9, 9, generator=generator)
    assert conv.bias is not None
    later = fused.pooled(fused.without_bias(conv, x), 2) + conv.bias[:, None, None]
    torch.testing.assert_close(torch.relu(later), fused.conv_act(conv, nn.Identity(), x, torch.relu, pool=2))
