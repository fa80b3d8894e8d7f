"""The published settings of ResNet-110s for CIFAR-10, for a GPU: `COHEN` and, for each noise, those in
`SMOOTHADV`.

Sources: the README of Cohen et al. 2019; the training script of Salman et al. 2019 and the list of their best
models at each radius, which is published beside their code; DiffSmooth's Tables 9 and 10, the SmoothAdv
networks without and with extra data that the paper smooths locally.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from diffsmooth_core.config import InputError, check_choice
from diffsmooth_core.training.recipes import ResNet
from diffsmooth_core.training.smoothadv import SmoothAdv

COHEN = ResNet(epochs=90, batch=400)


@dataclass(frozen=True)
class PublishedPreset:
    """A published row: the attack, its steps, noise samples m and L2 radius in `parts`-ths, as it is
    printed; and the weight of what a teacher labelled, of networks that had one."""

    attack: Literal["pgd", "ddn"]
    steps: int
    m: int
    epsilon: int
    parts: int
    teacher_weight: float | None = None

    def objective(self, sigma: float) -> SmoothAdv:
        return SmoothAdv(sigma, self.epsilon / self.parts, self.attack, self.steps, self.m, warm_up=10 / 150)

    @property
    def recipe(self) -> ResNet:
        """Their recipe. They split a batch of 256 into m parts and draw m noisy copies of each picture, so a
        step has 256/m pictures here."""
        return ResNet(epochs=150, batch=256 // self.m)


SALMAN = {  # sigma -> the best model at the smallest radius at which one of that sigma is the best
    0.12: PublishedPreset("ddn", 10, 8, 64, 256),  # r = 0
    0.25: PublishedPreset("pgd", 10, 8, 255, 256),  # r = 0.5
    0.5: PublishedPreset("pgd", 2, 8, 512, 256),  # r = 1
    1.0: PublishedPreset("pgd", 10, 2, 512, 256),  # r = 1.875
}
DIFFSMOOTH = {
    0.12: PublishedPreset("pgd", 10, 4, 64, 255),
    0.25: PublishedPreset("pgd", 10, 8, 255, 255),
    0.5: PublishedPreset("pgd", 10, 2, 512, 255),
    1.0: PublishedPreset("pgd", 10, 2, 512, 255),
}
# Table 10 does not print m: these are Table 9's.
EXTRA = {
    0.12: PublishedPreset("pgd", 8, 4, 64, 255, teacher_weight=1.0),
    0.25: PublishedPreset("pgd", 4, 8, 127, 255, teacher_weight=1.0),
    0.5: PublishedPreset("pgd", 2, 2, 255, 255, teacher_weight=0.5),
    1.0: PublishedPreset("pgd", 8, 2, 512, 255, teacher_weight=0.5),
}
SMOOTHADV = {"salman": SALMAN, "diffsmooth": DIFFSMOOTH, "diffsmooth-extra": EXTRA}


def published(name: str, sigma: float, teacher: bool = False) -> PublishedPreset:
    """The settings that SMOOTHADV has under a name for training noise `sigma`. Raises InputError where there
    are none for it, and for a preset with extra data unless there is a teacher to label it."""
    check_choice("sigma of SmoothAdv", sigma, SMOOTHADV[name])
    found = SMOOTHADV[name][sigma]
    if found.teacher_weight is not None and not teacher:
        raise InputError(f"preset {name} has pictures that a teacher labelled; name one with --self-training")
    return found
