"""Fine-tuning a timm network under Gaussian noise, as the paper does with BEiT-L on ImageNet (B.3).

The noise is that of Cohen et al. 2019; AdamW with a cosine falling from `lr` after a linear warm-up is
BEiT's own recipe for fine-tuning (Bao et al. 2022).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.config import InputError
from diffsmooth_core.training.classifier import Draw, Examples, accuracy, recalibrate
from diffsmooth_core.training.loop import Budget, Run, as_stored, device_name, flipped, write_model

WARM_UP = 0.1  # share of training


@dataclass(frozen=True)
class Recipe:
    """What is fine-tuned and how; `BEIT` is the large network on ImageNet."""

    network: str  # timm's name
    normalisation: str
    lr: float
    weight_decay: float
    batch: int
    label_smoothing: float = 0.0


BEIT = Recipe("beit_large_patch16_224", "half", lr=2e-5, weight_decay=1e-8, batch=64, label_smoothing=0.1)


def train(
    folder: Path,
    name: str,
    recipe: Recipe,
    sigma: float,
    budget: Budget,
    examples: Examples,
    test: Examples,
    *,
    pretrained: bool = False,
    seed: int = 0,
    device: str = "cpu",
) -> Path:
    """Fine-tune, resume where a checkpoint lies in `folder`, and write weights and card.

    `pretrained` takes timm's weights from the Hub; without it training starts from random ones. Raises
    InputError where timm has no such network.
    """
    import timm

    classes = examples.classes
    side = examples.pictures.shape[-1]
    torch.manual_seed(seed)
    try:
        cnn = timm.create_model(recipe.network, pretrained=pretrained, num_classes=classes)
    except RuntimeError as error:
        raise InputError(
            f"timm has no network {recipe.network!r} ({error}); see timm.list_models()"
        ) from None
    network = nn.Sequential(Normalise(*STATISTICS[recipe.normalisation]), cnn).to(device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
    folder.mkdir(parents=True, exist_ok=True)
    budget = budget.over(len(examples.pictures), recipe.batch)
    run = Run(folder / f"{name}.checkpoint", budget, seed, {"network": network, "optimizer": optimizer})
    draw = Draw(run.generator)

    def train_step(progress: float) -> float:
        pick = torch.randint(len(examples.pictures), (recipe.batch,), generator=run.generator)
        x = flipped(examples.pictures[pick].to(device), run.generator)
        weight = examples.weights[pick].to(device)
        network.train()
        with torch.autocast(torch.device(device).type, torch.bfloat16):
            logits = network(x + draw.noise(x, 1, sigma)[0])
        losses = F.cross_entropy(
            logits.float(),
            examples.labels[pick].to(device),
            label_smoothing=recipe.label_smoothing,
            reduction="none",
        )
        loss = (weight * losses).sum() / weight.sum()
        for group in optimizer.param_groups:
            group["lr"] = recipe.lr * min(1, progress / WARM_UP) * (1 + math.cos(math.pi * progress)) / 2
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        return float(loss.detach())

    run.loop(train_step)
    seen = examples.pictures[: 20 * recipe.batch].to(device).split(recipe.batch)
    recalibrate(network, [x + draw.noise(x, 1, sigma)[0] for x in seen])
    network.cpu()
    as_stored(network)
    card: dict[str, Any] = {
        "name": name,
        "kind": "classifier",
        "dataset": examples.dataset,
        "architecture": {"network": "timm", "model": recipe.network, "classes": classes, "side": side},
        "normalisation": recipe.normalisation,
        "training": {
            "objective": f"fine-tuning under N(0, {sigma:g}^2)",
            "sigma": sigma,
            "data": examples.source,
            "fine_tuned_from": f"timm's {recipe.network}" if pretrained else "random weights",
            "batch": recipe.batch,
            "images": run.step * recipe.batch,
            "device": device_name(device),
        },
        "metrics": {
            "test_pictures": len(test.labels),
            "accuracy_under_noise": {
                f"{s:g}": round(accuracy(network, test.pictures, test.labels, s, batch=100), 4)
                for s in sorted({0.0, sigma})
            },
        },
    }
    return write_model(folder, card, cnn, run)
