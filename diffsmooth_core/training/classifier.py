"""Training a classifier under any objective: data, augmentation, weights and card.

What is learned is the objective's business, one file each, from Gaussian augmentation to SmoothMix; how the
weights are moved is the recipe's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import class_names
from diffsmooth_core.datasets.custom import Split
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
from diffsmooth_core.training.recipes import AIRBENCH, FINE_TUNING, Recipe


class Objective(Protocol):
    """What a classifier is trained for."""

    @property
    def sigma(self) -> float:
        """Std of the noise that it is trained under, [0,1] pixel units."""

    @property
    def title(self) -> str: ...

    def losses(self, network: nn.Module, x: Tensor, labels: Tensor, draw: Draw, progress: float) -> Tensor:
        """The loss of every picture (b,): x (b,3,h,w) in [0,1] without noise, labels (b,)."""


class Draw:
    """Random numbers of one run, drawn on the CPU so that every device sees the same ones."""

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator

    def noise(self, x: Tensor, copies: int, sigma: float) -> Tensor:
        """N(0, sigma^2) for each of `copies` copies of x (b,c,h,w): (copies,b,c,h,w)."""
        standard = torch.randn((copies, *x.shape), generator=self.generator)
        return sigma * standard.to(x.device)

    def uniform(self, x: Tensor) -> Tensor:
        """U(0,1) for each picture of x: (b,1,1,1)."""
        return torch.rand((len(x), 1, 1, 1), generator=self.generator).to(x.device)


def logits_of_copies(network: nn.Module, x: Tensor, noise: Tensor) -> Tensor:
    """Logits (copies,b,k) of x (b,c,h,w) under each noise of (copies,b,c,h,w), in one pass."""
    copies = (x + noise).flatten(0, 1).contiguous(memory_format=torch.channels_last)
    with torch.autocast(x.device.type, torch.bfloat16):
        logits = network(copies)
    return logits.float().unflatten(0, noise.shape[:2])  # type: ignore[no-any-return]


def cross_entropies(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy (b,) averaged over the copies of logits (copies,b,k)."""
    copies = len(logits)
    losses: Tensor = F.cross_entropy(logits.flatten(0, 1), labels.repeat(copies), reduction="none")
    return losses.view(copies, -1).mean(0)


def accuracy(network: nn.Module, x: Tensor, labels: Tensor, sigma: float, batch: int = 1000) -> float:
    """Share classified correctly under one N(0, sigma^2) draw a picture, seed 0."""
    draw = Draw(torch.Generator().manual_seed(0))
    network.eval()
    right = 0
    with torch.inference_mode():
        for clean, label in zip(x.split(batch), labels.split(batch), strict=True):
            noisy = clean + draw.noise(clean, 1, sigma)[0] if sigma else clean
            right += int((network(noisy).argmax(1) == label).sum())
    return right / len(x)


def recalibrate(network: nn.Module, batches: list[Tensor]) -> None:
    """Set every BatchNorm's statistics to their mean over `batches`."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # cumulative average
    if not norms:
        return
    network.train()
    with torch.no_grad():
        for x in batches:
            network(x)
    network.eval()


@dataclass(frozen=True)
class Examples:
    """Pictures (n,3,h,w) in [0,1], labels (n,) and what each example weighs in the loss (n,)."""

    pictures: Tensor
    labels: Tensor
    weights: Tensor
    source: str
    dataset: str = "cifar10"

    @property
    def classes(self) -> int:
        return len(class_names(self.dataset))

    @property
    def normalisation(self) -> str:
        """The one for a network of our own: the data set's where it is known."""
        return self.dataset if self.dataset in STATISTICS else "half"

    @classmethod
    def labelled(cls, limit: int | None = None, dataset: str = "cifar10", split: Split = "train") -> Examples:
        """A data set's split, or its first `limit` pictures."""
        pictures, labels = (part[:limit] for part in load_pictures(split, dataset))
        title = "CIFAR-10" if dataset == "cifar10" else dataset
        source = f"{title} {split} split" + (f", first {limit}" if limit else "")
        return cls(pictures, labels, torch.ones(len(labels)), source, dataset)

    def half_unlabelled(self, teacher: Callable[[Tensor], Tensor], weight: float) -> Examples:
        """Self-training (Carmon et al. 2019, as in SmoothAdv): every second picture loses its label,
        gets the teacher's class in its place and weighs `weight`."""
        labels, weights = self.labels.clone(), self.weights.clone()
        with torch.inference_mode():
            guessed = [teacher(x).argmax(1) for x in self.pictures[1::2].split(500)]
        labels[1::2] = torch.cat(guessed)
        weights[1::2] = weight
        source = f"{self.source}; every second label replaced by the teacher's, weight {weight:g}"
        return replace(self, labels=labels, weights=weights, source=source)

    def purified(self, purify: Callable[[Tensor, float], Tensor], sigma: float, seed: int) -> Examples:
        """Every picture under noise sigma and purified again: what the classifier sees in use."""
        draw = Draw(torch.Generator().manual_seed(seed))
        seen = [purify(x + draw.noise(x, 1, sigma)[0], sigma) for x in self.pictures.split(250)]
        source = f"{self.source}, purified at sigma {sigma:g}"
        return replace(self, pictures=torch.cat(seen).clone(), source=source)


def train(
    folder: Path,
    name: str,
    objective: Objective,
    budget: Budget,
    *,
    examples: Examples | None = None,
    start: Path | None = None,
    seed: int = 0,
    device: str = "cpu",
    recipe: Recipe = AIRBENCH,
    batch: int | None = None,
    compiled: bool = False,
) -> Path:
    """Train, resume where a checkpoint lies in `folder`, and write weights and card.

    `start` is the safetensors file of a network of the recipe's shape to fine-tune; `batch` is for another
    one than the recipe's. Raises InputError where the start is another network.
    """
    batch = batch or recipe.batch
    examples = examples or Examples.labelled()
    pictures, labels, weights = (t.to(device) for t in (examples.pictures, examples.labels, examples.weights))
    torch.manual_seed(seed)
    cnn = recipe.network(examples.classes)
    network = nn.Sequential(Normalise(*STATISTICS[examples.normalisation]), cnn)
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = recipe.optimizer(cnn, batch)
    tuned = FINE_TUNING if start else 1.0
    folder.mkdir(parents=True, exist_ok=True)
    budget = budget.over(len(pictures), batch)
    run = Run(folder / f"{name}.checkpoint", budget, seed, {"network": network, "optimizer": optimizer})
    draw = Draw(run.generator)
    if run.step == 0 and start:
        _start_from(cnn, start)
    elif run.step == 0:
        first = pictures[:5000]
        recipe.prepare(cnn, network[0](first + draw.noise(first, 1, objective.sigma)[0]))
    forward: nn.Module = torch.compile(network) if compiled else network  # type: ignore[assignment]

    @lru_cache(maxsize=1)
    def order(epoch: int) -> Tensor:  # a function of seed and epoch: a resumed run sees the same
        return torch.from_numpy(np.random.default_rng((seed, epoch)).permutation(len(pictures)))

    def batch_of(index: int) -> tuple[Tensor, Tensor, Tensor]:
        epoch, place = divmod(index, max(1, len(pictures) // batch))
        pick = order(epoch)[place * batch : (place + 1) * batch].to(device)
        x = translated(flipped(pictures[pick], run.generator), recipe.shift, run.generator)
        return x, labels[pick], weights[pick]

    def train_step(progress: float) -> float:
        x, label, weight = batch_of(run.step)
        network.train()
        losses = objective.losses(forward, x, label, draw, progress)
        loss = (weight * losses).sum() / weight.sum()
        for group in optimizer.param_groups:
            group["lr"] = tuned * group["peak"] * recipe.rate(progress)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    run.loop(train_step)
    seen = (batch_of(run.step + i)[0] for i in range(40))
    recalibrate(network, [x + draw.noise(x, 1, objective.sigma)[0] for x in seen])
    network.cpu()
    as_stored(network)
    test, truth = (part[: len(pictures)] for part in load_pictures("test", examples.dataset))
    noises = {0.0, 0.12, 0.25, 0.5, 1.0} | {objective.sigma}
    settings = asdict(objective)  # type: ignore[call-overload]
    card: dict[str, Any] = {
        "name": name,
        "kind": "classifier",
        "dataset": examples.dataset,
        "architecture": recipe.architecture(examples.classes),
        "normalisation": examples.normalisation,
        "training": {
            "objective": objective.title,
            **settings,
            "data": examples.source,
            **({"fine_tuned_from": start.stem} if start else {}),
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


def _start_from(cnn: nn.Module, file: Path) -> None:
    expected = {key: value.shape for key, value in cnn.state_dict().items()}
    state = load_file(file) if file.is_file() else {}
    if {key: value.shape for key, value in state.items()} != expected:
        raise InputError(f"{file} is not the weights of a network of this shape; name another start")
    cnn.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
