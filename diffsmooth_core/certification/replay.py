"""A certificate's votes drawn again, and two ways to compute the same votes compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import chi2_contingency
from torch import Tensor

from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.noise import image_sha256
from diffsmooth_core.certification.stream import versions
from diffsmooth_core.certification.voting import Classes, check, first_votes
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.execution import Execution, modes
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.statistics import clopper_pearson_lower

SUSPICIOUS = 0.001  # p-value below which chance does not explain how the counts of two devices differ


@dataclass(frozen=True)
class Replay:
    """The votes drawn again, and how they differ from the certificate's.

    On the same kind of device, with the same torch and the networks run as they were (`exact`), every count
    has to be equal. Elsewhere the two have to look like samples of one distribution: `p_value` is that of
    the chi-squared test.
    """

    counts0: tuple[int, ...]
    counts: tuple[int, ...]
    exact: bool
    p_value: float
    differences: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.differences or (not self.exact and self.p_value >= SUSPICIOUS)


def settings_of(certificate: Certificate, device: str = "auto") -> SmoothingConfig:
    """The configuration under which the same votes can be drawn: the arithmetic is what it was."""
    return replace(certificate.config, dtype=certificate.dtype, device=device)


def replay(certificate: Certificate, base: BaseClassifier, x: Tensor) -> Replay:
    """Draw the votes of a certificate again with the networks of `base` on the picture x.

    Raises InputError where picture or weights are others than those that the certificate names.
    """
    if (given := image_sha256(x)) != certificate.image_sha256:
        raise InputError(
            f"this is another picture (SHA-256 {given[:12]}...) than the certificate's "
            f"({certificate.image_sha256[:12]}...); give the right one with --image"
        )
    for role, sha in certificate.weights.items():
        if (here := base.weights.get(role, "missing")) != sha:
            raise InputError(
                f"the {role}'s weights here (SHA-256 {here[:12]}...) are not the certificate's "
                f"({sha[:12]}...); fetch those that it names"
            )
    execution = Execution.parse(certificate.execution)
    same_way = execution.mode in modes(base.device)
    base = replace(
        base, purifier_batch=certificate.block, execution=execution if same_way else base.execution
    )
    config = certificate.config
    check(base, x, config, base.purifier_batch)
    k = base.classifier.classes
    counts0 = _counts(first_votes(base, x, config, "selection", sum(certificate.counts0)), k)
    counts = _counts(first_votes(base, x, config, "estimation", certificate.n), k)
    device = certificate.device.partition(":")[0]
    exact = (
        same_way and device == base.device.type and certificate.versions.get("torch") == versions()["torch"]
    )
    differences = tuple(
        f"{name}[{label}] says {claimed}, drawn again it is {count}"
        for name, again in (("counts0", counts0), ("counts", counts))
        for label, (claimed, count) in enumerate(zip(getattr(certificate, name), again, strict=True))
        if claimed != count
    )
    p_value = two_sample_p_value(certificate.counts, counts)
    return Replay(counts0, counts, exact, p_value, differences)


def two_sample_p_value(first: Sequence[int], second: Sequence[int]) -> float:
    """The p-value of the chi-squared test that two vectors of counts come from one distribution."""
    table = np.array([first, second])
    table = table[:, table.sum(0) > 0]
    return float(chi2_contingency(table, correction=False).pvalue) if table.shape[1] > 1 else 1.0


@dataclass(frozen=True)
class Agreement:
    """How often two base classifiers gave the same class on the same noise: `same` of `votes` times.

    `lower` bounds the probability of that from below with confidence 1 - alpha (Clopper-Pearson); `counts`
    are the votes of each by class.
    """

    votes: int
    same: int
    lower: float
    counts: tuple[tuple[int, ...], tuple[int, ...]]


def agreement(first: BaseClassifier, second: BaseClassifier, x: Tensor, config: SmoothingConfig) -> Agreement:
    """Have two base classifiers vote on the same n noisy copies, as two precisions of one network.

    Raises InputError where either was built for another setting.
    """
    for base in (first, second):
        check(base, x, config, base.purifier_batch)
    a, b = (first_votes(base, x, config, "estimation", config.n) for base in (first, second))
    same, k = int((a == b).sum()), first.classifier.classes
    lower = clopper_pearson_lower(same, config.n, config.alpha)
    return Agreement(config.n, same, lower, (_counts(a, k), _counts(b, k)))


def _counts(classes: Classes, k: int) -> tuple[int, ...]:
    return tuple(map(int, np.bincount(classes, minlength=k)))
