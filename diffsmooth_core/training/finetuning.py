"""Fine-tuning a timm network under Gaussian noise, as the paper does with BEiT-L on ImageNet (B.3).

The noise is that of Cohen et al. 2019; AdamW with a cosine falling from `lr` after a linear warm-up is
BEiT's own recipe for fine-tuning (Bao et al. 2022).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.classifiers.device import autocast
from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.config import InputError
from diffsmooth_core.training.classifier import recalibrate
from diffsmooth_core.training.examples import Examples, flipped
from diffsmooth_core.training.loop import Task, TrainingRun
from diffsmooth_core.training.metrics import accuracy_under_noise
from diffsmooth_core.training.model_files import as_stored
from diffsmooth_core.training.objective import TrainingNoise
from diffsmooth_core.training.recipes import warmed_cosine

WARM_UP = 0.1  # share of training over which the learning rate rises
CALIBRATION = 20  # batches over which BatchNorm's statistics are averaged after training


@dataclass(frozen=True)
class FineTuningRecipe:
    """A network to fine-tune and its training settings; `BEIT` is the paper's large network on ImageNet."""

    network: str  # timm's name
    normalisation: str
    lr: float
    weight_decay: float
    batch: int
    label_smoothing: float = 0.0


BEIT = FineTuningRecipe(
    "beit_large_patch16_224", "half", lr=2e-5, weight_decay=1e-8, batch=64, label_smoothing=0.1
)


@dataclass
class FineTuning(Task):
    """Fine-tune a timm network on `examples` under noise sigma, and measure it on `test`.

    `pretrained` takes timm's weights from the Hub; without it training starts from random ones. `build`
    raises InputError where timm has no such network.
    """

    recipe: FineTuningRecipe
    sigma: float
    examples: Examples
    test: Examples
    pretrained: bool = False
    longest_gradient = 1.0

    def build(self, device: str) -> None:
        import timm

        self.batch, self.size = self.recipe.batch, len(self.examples.pictures)
        self._device = torch.device(device)
        try:
            self._timm = timm.create_model(
                self.recipe.network, pretrained=self.pretrained, num_classes=self.examples.classes
            )
        except RuntimeError as error:
            raise InputError(
                f"timm has no network {self.recipe.network!r} ({error}); see timm.list_models()"
            ) from None
        normalise = Normalise(*STATISTICS[self.recipe.normalisation])
        self.network = nn.Sequential(normalise, self._timm).to(device)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=self.recipe.lr, weight_decay=self.recipe.weight_decay
        )

    def loss(self, run: TrainingRun, progress: float) -> Tensor:
        """The weighted mean cross-entropy of random pictures under noise."""
        chosen = torch.randint(self.size, (self.batch,), generator=run.generator)
        examples = self.examples
        x, label, weight = (
            part[chosen].to(self._device, non_blocking=True)
            for part in (examples.pictures, examples.labels, examples.weights)
        )
        x = flipped(x, run.generator)
        self.network.train()
        with autocast(self._device, torch.bfloat16):
            logits = self.network(self._noisy(x, run))
        losses = F.cross_entropy(
            logits.float(), label, label_smoothing=self.recipe.label_smoothing, reduction="none"
        )
        return (weight * losses).sum() / weight.sum()

    def learning_rate(self, run: TrainingRun, progress: float, group: Mapping[str, Any]) -> float:
        return warmed_cosine(self.recipe.lr, progress / WARM_UP, progress)

    def finish(self, run: TrainingRun) -> tuple[nn.Module, dict[str, Any]]:
        first = self.examples.pictures[: CALIBRATION * self.batch].to(self._device)
        recalibrate(self.network, [self._noisy(x, run) for x in first.split(self.batch)])
        as_stored(self.network)
        test = self.test
        return self._timm, {
            "kind": "classifier",
            "dataset": self.examples.dataset,
            "architecture": {
                "network": "timm",
                "model": self.recipe.network,
                "classes": self.examples.classes,
                "side": self.examples.pictures.shape[-1],
            },
            "normalisation": self.recipe.normalisation,
            "training": {
                "objective": f"fine-tuning under N(0, {self.sigma:g}^2)",
                "sigma": self.sigma,
                "data": self.examples.source,
                "fine_tuned_from": f"timm's {self.recipe.network}" if self.pretrained else "random weights",
            },
            "metrics": {
                "test_pictures": len(test.labels),
                "accuracy_under_noise": accuracy_under_noise(
                    self.network, test.pictures, test.labels, (0.0, self.sigma), batch=100
                ),
            },
        }

    def _noisy(self, x: Tensor, run: TrainingRun) -> Tensor:
        return x + TrainingNoise(run.noise_generator).noise(x, 1, self.sigma)[0]
