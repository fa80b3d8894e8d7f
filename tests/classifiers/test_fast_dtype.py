"""The fastest dtype, as the kernel lists the processor's features and as torch says."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest
import torch

from diffsmooth_core.classifiers import fast_dtype as module
from diffsmooth_core.classifiers.fast_dtype import fast_dtype

CPUINFO = "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu {}\nbugs\t\t: none\n"


@pytest.mark.parametrize(
    ("features", "dtype"),
    [("avx512f avx512_bf16", "bfloat16"), ("amx_bf16 avx2", "bfloat16"), ("avx2 avx512f", "float32")],
)
def test_the_fast_dtype_is_what_the_processor_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, features: str, dtype: str
) -> None:
    (tmp_path / "cpuinfo").write_text(CPUINFO.format(features))
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(module, "PROCESSOR", tmp_path / "cpuinfo")
    monkeypatch.setattr(module, "GPU_DRIVERS", ())
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: pytest.fail("torch was asked"))
    assert fast_dtype("cpu") == fast_dtype("auto") == dtype


@pytest.mark.parametrize(
    ("able", "dtype"),
    [({"avx512_bf16": True}, "bfloat16"), ({"amx_bf16": True}, "bfloat16"), ({"avx2": True}, "float32")],
)
def test_torch_is_asked_where_the_kernel_lists_no_features(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, able: dict[str, bool], dtype: str
) -> None:
    monkeypatch.setattr(module, "PROCESSOR", tmp_path / "cpuinfo")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert fast_dtype("cpu") == dtype


def test_torch_is_asked_where_a_gpu_may_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "GPU_DRIVERS", (tmp_path,))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert fast_dtype("auto") == "bfloat16"


def test_the_kernel_and_torch_agree_on_this_processor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    read = fast_dtype("cpu")
    monkeypatch.setattr(module, "PROCESSOR", tmp_path / "cpuinfo")
    assert fast_dtype("cpu") == read
