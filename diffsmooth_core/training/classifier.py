"""Training a classifier under any objective.

The objective, each in a file of its own from Gaussian augmentation to SmoothMix, defines the loss; the recipe
defines network, optimiser and learning rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.training.examples import Examples, epoch_order, flipped, load_pictures, translated
from diffsmooth_core.training.loop import Task, TrainingRun
from diffsmooth_core.training.metrics import SIGMAS, accuracy_under_noise
from diffsmooth_core.training.model_files import as_stored, start_from
from diffsmooth_core.training.objective import Objective, TrainingNoise
from diffsmooth_core.training.recipes import AIRBENCH, FINE_TUNING, Recipe

CALIBRATION = 40  # batches over which BatchNorm's statistics are averaged after training


@dataclass
class Classification(Task):
    """Train a classifier on labelled examples (by default CIFAR-10's train split).

    `start` is the safetensors file of a network to fine-tune, of the recipe's architecture; `build` raises
    InputError where the file is of another one.
    """

    objective: Objective
    examples: Examples | None = None
    recipe: Recipe = AIRBENCH
    batch: int = 0  # pictures a step; 0 for the recipe's own
    start: Path | None = None
    compiled: bool = False

    def build(self, device: str) -> None:
        self.batch = self.batch or self.recipe.batch
        self._examples = (self.examples or Examples.labelled()).to(device)
        self.size = len(self._examples.pictures)
        self._cnn = self.recipe.network(self._examples.classes)
        normalise = Normalise(*STATISTICS[self._examples.normalisation])
        self.network = nn.Sequential(normalise, self._cnn)
        self.network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = self.recipe.optimizer(self._cnn, self.batch)
        self._forward: nn.Module = torch.compile(self.network) if self.compiled else self.network  # type: ignore[assignment]

    def prepare(self, run: TrainingRun) -> None:
        if self.start:
            start_from(self._cnn, self.start)
            return
        normalise: nn.Module = self.network[0]  # type: ignore[index]
        self.recipe.prepare(self._cnn, normalise(self._noisy(self._examples.pictures[:5000], run)))

    def loss(self, run: TrainingRun, progress: float) -> Tensor:
        """The weighted mean loss of the epoch's next batch."""
        x, label, weight = self._batch(run, run.step)
        self.network.train()
        losses = self.objective.losses(self._forward, x, label, TrainingNoise(run.noise_generator), progress)
        return (weight * losses).sum() / weight.sum()

    def learning_rate(self, run: TrainingRun, progress: float, group: Mapping[str, Any]) -> float:
        tuned = FINE_TUNING if self.start else 1.0
        return float(tuned * group["peak"] * self.recipe.rate(progress))

    def finish(self, run: TrainingRun) -> tuple[nn.Module, dict[str, Any]]:
        batches = (self._batch(run, run.step + i)[0] for i in range(CALIBRATION))
        recalibrate(self.network, [self._noisy(x, run) for x in batches])
        as_stored(self.network)
        dataset = self._examples.dataset
        test, truth = (part[: self.size] for part in load_pictures("test", dataset))
        sigmas = (0.0, *SIGMAS, self.objective.sigma)
        return self._cnn, {
            "kind": "classifier",
            "dataset": dataset,
            "architecture": self.recipe.architecture(self._examples.classes),
            "normalisation": self._examples.normalisation,
            "training": {
                "objective": self.objective.title,
                **asdict(self.objective),  # type: ignore[call-overload]
                "data": self._examples.source,
                **({"fine_tuned_from": self.start.stem} if self.start else {}),
            },
            "metrics": {
                "test_pictures": len(test),
                "accuracy_under_noise": accuracy_under_noise(self.network, test, truth, sigmas),
            },
        }

    def _batch(self, run: TrainingRun, index: int) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures, labels and weights of batch number `index`, counted from the start of training; the
        pictures are mirrored and shifted at random."""
        epoch, place = divmod(index, max(1, self.size // self.batch))
        order = epoch_order(run.seed, epoch, self.size)
        examples = self._examples
        chosen = order[place * self.batch : (place + 1) * self.batch]
        chosen = chosen.to(examples.pictures.device, non_blocking=True)
        x = flipped(examples.pictures[chosen], run.generator)
        x = translated(x, self.recipe.shift, run.generator)
        return x, examples.labels[chosen], examples.weights[chosen]

    def _noisy(self, x: Tensor, run: TrainingRun) -> Tensor:
        return x + TrainingNoise(run.noise_generator).noise(x, 1, self.objective.sigma)[0]


def recalibrate(network: nn.Module, batches: list[Tensor]) -> None:
    """Set every BatchNorm's statistics to their mean over `batches`."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # average all batches with equal weight
    if not norms:
        return
    network.train()
    with torch.no_grad():
        for x in batches:
            network(x)
    network.eval()
