"""Training recipes of classifiers, which work with every objective: network, optimiser and learning rate.

`Airbench` trains the small bundled networks in minutes on a CPU; `ResNet` is how Cohen et al. 2019 and Salman
et al. 2019 trained theirs, for a GPU.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.compact import WIDTHS, CompactCNN
from diffsmooth_core.classifiers.resnet import CifarResNet

FINE_TUNING = 0.2  # factor on the learning rate when training starts from a trained network


def warmed_cosine(peak: float, warm_up: float, progress: float) -> float:
    """The learning rate at a moment of training: it rises linearly to `peak`, then falls to 0 along a cosine.

    `warm_up` is the share of the warm-up that is over (1 or more: all of it), `progress` the share of
    training that is over, 0 to 1.
    """
    return peak * min(1.0, warm_up) * 0.5 * (1 + math.cos(math.pi * progress))


class Recipe(Protocol):
    """A training recipe. Every parameter group of its optimiser has a `peak`: its learning rate where `rate`
    is 1."""

    @property
    def batch(self) -> int:
        """Pictures a step."""

    @property
    def shift(self) -> int:
        """The largest shift of a picture in pixels, as augmentation."""

    @property
    def epochs(self) -> int | None:
        """The number of epochs where no other budget is given; None where the recipe has none."""

    def network(self, classes: int) -> nn.Module: ...

    def prepare(self, network: nn.Module, pictures: Tensor) -> None:
        """Called before the first step, to initialise layers from normalised pictures (b,3,h,w) under
        training noise."""

    def optimizer(self, network: nn.Module, batch: int) -> torch.optim.Optimizer: ...

    def rate(self, progress: float) -> float: ...

    def architecture(self, classes: int) -> dict[str, Any]:
        """The network's architecture as its card describes it."""


@dataclass(frozen=True)
class Airbench:
    """SGD as in airbench (Jordan, arXiv 2404.00498): the biases of norm layers have a high learning rate, and
    their weights stay 1."""

    widths: tuple[int, int, int] = WIDTHS
    batch: int = 512
    shift: int = 2
    epochs: int | None = None
    lr: float = 1.5  # at batch 1024, mean loss
    momentum: float = 0.85
    weight_decay: float = 1.33e-3
    bias_lr: float = 64

    def network(self, classes: int) -> nn.Module:
        cnn = CompactCNN(classes, self.widths)
        for norm in self._norms(cnn):
            norm.weight.requires_grad_(False)
            norm.momentum = 0.4
        return cnn

    def prepare(self, network: nn.Module, pictures: Tensor) -> None:
        assert isinstance(network, CompactCNN)
        network.whiten_from(pictures)

    def optimizer(self, network: nn.Module, batch: int) -> torch.optim.Optimizer:
        biases = [norm.bias for norm in self._norms(network)]
        others = [p for p in network.parameters() if p.requires_grad and all(p is not b for b in biases)]
        lr = self.lr * batch / 1024
        return torch.optim.SGD(
            [
                {"params": others, "weight_decay": self.weight_decay, "peak": lr},
                {
                    "params": biases,
                    "weight_decay": self.weight_decay / self.bias_lr,
                    "peak": lr * self.bias_lr,
                },
            ],
            lr=lr,
            momentum=self.momentum,
            nesterov=True,
        )

    def rate(self, progress: float) -> float:
        """A factor that rises from 0.2 to 1 over the first 23 % of training and falls to 0.03 at its end."""
        if progress < 0.23:
            return 0.2 + 0.8 * progress / 0.23
        return 1 - 0.97 * (progress - 0.23) / 0.77

    def architecture(self, classes: int) -> dict[str, Any]:
        return {"network": "compact", "widths": list(self.widths), "classes": classes}

    @staticmethod
    def _norms(network: nn.Module) -> list[nn.BatchNorm2d]:
        return [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]


AIRBENCH = Airbench()


@dataclass(frozen=True)
class ResNet:
    """The recipe of the released code of Cohen et al. and Salman et al.: SGD, with the learning rate divided
    by ten after each third of training."""

    epochs: int
    batch: int
    depth: int = 110
    shift: int = 4
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4

    def network(self, classes: int) -> nn.Module:
        return CifarResNet(self.depth, classes)

    def prepare(self, network: nn.Module, pictures: Tensor) -> None:
        """Does nothing: no layer is initialised from pictures."""

    def optimizer(self, network: nn.Module, batch: int) -> torch.optim.Optimizer:
        return torch.optim.SGD(
            [{"params": list(network.parameters()), "peak": self.lr}],
            lr=self.lr,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
        )

    def rate(self, progress: float) -> float:
        """1, .1 and .01 in the three thirds of training."""
        return float(0.1 ** min(2, int(3 * progress)))

    def architecture(self, classes: int) -> dict[str, Any]:
        return {"network": f"cifar_resnet{self.depth}", "classes": classes}
