"""Noise drawn where the networks run: the bits of the CPU's noise, by torch and by the kernel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch import Tensor

from diffsmooth_core.certification.noise import LOCAL, NoiseKey, NoiseSource, image_sha256
from diffsmooth_core.certification.noise_on_device import Rows, fastest, normals, signed, words
from tests.worlds import GREY

CPU = torch.device("cpu")
SHAPE = torch.Size((3, 11, 13))  # 429 values, no multiple of four
SOURCE = NoiseKey("c0" * 32, "0f" * 16).source(image_sha256(GREY), "estimation")
GRID = (torch.arange(SHAPE.numel()) % 256).view(SHAPE) / 255
FIRST = 2**33 - 3  # a vote whose number has more than 32 bits follows soon
needs_triton = pytest.mark.skipif(find_spec("triton") is None, reason="Triton is not installed")


def alike(a: Tensor, b: Tensor) -> bool:
    """Bit for bit: 0 and -0 differ."""
    return torch.equal(a.view(torch.int32), b.view(torch.int32))


def test_noise_has_the_same_bits_as_the_cpus() -> None:
    rows = Rows.of(SOURCE, FIRST, FIRST + 9, CPU)
    assert alike(rows.outer(SHAPE), SOURCE.outer(FIRST, FIRST + 9, SHAPE))
    assert alike(rows.local(3, SHAPE), SOURCE.local(FIRST, FIRST + 9, 3, SHAPE))


@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
def test_sound_copies_have_the_same_bits_as_the_cpus(sigma: float) -> None:
    rows = Rows.of(SOURCE, FIRST, FIRST + 9, CPU)
    assert alike(rows.noisy(GRID, sigma), SOURCE.noisy(FIRST, FIRST + 9, GRID, sigma))


def test_a_rows_noise_follows_from_its_key_and_vote_alone() -> None:
    """Rows of two sources, in any order."""
    other = NoiseSource.named("another")
    parts = [Rows.of(source, 4, 7, CPU) for source in (SOURCE, other)]
    order = torch.tensor([5, 1, 3, 0, 4, 2])
    keys, votes = (torch.cat([getattr(p, name) for p in parts]) for name in ("keys", "votes"))
    rows = Rows(keys[order], votes[order])
    assert alike(rows.outer(SHAPE), torch.cat([s.outer(4, 7, SHAPE) for s in (SOURCE, other)])[order])


def test_words_of_the_same_counter_as_numpys() -> None:
    """NumPy's Philox, whose numbers are the published ones, adds 1 to its counter before it draws."""
    for key, vote in ((0, 0), (2**128 - 1, 2**63 - 1), (SOURCE.key, 77)):
        philox = np.random.Philox(key=key, counter=[0, 0, vote, LOCAL])
        keys = torch.tensor([[signed(key % 2**64), signed(key >> 64)]])
        found = words(keys, torch.tensor([vote]), LOCAL, 4097)[0].numpy().view(np.uint64)
        assert np.array_equal(found, philox.random_raw(4097))


COMPARED = """
import torch
from diffsmooth_core.certification import noise_kernel, noise_on_device
keys = torch.tensor([[1, -2], [-(2**63), 3], [7, 2**62]])
votes = torch.tensor([0, 2**40, 2**63 - 1])
for kind, size in ((0, 4099), (1, 1), (2, 1028)):
    for drawn in ("words", "normals"):
        both = (getattr(m, drawn)(keys, votes, kind, size) for m in (noise_kernel, noise_on_device))
        kernels, torchs = (numbers.view(torch.int32) for numbers in both)
        assert torch.equal(kernels, torchs), (drawn, kind, size)
print("alike")
"""


@needs_triton
def test_the_kernel_draws_the_same_bits_in_tritons_interpreter() -> None:
    env = os.environ | {"TRITON_INTERPRET": "1"}
    python = [sys.executable, "-c", COMPARED]
    done = subprocess.run(python, env=env, capture_output=True, text=True, check=False)
    assert done.stdout == "alike\n", done.stderr


def ptx(fused: bool) -> str:
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from diffsmooth_core.certification.noise_kernel import BLOCK, draw

    pointers = dict.fromkeys(("c0", "c1", "c2", "out"), "*fp32")
    constants = {"KIND": 1, "NORMAL": True, "COUNTERS": BLOCK}
    arguments = {"keys": "*i64", "votes": "*i64", **pointers, "size": "i32"}
    source = ASTSource(draw, arguments | dict.fromkeys(constants, "constexpr"), constexprs=constants)
    made = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"enable_fp_fusion": fused})
    return str(made.asm["ptx"])


@needs_triton
def test_the_kernel_rounds_after_every_product_and_every_sum() -> None:
    """Compiled for an H100, which nobody needs to have for it: no fused operation, and none that the
    assembler may still fuse, as those without `rn` are."""
    instructions = set(re.findall(r"\b(?:fma|mad|mul|add|sub)\.[a-z.]*f32", ptx(fused=False)))
    assert instructions == {"mul.rn.f32", "add.rn.f32"}
    assert "fma.rn.f32" in ptx(fused=True), "what the test above would find"


def test_without_a_gpu_torch_draws() -> None:
    assert fastest(CPU) == (words, normals)
