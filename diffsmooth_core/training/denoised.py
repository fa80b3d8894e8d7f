"""Denoisers for denoised smoothing (Salman et al. 2020), by mean squared error or for stability.

They learn from small pictures or from crops of photographs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.classifiers.device import autocast
from diffsmooth_core.config import SIDES
from diffsmooth_core.purification.dncnn import DirectDenoiser, DnCNN
from diffsmooth_core.training.crops import Crops, held_out
from diffsmooth_core.training.examples import drawn, load_pictures, split_title
from diffsmooth_core.training.loop import Task, TrainingRun
from diffsmooth_core.training.metrics import at_once, psnr
from diffsmooth_core.training.model_files import as_stored, start_from
from diffsmooth_core.training.objective import TrainingNoise
from diffsmooth_core.training.recipes import warmed_cosine

SHAPE = {"depth": 10, "width": 48}
SHAPE_OF_PHOTOGRAPHS = {"depth": 10, "width": 32, "patch": 2, "norm": False}
SIDE = 96  # of the crops of photographs; for stability they are as large as what the classifier sees
LR = 2e-3
FINE_TUNING = 0.1  # factor on the learning rate when fine-tuning
WARM_UP = 100  # steps


@dataclass
class DirectDenoising(Task):
    """Train a DnCNN for noise sigma.

    Without `classifier` the objective is ||D(x+delta) - x||^2; with it, stability: the cross-entropy of
    F(D(x+delta)) against the class that F gives the clean picture. `start` is the safetensors file of a
    denoiser to fine-tune (the paper's MSE first, then stability). With `dataset` "imagenet" it learns from
    crops of photographs. `shape` holds DnCNN's arguments, by default those for pictures of this size.
    """

    sigma: float
    classifier: Callable[[Tensor], Tensor] | None = None
    classifier_name: str = ""
    start: Path | None = None
    dataset: str = "cifar10"
    batch: int = 64
    shape: dict[str, Any] | None = None
    longest_gradient = 1.0

    def build(self, device: str) -> None:
        self._device = torch.device(device)
        usual = SHAPE
        if self.dataset == "imagenet":
            crops = Crops.of_imagenet(device)
            side = SIDE if self.classifier is None else SIDES["imagenet"]
            self.size, self._data, usual = crops.count, crops.title, SHAPE_OF_PHOTOGRAPHS
            self._draw = partial(crops.draw, self.batch, side)
            self._held_out = held_out
        else:
            pictures = load_pictures("train", self.dataset)[0].to(device)
            self.size, self._data = len(pictures), split_title(self.dataset, "train", None)
            self._draw = partial(drawn, pictures, self.batch)
            self._held_out = partial(load_pictures, "test", self.dataset)
        self._shape = self.shape or usual
        network = DnCNN(**self._shape)
        self.network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._peak = LR * (FINE_TUNING if self.start else 1)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=self._peak, weight_decay=1e-4)

    def prepare(self, run: TrainingRun) -> None:
        if self.start:
            start_from(self.network, self.start)

    def loss(self, run: TrainingRun, progress: float) -> Tensor:
        """The objective's mean over pictures drawn at random."""
        x = self._draw(run.generator)
        x_noisy = x + TrainingNoise(run.noise_generator).noise(x, 1, self.sigma)[0]
        self.network.train()
        with autocast(x.device, torch.bfloat16):
            denoised = self.network(x_noisy.contiguous(memory_format=torch.channels_last))
            if self.classifier is None:
                return F.mse_loss(denoised.float(), x)
            with torch.no_grad():
                clean_class = self.classifier(x).argmax(1)
            return F.cross_entropy(self.classifier(denoised).float(), clean_class)

    def learning_rate(self, run: TrainingRun, progress: float, group: Mapping[str, Any]) -> float:
        return warmed_cosine(self._peak, (run.step + 1) / WARM_UP, progress)

    def finish(self, run: TrainingRun) -> tuple[nn.Module, dict[str, Any]]:
        self.network.eval()
        as_stored(self.network)
        test, truth = (part.to(self._device) for part in self._held_out())
        purify = DirectDenoiser(self.network, self.sigma, "", weights="").purify
        metrics: dict[str, Any] = {
            "test_pictures": len(test),
            "psnr_db": {f"{self.sigma:g}": round(psnr(purify, test, self.sigma), 2)},
        }
        if self.classifier is not None:
            accuracy = accuracy_after_denoising(self.classifier, purify, test, truth, self.sigma)
            metrics["accuracy_after_denoising"] = {self.classifier_name: round(accuracy, 4)}
        return self.network, {
            "kind": "denoiser",
            "dataset": self.dataset,
            "architecture": {"network": "dncnn", **self._shape},
            "training": {
                "objective": f"stability of {self.classifier_name}"
                if self.classifier
                else "mean squared error",
                "sigma": self.sigma,
                "data": self._data,
                **({"fine_tuned_from": self.start.stem} if self.start else {}),
            },
            "metrics": metrics,
        }


def accuracy_after_denoising(
    classifier: Callable[[Tensor], Tensor],
    purify: Callable[[Tensor, float], Tensor],
    x: Tensor,
    labels: Tensor,
    sigma: float,
) -> float:
    """Share of x (n,3,h,w) in [0,1] that is classified correctly after N(0, sigma^2) noise (seed 0) and
    denoising."""
    source = TrainingNoise(torch.Generator().manual_seed(0))
    right = sum(
        int((classifier(purify(clean + source.noise(clean, 1, sigma)[0], sigma)).argmax(1) == label).sum())
        for clean, label in zip(x.split(at_once(x)), labels.split(at_once(x)), strict=True)
    )
    return right / len(x)
