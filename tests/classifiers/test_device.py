"""Device and dtype: what "auto" means here, a device that is not there, and float32 without TF32."""

from __future__ import annotations

import platform

import pytest
import torch

from diffsmooth_core import Certificate, build_base, certify
from diffsmooth_core.certification.certificate import discrepancies
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.device import autocast, on_device, resolve_device, resolve_dtype
from diffsmooth_core.classifiers.execution import modes
from diffsmooth_core.classifiers.fast_dtype import fast_dtype
from diffsmooth_core.config import InputError, SmoothingConfig
from tests.pretended_gpu import pretended_gpu
from tests.worlds import GREY, ten_classes


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


def test_a_gpu_of_another_index_than_those_here_is_an_error() -> None:
    with pretended_gpu(2):
        assert resolve_device("cuda:1") == torch.device("cuda:1")
        with pytest.raises(
            InputError, match="'cuda:2' was asked for but the GPUs here are 'cuda:0' to 'cuda:1'"
        ):
            resolve_device("cuda:2")


def test_an_apple_gpu_runs_the_networks_where_it_is_asked_for() -> None:
    config = SmoothingConfig(method="plain", device="mps", n0=4, n=12)
    with pytest.raises(InputError, match="'mps' was asked for but torch finds no Apple GPU"):
        resolve_device("mps")
    classifier = ten_classes()
    with pretended_gpu(kind="mps"):
        assert resolve_device("auto") == torch.device("cpu"), "nobody gets it unasked"
        assert fast_dtype("mps") == "float32"
        assert modes(torch.device("mps")) == ("eager", "folded")
        certificate = certify(build_base(config, classifier), GREY, config)
    assert (certificate.device, certificate.dtype) == ("mps", "float32")
    assert certificate.hardware == {"gpu": "pretended chip", "macos": platform.mac_ver()[0]}
    assert certificate.execution == "folded/32"
    assert discrepancies(certificate) == []
    assert Certificate.from_dict(certificate.as_dict()) == certificate


def test_an_operation_that_an_apple_gpu_lacks_is_named() -> None:
    def network() -> None:
        with autocast(torch.device("mps"), torch.float32):
            raise NotImplementedError("The operator 'aten::_nested_view.out' is not currently implemented")

    with pytest.raises(
        InputError, match=r"cannot compute aten::_nested_view\.out on an Apple GPU; use device 'cpu'"
    ):
        network()


def test_a_device_of_another_kind_is_refused() -> None:
    for device in ("meta", "xpu"):
        with pytest.raises(InputError, match=f"'{device}' is none that networks run on"):
            resolve_device(device)


def test_the_same_networks_serve_two_devices_at_a_time() -> None:
    """Each device has copies of its own, and the networks that were given stay where they lie."""
    classifier = ten_classes()

    def built(device: str) -> BaseClassifier:
        return build_base(SmoothingConfig(method="plain", device=device, dtype="float32"), classifier)

    on_cpu = built("cpu")
    votes = on_cpu(GREY[None])
    with pretended_gpu():
        on_gpu = built("cuda")
        assert on_gpu.classifier.normalise.mean.device == torch.device("cuda:0")
        assert on_gpu(GREY[None]).cpu().equal(votes)
        assert on_device(classifier, torch.device("cuda")) is on_gpu.classifier, "copied once"
        assert on_cpu(GREY[None]).equal(votes)
        assert on_cpu.classifier is classifier


def test_tf32_stays_off_until_the_last_run_has_ended() -> None:
    switches = torch.backends.cudnn, torch.backends.cuda.matmul
    before = [switch.allow_tf32 for switch in switches]
    assert before[0], "cuDNN's convolutions use it unless told otherwise"
    first, second = (autocast(torch.device("cuda"), torch.float32) for _ in range(2))
    with pretended_gpu():
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert not any(switch.allow_tf32 for switch in switches)
        second.__exit__(None, None, None)
    assert [switch.allow_tf32 for switch in switches] == before
