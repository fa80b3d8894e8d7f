"""Metrics for a trained network's card: a classifier's accuracy under noise, a denoiser's PSNR."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from diffsmooth_core.training.objective import TrainingNoise

SIGMAS = (0.12, 0.25, 0.5, 1.0)  # the paper's smoothing noises, [0,1] pixel units


def accuracy(network: nn.Module, x: Tensor, labels: Tensor, sigma: float, batch: int = 1000) -> float:
    """Share of x (n,3,h,w) in [0,1] classified correctly, each picture under one draw of N(0, sigma^2) noise
    (seed 0). Pictures go to the network's device a batch at a time."""
    source = TrainingNoise(torch.Generator().manual_seed(0))
    device = next(network.parameters(), x).device
    network.eval()
    right = 0
    with torch.inference_mode():
        for some, label in zip(x.split(batch), labels.split(batch), strict=True):
            clean = some.to(device)
            noisy = clean + source.noise(clean, 1, sigma)[0] if sigma else clean
            right += int((network(noisy).argmax(1) == label.to(device)).sum())
    return right / len(x)


def accuracy_under_noise(
    network: nn.Module, x: Tensor, labels: Tensor, sigmas: Iterable[float], batch: int = 1000
) -> dict[str, float]:
    """Accuracy at each noise level, rounded to four digits, as a card lists it."""
    return {f"{s:g}": round(accuracy(network, x, labels, s, batch), 4) for s in sorted(set(sigmas))}


def at_once(x: Tensor) -> int:
    """How many of the pictures (n,c,h,w) a denoiser takes at a time when it is measured: 500 of CIFAR-10's
    size, fewer larger ones."""
    return max(1, 500 * 32**2 // (x.shape[2] * x.shape[3]))


def psnr(purify: Callable[[Tensor, float], Tensor], x: Tensor, sigma: float) -> float:
    """PSNR in dB, 10 log10(1/MSE), of purified noisy pictures against x (n,3,h,w) in [0,1]; the MSE is taken
    over all pictures together."""
    generator = torch.Generator().manual_seed(0)
    error = 0.0
    for clean in x.split(at_once(x)):
        noisy = clean + sigma * torch.randn(clean.shape, generator=generator).to(clean.device)
        error += float((purify(noisy, sigma) - clean).square().sum())
    return 10 * math.log10(x.numel() / error)
