"""How fast are the full-size networks on a GPU, against the plain path on the same card in the same run?

    PYTHONPATH=. python -m benchmarks.gpu.speed

CIFAR-10 (U-Net of 52.55M parameters, ResNet-110, N = 100,000) and ImageNet at 224 (552.8M, ResNet-50, N =
10,000), m = 5, with random weights: time does not depend on them. A time marked ~ is the pace of fewer votes
times N. The plain path is the released code's: float32 with PyTorch's own settings, 50 copies at a time. The
share is what the networks' products take of the card's bf16 rate, which a matrix product measures.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.gpu.where import Where
from diffsmooth_core import BaseClassifier, SmoothingConfig, build_base
from diffsmooth_core.benchmarking.plain import plain_votes
from diffsmooth_core.certification.voting import VoteRange, cast_votes
from diffsmooth_core.classifiers.base import Classifier
from diffsmooth_core.classifiers.execution import Execution
from diffsmooth_core.classifiers.graphs import free_graphs
from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.zoo.dialects import PUBLISHED, schedule_of


@dataclass(frozen=True)
class Shape:
    """Two networks, the number of votes of a certificate, and how many are cast to find the pace of a way,
    and of the plain path."""

    dataset: str
    record: str
    whole: int
    votes: int
    plain: int
    blocks: tuple[int, ...]


SHAPES = (
    Shape("cifar10", "cifar10_uncond_50M_500K", 100_000, 16_384, 2_000, (256, 512, 2048)),
    Shape("imagenet", "256x256_diffusion_uncond", 10_000, 768, 100, (16, 32)),
)
REHEARSED = Shape("cifar10", "cifar10_uncond_50M_500K", 16, 8, 4, (2,))
TINY = {"num_channels": 32, "num_res_blocks": 1, "channel_mult": "1", "attention_resolutions": ""}


def random(network: nn.Module) -> nn.Module:
    """No weight is left at the 0 that it starts with: products with zeros take less power."""
    for parameter in network.parameters():
        if parameter.dim() > 1 and not parameter.any():
            nn.init.normal_(parameter, std=0.01)
    return network.eval().requires_grad_(False)


def resnet50() -> nn.Module:
    try:
        maker = import_module("timm.models.resnet")
    except ImportError:
        maker = import_module("torchvision.models")
    made: nn.Module = maker.resnet50()
    return made


def networks(shape: Shape, where: Where) -> tuple[Classifier, Denoiser]:
    torch.manual_seed(0)
    record = PUBLISHED[shape.record] | (TINY if where.tiny else {})
    cifar = shape.dataset == "cifar10"
    with torch.device(where.device):
        unet = random(UNet(UNetConfig.from_record(record)))
        network = random(CifarResNet(8 if where.tiny else 110) if cifar else resnet50())
    classes = 10 if cifar else 1000
    normalise = Normalise(*STATISTICS[shape.dataset])
    classifier = Classifier(network, normalise, "random", "0" * 64, classes, shape.dataset)
    return classifier, Denoiser(unet, schedule_of(record), "random", "1" * 64)


def seconds(where: Where, work: Callable[[], object]) -> float:
    where.wait()
    began = time.perf_counter()
    work()
    where.wait()
    return time.perf_counter() - began


def bf16_rate(where: Where) -> float:
    """Operations a second in a product of two square matrices, the best of 20."""
    side = 256 if where.tiny else 8192
    a, b = (torch.randn(side, side, device=where.device, dtype=torch.bfloat16) for _ in range(2))
    return 2 * side**3 / min(seconds(where, lambda: a @ b) for _ in range(20))


def memory_rate(where: Where) -> float:
    """Bytes a second, read and written, in a copy, the best of 20."""
    x = torch.empty(2**20 if where.tiny else 2**30, dtype=torch.uint8, device=where.device)
    y = torch.empty_like(x)
    return 2 * len(x) / min(seconds(where, lambda: y.copy_(x)) for _ in range(20))


def operations(base: BaseClassifier, x: Tensor) -> int:
    """Floating-point operations of a vote's convolutions and products, which kernels of our own hide."""
    one = replace(base, purifier_batch=1, execution=Execution("eager"))
    with FlopCounterMode(display=False) as counter:
        cast_votes(one, [VoteRange(x, "estimation", 0, 1)], one.config)
    return int(counter.get_total_flops())


def cast(base: BaseClassifier, x: Tensor, count: int) -> None:
    step = base.votes_per_step
    for at in range(0, count, step):
        cast_votes(base, [VoteRange(x, "estimation", at, min(at + step, count))], base.config)


def pace(where: Where, base: BaseClassifier, x: Tensor, count: int) -> tuple[float, float]:
    """Seconds until the first block is cast, and seconds a vote after it."""
    start = seconds(where, lambda: cast(base, x, base.purifier_batch))
    return start, seconds(where, lambda: cast(base, x, count)) / count


@dataclass(frozen=True)
class Setting:
    """f of a shape, a picture, the plain path's seconds a vote, a vote's operations and the card's rate."""

    shape: Shape
    base: BaseClassifier
    x: Tensor
    plain: float
    operations: int
    rate: float


def measure(shape: Shape, where: Where) -> Setting:
    """Print the pace of the plain path, of the folded networks and of the graph, at other blocks too, and
    what a block's time goes to."""
    config = SmoothingConfig(
        dataset=shape.dataset,
        sigma=0.5,
        sigma_local=0.25,
        m=5,
        n=shape.whole,
        device=where.device,
        dtype="bfloat16",
    )
    side = 32 if shape.dataset == "cifar10" else 224
    x = (torch.arange(3 * side**2) % 256 / 255).view(3, side, side)
    both = networks(shape, where)
    base = build_base(config, *both, Execution("folded"))
    if where.tiny:
        base = replace(base, purifier_batch=4)
    rate, copied, work = bf16_rate(where), memory_rate(where), operations(base, x)
    print(
        f"\n{shape.dataset}, N = {shape.whole:,}, m = 5: {work / 1e9:.2f} GFLOP a vote; {rate / 1e12:.0f} "
        f"TFLOP/s in bf16, {copied / 1e12:.2f} TB/s copied; floor {shape.whole * work / rate:.1f} s",
        flush=True,
    )
    slow = build_base(replace(config, dtype="float32"), *both, Execution("eager"))
    plain_votes(slow, x, slow.config, "estimation", 0, min(50, shape.plain))
    taken = seconds(where, lambda: plain_votes(slow, x, slow.config, "estimation", 0, shape.plain))
    setting = Setting(shape, base, x, taken / shape.plain, work, rate)
    print(
        f"plain          {shape.plain / taken:9.0f} votes/s, ~{shape.whole * setting.plain:.1f} s", flush=True
    )
    for mode in dict.fromkeys(("folded", where.mode)):
        way(where, setting, mode)
    what_remains(where, base, x)
    graph = replace(base, execution=Execution(where.mode))
    if shape.dataset == "cifar10":
        print(
            f"all {shape.whole:,} votes: {seconds(where, lambda: cast(graph, x, shape.whole)):.2f} s",
            flush=True,
        )
    for size in shape.blocks:
        try:
            _, each = pace(where, replace(graph, purifier_batch=size), x, max(2 * size, shape.votes // 4))
            print(f"  block {size:>4}: {1 / each:9.0f} votes/s", flush=True)
        except RuntimeError as error:
            print(f"  block {size:>4}: {type(error).__name__}", flush=True)
        free_graphs()
    return setting


def way(where: Where, setting: Setting, mode: str) -> None:
    """Print the pace of a way to run the networks."""
    base, whole = replace(setting.base, execution=Execution(mode)), setting.shape.whole
    try:
        start, each = pace(where, base, setting.x, setting.shape.votes)
    except RuntimeError as error:
        print(f"{mode:<9} {type(error).__name__}: {str(error).splitlines()[0][:120]}", flush=True)
        return
    print(
        f"{mode:<9} {base.purifier_batch:>4} {1 / each:9.0f} votes/s, ~{whole * each:.1f} s "
        f"after {start:.1f} s, {setting.plain / each:.1f} x the plain path, "
        f"{100 * setting.operations / each / setting.rate:.0f} % of the bf16 rate",
        flush=True,
    )


def what_remains(where: Where, base: BaseClassifier, x: Tensor) -> None:
    """The kernels that a block of the folded networks spends most of its time in."""
    on_gpu = where.device == "cuda"
    with profile(activities=[ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU]) as profiled:
        cast(base, x, base.purifier_batch)
    name = "device_time_total" if on_gpu else "cpu_time_total"
    kernels = sorted(profiled.key_averages(), key=lambda k: getattr(k, name, 0), reverse=True)
    total = sum(getattr(k, name, 0) for k in kernels) or 1
    for kernel in kernels[:12]:
        share = 100 * getattr(kernel, name, 0) / total
        print(f"  {share:4.1f} % {kernel.count:>5} x {shortened(kernel.key)}", flush=True)


def shortened(kernel: str) -> str:
    """A kernel's name without the words that many share."""
    words = ("void ", "at::native::", "(anonymous namespace)::", "gpu_kernel_impl_nocast<", "c10::")
    for word in words:
        kernel = kernel.replace(word, "")
    return kernel[:110]


def main(where: Where) -> None:
    print(where.machine())
    measured = [measure(shape, where) for shape in ((REHEARSED,) if where.tiny else SHAPES)]
    if where.device == "cuda":  # last, as compiling takes minutes
        for setting in measured:
            way(where, setting, "compiled")


if __name__ == "__main__":
    main(Where())
