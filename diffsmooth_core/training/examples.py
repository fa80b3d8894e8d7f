"""What is learned from: pictures in memory with their labels, and how they are varied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from diffsmooth_core import datasets
from diffsmooth_core.classifiers.normalisation import STATISTICS
from diffsmooth_core.datasets import class_names
from diffsmooth_core.datasets.custom import Split
from diffsmooth_core.training.objective import TrainingNoise


def load_pictures(split: Split, dataset: str = "cifar10") -> tuple[Tensor, Tensor]:
    """A data set's split as (n,3,h,w) float32 in [0,1] and labels (n,)."""
    pictures, labels = datasets.load_split(dataset, split)
    chw = torch.tensor(pictures).permute(0, 3, 1, 2)
    return chw.float() / 255, torch.tensor(labels)


def split_title(dataset: str, split: Split, limit: int | None) -> str:
    """How a card names the examples: a split, or its first `limit` pictures."""
    return f"{dataset} {split} split" + (f", first {limit}" if limit else "")


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
        return cls(pictures, labels, torch.ones(len(labels)), split_title(title, split, limit), dataset)

    def to(self, device: str) -> Examples:
        """On another device."""
        pictures, labels, weights = (t.to(device) for t in (self.pictures, self.labels, self.weights))
        return replace(self, pictures=pictures, labels=labels, weights=weights)

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
        random = TrainingNoise(torch.Generator().manual_seed(seed))
        purified = [purify(x + random.noise(x, 1, sigma)[0], sigma) for x in self.pictures.split(250)]
        source = f"{self.source}, purified at sigma {sigma:g}"
        return replace(self, pictures=torch.cat(purified).clone(), source=source)


@lru_cache(maxsize=1)
def epoch_order(seed: int, epoch: int, size: int) -> Tensor:
    """The order (size,) of an epoch's examples: of seed and epoch alone, so a resumed run sees the same."""
    return torch.from_numpy(np.random.default_rng((seed, epoch)).permutation(size))


def flipped(x: Tensor, generator: torch.Generator) -> Tensor:
    """Each picture of x (b,c,h,w) mirrored with probability 1/2."""
    mirror = torch.rand(len(x), generator=generator) < 0.5
    return torch.where(mirror.to(x.device)[:, None, None, None], x.flip(3), x)


def translated(x: Tensor, pixels: int, generator: torch.Generator) -> Tensor:
    """Each picture of x (b,c,h,w) moved by up to `pixels` in both directions, edges reflected."""
    b, c, h, w = x.shape
    padded = F.pad(x, (pixels,) * 4, mode="reflect")
    dy, dx = torch.randint(0, 2 * pixels + 1, (2, b, 1), generator=generator).to(x.device)
    rows = (dy + torch.arange(h, device=x.device))[:, None, :, None]
    columns = (dx + torch.arange(w, device=x.device))[:, None, None, :]
    batch = torch.arange(b, device=x.device)[:, None, None, None]
    return padded[batch, torch.arange(c, device=x.device)[None, :, None, None], rows, columns]
