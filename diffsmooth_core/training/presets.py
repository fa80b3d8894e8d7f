"""The published settings of ResNet-110s for CIFAR-10, for a GPU: `COHEN` and, for each noise, `SALMAN`.

Sources: the README of Cohen et al. 2019; the training script of Salman et al. 2019 and the list of their best
models at each radius, which is published beside their code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from diffsmooth_core.config import check_choice
from diffsmooth_core.training.recipes import ResNet
from diffsmooth_core.training.smoothadv import SmoothAdv

COHEN = ResNet(epochs=90, batch=400)


@dataclass(frozen=True)
class PublishedPreset:
    """A row of the list of Salman et al.; `radius` is the L2 radius at which the model was the best."""

    attack: Literal["pgd", "ddn"]
    steps: int
    m: int
    epsilon: int  # in 256ths, as in the list
    radius: float

    def objective(self, sigma: float) -> SmoothAdv:
        return SmoothAdv(sigma, self.epsilon / 256, self.attack, self.steps, self.m, warm_up=10 / 150)

    @property
    def recipe(self) -> ResNet:
        """Their recipe. They split a batch of 256 into m parts and draw m noisy copies of each picture, so a
        step has 256/m pictures here."""
        return ResNet(epochs=150, batch=256 // self.m)


SALMAN = {  # sigma -> the best model at the smallest radius at which one of that sigma is the best
    0.12: PublishedPreset("ddn", 10, 8, 64, radius=0.0),
    0.25: PublishedPreset("pgd", 10, 8, 255, radius=0.5),
    0.5: PublishedPreset("pgd", 2, 8, 512, radius=1.0),
    1.0: PublishedPreset("pgd", 10, 2, 512, radius=1.875),
}


def published(sigma: float) -> PublishedPreset:
    """The settings of Salman et al. for training noise `sigma`. Raises InputError where their list has no
    model for it."""
    check_choice("sigma of SmoothAdv", sigma, SALMAN)
    return SALMAN[sigma]
