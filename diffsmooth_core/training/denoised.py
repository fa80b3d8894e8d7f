"""Custom-trained denoisers for denoised smoothing (Salman et al. 2020): MSE and stability objectives."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from diffsmooth_core.purification.dncnn import DirectDenoiser, DnCNN
from diffsmooth_core.training.classifier import Draw
from diffsmooth_core.training.denoiser import psnr
from diffsmooth_core.training.loop import (
    Budget,
    Run,
    as_stored,
    device_name,
    flipped,
    load_pictures,
    write_model,
)

DEPTH, WIDTH = 10, 48
BATCH = 64
LR = 2e-3
FINE_TUNING = 0.1  # of the learning rate


def train(
    folder: Path,
    name: str,
    sigma: float,
    budget: Budget,
    *,
    classifier: Callable[[Tensor], Tensor] | None = None,
    classifier_name: str = "",
    start: Path | None = None,
    seed: int = 0,
    device: str = "cpu",
    batch: int = BATCH,
    limit: int | None = None,
    dataset: str = "cifar10",
    depth: int = DEPTH,
    width: int = WIDTH,
) -> Path:
    """Train a DnCNN for noise sigma, resume where a checkpoint lies in `folder`, write weights and card.

    Without `classifier` the objective is ||D(x+delta) - x||^2; with it, stability: the cross-entropy of
    F(D(x+delta)) against the class that F gives the clean picture. `start` is the safetensors
    file of a denoiser to fine-tune (the paper's MSE first, then stability).
    """
    pictures = load_pictures("train", dataset)[0][:limit].to(device)
    torch.manual_seed(seed)
    network = DnCNN(depth, width).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    lr = LR * (FINE_TUNING if start else 1)
    optimizer = torch.optim.AdamW(network.parameters(), lr=lr, weight_decay=1e-4)
    folder.mkdir(parents=True, exist_ok=True)
    budget = budget.over(len(pictures), batch)
    run = Run(folder / f"{name}.checkpoint", budget, seed, {"network": network, "optimizer": optimizer})
    if run.step == 0 and start:
        network.load_state_dict(
            {k: v.float() if v.is_floating_point() else v for k, v in load_file(start).items()}
        )
    draw = Draw(run.generator)
    device_type = torch.device(device).type

    def train_step(progress: float) -> float:
        pick = torch.randint(len(pictures), (batch,), generator=run.generator)
        x = flipped(pictures[pick.to(device)], run.generator)
        x_noisy = (x + draw.noise(x, 1, sigma)[0]).contiguous(memory_format=torch.channels_last)
        network.train()
        with torch.autocast(device_type, torch.bfloat16):
            denoised = network(x_noisy)
            if classifier is None:
                loss = F.mse_loss(denoised.float(), x)
            else:
                with torch.no_grad():
                    clean_class = classifier(x).argmax(1)
                loss = F.cross_entropy(classifier(denoised).float(), clean_class)
        for group in optimizer.param_groups:
            group["lr"] = lr * min(1.0, (run.step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * progress))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        return float(loss.detach())

    run.loop(train_step)
    network = network.cpu().eval()
    as_stored(network)
    test, truth = (part[:limit] for part in load_pictures("test", dataset))
    trained = DirectDenoiser(network, sigma, name, weights="")
    metrics: dict[str, Any] = {
        "test_pictures": len(test),
        "psnr_db": {f"{sigma:g}": round(psnr(trained.purify, test, sigma), 2)},
    }
    if classifier is not None:
        noisy = Draw(torch.Generator().manual_seed(0))
        right = sum(
            int((classifier(trained.purify(x + noisy.noise(x, 1, sigma)[0], sigma)).argmax(1) == y).sum())
            for x, y in zip(test.split(500), truth.split(500), strict=True)
        )
        metrics["accuracy_after_denoising"] = {classifier_name: round(right / len(test), 4)}
    card: dict[str, Any] = {
        "name": name,
        "kind": "denoiser",
        "dataset": dataset,
        "architecture": {"network": "dncnn", "depth": depth, "width": width},
        "training": {
            "objective": f"stability of {classifier_name}" if classifier else "mean squared error",
            "sigma": sigma,
            "data": f"{dataset} train split" + (f", first {limit}" if limit else ""),
            **({"fine_tuned_from": start.stem} if start else {}),
            "batch": batch,
            "images": run.step * batch,
            "device": device_name(device),
        },
        "metrics": metrics,
    }
    return write_model(folder, card, network, run)
