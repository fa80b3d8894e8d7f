"""Classifiers trained with Gaussian noise augmentation (Cohen et al. 2019); sigma 0 is plain training.

The optimiser's recipe follows airbench (Jordan 2024).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.classifiers.compact import WIDTHS, CompactCNN
from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.training.loop import (
    Budget,
    Run,
    as_stored,
    device_name,
    flipped,
    load_pictures,
    translated,
    write_model,
)

LR, MOMENTUM, WEIGHT_DECAY = 1.5, 0.85, 1.33e-3  # at batch 1024, mean loss
BIAS_LR = 64  # times faster for the norms' biases, their weights being fixed at 1
LABEL_SMOOTHING = 0.2  # for plain training; noise already smooths
BATCH = 512


def learning_rate(progress: float) -> float:
    """Rises from .2 to 1 over the first 23% of training, falls to .03 at its end."""
    if progress < 0.23:
        return 0.2 + 0.8 * progress / 0.23
    return 1 - 0.97 * (progress - 0.23) / 0.77


def with_noise(x: Tensor, sigma: float, generator: torch.Generator) -> Tensor:
    """x + N(0, sigma^2 I), drawn on the CPU so that every device sees the same noise."""
    return x + sigma * torch.randn(x.shape, generator=generator).to(x.device) if sigma else x


def accuracy(network: nn.Module, x: Tensor, labels: Tensor, sigma: float, batch: int = 1000) -> float:
    """Share classified correctly under one N(0, sigma^2) draw a picture, seed 0."""
    generator = torch.Generator().manual_seed(0)
    network.eval()
    right = 0
    with torch.inference_mode():
        for clean, label in zip(x.split(batch), labels.split(batch), strict=True):
            right += int((network(with_noise(clean, sigma, generator)).argmax(1) == label).sum())
    return right / len(x)


def recalibrate(network: nn.Module, batches: list[Tensor]) -> None:
    """Set every BatchNorm's statistics to their mean over `batches`."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # cumulative average
    network.train()
    with torch.no_grad():
        for x in batches:
            network(x)
    network.eval()


def train(
    folder: Path,
    name: str,
    sigma: float,
    budget: Budget,
    *,
    seed: int = 0,
    device: str = "cpu",
    batch: int = BATCH,
    compiled: bool = False,
    limit: int | None = None,
    widths: tuple[int, int, int] = WIDTHS,
) -> Path:
    """Train, resume where a checkpoint lies in `folder`, and write weights and card.

    sigma is the noise std in [0,1] pixel units. `limit` trains on the first pictures only.
    """
    pictures, labels = (part[:limit].to(device) for part in load_pictures("train"))
    torch.manual_seed(seed)
    cnn = CompactCNN(widths=widths)
    network = nn.Sequential(Normalise(*STATISTICS["cifar10"]), cnn)
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    norms = [m for m in cnn.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.weight.requires_grad_(False)
        norm.momentum = 0.4
    biases = [norm.bias for norm in norms]
    others = [p for p in cnn.parameters() if p.requires_grad and all(p is not b for b in biases)]
    base_lr = LR * batch / 1024
    optimizer = torch.optim.SGD(
        [{"params": others, "weight_decay": WEIGHT_DECAY, "scale": 1},
         {"params": biases, "weight_decay": WEIGHT_DECAY / BIAS_LR, "scale": BIAS_LR}],
        lr=base_lr, momentum=MOMENTUM, nesterov=True,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(folder / f"{name}.checkpoint", budget, seed, {"network": network, "optimizer": optimizer})
    if run.step == 0:
        cnn.whiten_from(network[0](with_noise(pictures[:5000], sigma, run.generator)))
    forward = torch.compile(network) if compiled else network

    @lru_cache(maxsize=1)
    def order(epoch: int) -> Tensor:  # a function of seed and epoch: a resumed run sees the same
        return torch.from_numpy(np.random.default_rng((seed, epoch)).permutation(len(pictures)))

    def batch_of(index: int) -> tuple[Tensor, Tensor]:
        epoch, place = divmod(index, max(1, len(pictures) // batch))
        pick = order(epoch)[place * batch : (place + 1) * batch].to(device)
        x = translated(flipped(pictures[pick], run.generator), 2, run.generator)
        x = with_noise(x, sigma, run.generator)
        return x.contiguous(memory_format=torch.channels_last), labels[pick]

    def train_step(progress: float) -> float:
        x, label = batch_of(run.step)
        network.train()
        with torch.autocast(torch.device(device).type, torch.bfloat16):
            logits = forward(x)
        smoothing = 0.0 if sigma else LABEL_SMOOTHING
        loss = F.cross_entropy(logits.float(), label, label_smoothing=smoothing)
        for group in optimizer.param_groups:
            group["lr"] = base_lr * group["scale"] * learning_rate(progress)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    run.loop(train_step)
    recalibrate(network, [batch_of(run.step + i)[0] for i in range(40)])
    network.cpu()
    as_stored(network)
    test, truth = (part[:limit] for part in load_pictures("test"))
    noises = {0.0, 0.12, 0.25, 0.5, 1.0} | {sigma}
    card: dict[str, Any] = {
        "name": name,
        "kind": "classifier",
        "dataset": "cifar10",
        "architecture": {"network": "compact", "widths": list(widths), "classes": 10},
        "normalisation": "cifar10",
        "training": {
            "objective": f"cross-entropy under N(0, {sigma:g}^2)" if sigma else "cross-entropy",
            "sigma": sigma,
            "data": "CIFAR-10 train split" + (f", first {limit}" if limit else ""),
            "batch": batch,
            "images": run.step * batch,
            "device": device_name(device),
        },
        "metrics": {
            "test_pictures": len(test),
            "accuracy_under_noise": {
                f"{s:g}": round(accuracy(network, test, truth, s), 4) for s in sorted(noises)
            },
        },
    }
    return write_model(folder, card, cnn, run)
