"""Training examples: pictures in memory with labels and weights, and their augmentation."""

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
    """Pictures (n,3,h,w) in [0,1], labels (n,), and the weight of each example in the loss (n,)."""

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
        """The normalisation for a network trained on these examples: the data set's usual one where there is
        one."""
        return self.dataset if self.dataset in STATISTICS else "half"

    @classmethod
    def labelled(cls, limit: int | None = None, dataset: str = "cifar10", split: Split = "train") -> Examples:
        """The labelled pictures of a data set's split, or the first `limit` of them, all with weight 1."""
        pictures, labels = (part[:limit] for part in load_pictures(split, dataset))
        title = "CIFAR-10" if dataset == "cifar10" else dataset
        return cls(pictures, labels, torch.ones(len(labels)), split_title(title, split, limit), dataset)

    def to(self, device: str) -> Examples:
        """The same examples on another device."""
        pictures, labels, weights = (t.to(device) for t in (self.pictures, self.labels, self.weights))
        return replace(self, pictures=pictures, labels=labels, weights=weights)

    def half_unlabelled(self, teacher: Callable[[Tensor], Tensor], weight: float) -> Examples:
        """Self-training (Carmon et al. 2019, as in SmoothAdv): every second picture's label is replaced by
        the teacher's class, and its weight in the loss becomes `weight`."""
        labels, weights = self.labels.clone(), self.weights.clone()
        with torch.inference_mode():
            guessed = [teacher(x).argmax(1) for x in self.pictures[1::2].split(500)]
        labels[1::2] = torch.cat(guessed)
        weights[1::2] = weight
        source = f"{self.source}; every second label replaced by the teacher's, weight {weight:g}"
        return replace(self, labels=labels, weights=weights, source=source)

    def purified(self, purify: Callable[[Tensor, float], Tensor], sigma: float, seed: int) -> Examples:
        """Every picture after N(0, sigma^2) noise and purification, which is the classifier's input in
        use."""
        random = TrainingNoise(torch.Generator().manual_seed(seed))
        purified = [purify(x + random.noise(x, 1, sigma)[0], sigma) for x in self.pictures.split(250)]
        source = f"{self.source}, purified at sigma {sigma:g}"
        return replace(self, pictures=torch.cat(purified).clone(), source=source)


@lru_cache(maxsize=1)
def epoch_order(seed: int, epoch: int, size: int) -> Tensor:
    """The order (size,) of an epoch's examples. It depends on seed and epoch alone, so that a resumed run
    sees the same order."""
    return torch.from_numpy(np.random.default_rng((seed, epoch)).permutation(size))


def drawn(pictures: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """`count` of the pictures (n,c,h,w), chosen at random and half of them mirrored: (count,c,h,w)."""
    chosen = torch.randint(len(pictures), (count,), generator=generator)
    return flipped(pictures[chosen.to(pictures.device, non_blocking=True)], generator)


def flipped(x: Tensor, generator: torch.Generator) -> Tensor:
    """Each picture of x (b,c,h,w) mirrored with probability 1/2."""
    mirror = (torch.rand(len(x), generator=generator) < 0.5).to(x.device, non_blocking=True)
    return torch.where(mirror[:, None, None, None], x.flip(3), x)


def translated(x: Tensor, pixels: int, generator: torch.Generator) -> Tensor:
    """Each picture of x (b,c,h,w) shifted by up to `pixels` along both axes, with reflected edges."""
    b, c, h, w = x.shape
    padded = F.pad(x, (pixels,) * 4, mode="reflect")
    shift = torch.randint(0, 2 * pixels + 1, (2, b, 1), generator=generator)
    dy, dx = shift.to(x.device, non_blocking=True)
    rows = (dy + torch.arange(h, device=x.device))[:, None, :, None]
    columns = (dx + torch.arange(w, device=x.device))[:, None, None, :]
    batch = torch.arange(b, device=x.device)[:, None, None, None]
    return padded[batch, torch.arange(c, device=x.device)[None, :, None, None], rows, columns]
