"""The networks of the paper at the batch sizes that a GPU gets, without their memory: the shapes of every
tensor, and how many bytes are in use at once."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from diffsmooth_core.classifiers.base import BaseClassifier, Classifier
from diffsmooth_core.classifiers.batching import default_purifier_batch
from diffsmooth_core.classifiers.execution import Execution
from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.config import METHODS, SIDES, SmoothingConfig
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.dncnn import DirectDenoiser, DnCNN
from diffsmooth_core.purification.purifiers import purifier_of
from diffsmooth_core.purification.schedule import Schedule
from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.zoo import cards
from diffsmooth_core.zoo.dialects import PUBLISHED

GPU, META = torch.device("cuda"), torch.device("meta")  # on the latter, tensors have shapes and no values
GIGABYTE = 2**30
H100 = 78 * GIGABYTE
UNETS = {"cifar10": "cifar10_uncond_50M_500K", "imagenet": "256x256_diffusion_uncond"}
CLASSES = {"cifar10": 10, "imagenet": 1000}


class Memory(TorchDispatchMode):
    """The most `bytes` of tensors that are in use at once, and the most values (`numel`) of any."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = self.now = self.numel = 0
        self.users: Counter[int] = Counter()  # tensors by their storage, which views share

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                storage = tensor.untyped_storage()
                self.now += 0 if self.users[storage._cdata] else storage.nbytes()
                self.users[storage._cdata] += 1
                weakref.finalize(tensor, self._freed, storage._cdata, storage.nbytes())
                self.numel = max(self.numel, tensor.numel())
        self.bytes = max(self.bytes, self.now)
        return result

    def _freed(self, storage: int, size: int) -> None:
        self.users[storage] -= 1
        if not self.users[storage]:
            self.now -= size


def full_size(dataset: str) -> tuple[nn.Module, nn.Module]:
    """Classifier and diffusion model of the paper's experiments, without values."""
    unet = UNet(UNetConfig.from_record(PUBLISHED[UNETS[dataset]]))
    classifier = CifarResNet(110) if dataset == "cifar10" else timm.create_model("resnet50")
    return classifier.eval().requires_grad_(False), unet.eval().requires_grad_(False)


def small(dataset: str) -> tuple[nn.Module, nn.Module]:
    """A classifier and the bundled diffusion model, small ones, without values."""
    card = cards.card({"cifar10": "bundled", "imagenet": "photographs"}[dataset], "denoiser")
    unet = UNet(UNetConfig.from_record(card.architecture))
    classifier = CifarResNet(20) if dataset == "cifar10" else timm.create_model("efficientnet_lite0")
    return classifier.eval().requires_grad_(False), unet.eval().requires_grad_(False)


@pytest.mark.parametrize(
    ("method", "m"),
    [(name, m) for name in METHODS for m in ((1, 21) if METHODS[name].smooths_locally else (1,))],
)
@pytest.mark.parametrize("networks", [full_size, small])
@pytest.mark.parametrize("dataset", UNETS)
def test_every_block_that_is_chosen_fits_a_gpu_and_its_kernels(
    dataset: str,
    networks: Callable[[str], tuple[nn.Module, nn.Module]],
    method: str,
    m: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In 78 GiB, and in tensors of fewer than 2^31 values, which kernels count with 32 bits."""
    config = SmoothingConfig(
        method=method, dataset=dataset, sigma=0.5, m=m, device="cpu", dtype="bfloat16", purifications=10
    )
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())  # is not for shapes alone
    with META, Memory() as memory, torch.inference_mode():
        network, unet = networks(dataset)
        normalise = Normalise(*STATISTICS[dataset])
        classifier = Classifier(network, normalise, "full", "0" * 64, CLASSES[dataset], dataset)
        denoiser: Any = Denoiser(unet, Schedule.named("linear", 1000), "full", "1" * 64)
        if purifier_of(method).takes == DirectDenoiser.kind:
            denoiser = DirectDenoiser(DnCNN(17, 64).requires_grad_(False), config.sigma, "direct", "2" * 64)
        purifier = purifier_of(method).of(config, denoiser)
        execution = Execution("folded")
        block = default_purifier_batch(config, GPU, sum(p.numel() for p in unet.parameters()))
        base = BaseClassifier(config, classifier, purifier, META, torch.bfloat16, block, execution)
        side = SIDES[dataset]
        noise = torch.empty(block, base.draws, 3, side, side) if base.draws else None
        vote = base.trace(torch.empty(block, 3, side, side), noise, every_copy=False)
        assert vote.confidence.shape == (block, CLASSES[dataset])
        assert vote.purified is None or vote.purified.shape == (block, 3, side, side)
    print(f"block {block}: {memory.bytes / GIGABYTE:.1f} GiB, {memory.numel / 2**31:.2f} of 2^31 values")
    assert memory.bytes < H100
    assert memory.numel < 2**31
