"""The checkpoint doctor: with which normalisation and under which noise was a network trained?

No checkpoint stores either, and a wrong normalising layer loads without an error and costs accuracy. So the
network's accuracy is measured on labelled pictures under each normalisation and each noise.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from diffsmooth_core.classifiers.base import Classifier
from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.config import InputError
from diffsmooth_core.wording import percent

SIGMAS = (0.0, 0.12, 0.25, 0.5, 1.0)
MARGIN = 3.0  # two accuracies count as different from this many standard errors on


@dataclass(frozen=True)
class Checkup:
    """Accuracy under every normalisation and noise, and the conclusions from it.

    accuracy[normalisation][sigma] is the share of `pictures` classified correctly, each under one draw of
    noise. `sigma` is the noise under which the network is most accurate, which for a network trained under
    noise is near its training noise.
    """

    accuracy: dict[str, dict[str, float]]
    pictures: int
    declared: str
    normalisation: str
    sigma: float
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def candidates(dataset: str) -> tuple[str, ...]:
    """The normalisations that published networks for a data set use."""
    return tuple(
        name
        for name in STATISTICS
        if name in ("none", "half") or name.startswith(dataset.split("-", maxsplit=1)[0])
    )


@torch.inference_mode()
def examine(
    classifier: Classifier, declared: str, x: Tensor, labels: Tensor, declared_sigma: float | None = None
) -> Checkup:
    """Measure the classifier's network on x (n,3,h,w) in [0,1] with labels (n,).

    `declared` is the normalisation that it is used with now, `declared_sigma` the training noise that its
    card or its user names. Raises InputError without pictures.
    """
    if not len(x):
        raise InputError(
            "the checkpoint doctor needs labelled pictures; set DIFFSMOOTH_DATA to a folder of them"
        )
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(x.shape, generator=generator)
    names = dict.fromkeys((declared, *candidates(classifier.dataset)))
    accuracy = {
        name: {
            f"{sigma:g}": _accuracy(classifier.network, name, x + sigma * noise, labels) for sigma in SIGMAS
        }
        for name in names
    }
    best = max(names, key=lambda name: max(accuracy[name].values()))  # the declared one wins a tie
    here = max(accuracy[declared].values())
    there = max(accuracy[best].values())
    error = (there * (1 - there) / len(x)) ** 0.5 + 1e-9
    fits = declared if there - here <= MARGIN * error else best
    sigma = max(SIGMAS, key=lambda s: accuracy[fits][f"{s:g}"])
    found = Checkup(accuracy, len(x), declared, fits, sigma, "")
    return replace(found, sentence=_sentence(found, classifier.classes, declared_sigma))


def _accuracy(network: nn.Module, normalisation: str, x: Tensor, labels: Tensor) -> float:
    normalise = Normalise(*STATISTICS[normalisation])
    right = [
        (network(normalise(part)).argmax(1) == truth).sum()
        for part, truth in zip(x.split(50), labels.split(50), strict=True)
    ]
    return round(float(sum(right)) / len(x), 4)


def _sentence(found: Checkup, classes: int, declared_sigma: float | None) -> str:
    best = found.accuracy[found.normalisation][f"{found.sigma:g}"]
    if best < 3 / classes:
        return (
            f"No normalisation fits: the best share right is {percent(best, 0)}, where guessing gives "
            f"{percent(1 / classes)}; it is another network, or one for other classes."
        )
    if found.normalisation != found.declared:
        now = max(found.accuracy[found.declared].values())
        return (
            f"Use normalisation {found.normalisation!r}: with it {percent(best, 0)} are right, "
            f"with {found.declared!r} only {percent(now, 0)}."
        )
    noise = f"it is best under noise {found.sigma:g}" if found.sigma else "it is best without noise"
    if declared_sigma is not None and declared_sigma != found.sigma:
        declared_best = found.accuracy[found.normalisation].get(f"{declared_sigma:g}")
        if (
            declared_best is None
            or best - declared_best > MARGIN * (best * (1 - best) / found.pictures) ** 0.5
        ):
            return (
                f"Normalisation {found.declared!r} fits, but {noise} ({percent(best, 0)} right) "
                f"and not under the {declared_sigma:g} that it is said to be trained for."
            )
    return (
        f"Normalisation {found.declared!r} fits, and {noise} "
        f"({percent(best, 0)} of {found.pictures} pictures right)."
    )
