"""Device and dtype: what "auto" means here, and a device that is not there."""

from __future__ import annotations

import pytest
import torch

from diffsmooth_core.classifiers.device import resolve_device, resolve_dtype
from diffsmooth_core.config import InputError


def test_dtype_and_device_are_resolved() -> None:
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    assert resolve_dtype("auto", cpu) == torch.float32
    assert resolve_dtype("auto", cuda) == resolve_dtype("bfloat16", cpu) == torch.bfloat16
    assert resolve_device("cpu") == cpu
    assert resolve_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(InputError, match="'warp'"):
        resolve_device("warp")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_an_error() -> None:
    with pytest.raises(InputError, match="'cuda'.*no CUDA GPU"):
        resolve_device("cuda")
