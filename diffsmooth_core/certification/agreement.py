"""How often two ways of computing the same votes agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from diffsmooth_core.certification.ballots import Classes
from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.certification.voting import checked, commitment_of, first_votes
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.statistics import clopper_pearson_lower


@dataclass(frozen=True)
class Agreement:
    """How often two base classifiers return the same class on the same noise: in `same` of `votes` votes.

    `lower` is a lower bound of the probability of agreement, with confidence 1 - alpha (Clopper-Pearson).
    `counts` are the votes by class of the first and of the second.
    """

    votes: int
    same: int
    lower: float
    counts: tuple[tuple[int, ...], tuple[int, ...]]


def agreement(first: BaseClassifier, second: BaseClassifier, x: Tensor, config: SmoothingConfig) -> Agreement:
    """Have two base classifiers, such as two precisions of one network, vote on the same n noisy copies of x.

    x is float32 (c,h,w) in [0,1]. Raises InputError where either was built for another setting.
    """
    for base in (first, second):
        x = checked(base, x, config, base.purifier_batch)
    shared = Commitment.of_group(commitment_of(base, x, config).hash for base in (first, second))
    a, b = (first_votes(base, x, config, "estimation", config.n, tied_to=shared) for base in (first, second))
    same, k = int((a == b).sum()), first.classifier.classes
    lower = clopper_pearson_lower(same, config.n, config.alpha)
    return Agreement(config.n, same, lower, (_counts(a, k), _counts(b, k)))


def _counts(classes: Classes, k: int) -> tuple[int, ...]:
    return tuple(map(int, np.bincount(classes, minlength=k)))
