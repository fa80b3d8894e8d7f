"""Custom-trained denoisers for denoised smoothing (Salman et al. 2020): MSE and stability objectives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffsmooth_core.classifiers.device import autocast
from diffsmooth_core.purification.dncnn import DirectDenoiser, DnCNN
from diffsmooth_core.training.examples import flipped, load_pictures, split_title
from diffsmooth_core.training.loop import Task, TrainingRun
from diffsmooth_core.training.metrics import psnr
from diffsmooth_core.training.model_files import as_stored, start_from
from diffsmooth_core.training.objective import TrainingNoise
from diffsmooth_core.training.recipes import warmed_cosine

LR = 2e-3
FINE_TUNING = 0.1  # factor on the learning rate when fine-tuning
WARM_UP = 100  # steps


@dataclass
class DirectDenoising(Task):
    """Train a DnCNN for noise sigma.

    Without `classifier` the objective is ||D(x+delta) - x||^2; with it, stability: the cross-entropy of
    F(D(x+delta)) against the class that F gives the clean picture. `start` is the safetensors file of a
    denoiser to fine-tune (the paper's MSE first, then stability).
    """

    sigma: float
    classifier: Callable[[Tensor], Tensor] | None = None
    classifier_name: str = ""
    start: Path | None = None
    dataset: str = "cifar10"
    batch: int = 64
    limit: int | None = None
    depth: int = 10
    width: int = 48
    longest_gradient = 1.0

    def build(self, device: str) -> None:
        self._pictures = load_pictures("train", self.dataset)[0][: self.limit].to(device)
        self.size = len(self._pictures)
        self._dncnn = DnCNN(self.depth, self.width)
        self.network = self._dncnn.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._peak = LR * (FINE_TUNING if self.start else 1)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=self._peak, weight_decay=1e-4)

    def prepare(self, run: TrainingRun) -> None:
        if self.start:
            start_from(self.network, self.start)

    def loss(self, run: TrainingRun, progress: float) -> Tensor:
        """The objective's mean over pictures drawn at random."""
        device = self._pictures.device
        chosen = torch.randint(self.size, (self.batch,), generator=run.generator)
        x = flipped(self._pictures[chosen.to(device)], run.generator)
        x_noisy = x + TrainingNoise(run.generator).noise(x, 1, self.sigma)[0]
        self.network.train()
        with autocast(device, torch.bfloat16):
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
        test, truth = (part[: self.limit] for part in load_pictures("test", self.dataset))
        purify = DirectDenoiser(self._dncnn, self.sigma, "", weights="").purify
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
            "architecture": {"network": "dncnn", "depth": self.depth, "width": self.width},
            "training": {
                "objective": f"stability of {self.classifier_name}"
                if self.classifier
                else "mean squared error",
                "sigma": self.sigma,
                "data": split_title(self.dataset, "train", self.limit),
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
        for clean, label in zip(x.split(500), labels.split(500), strict=True)
    )
    return right / len(x)
