"""Cast a certificate's votes again, and compare two ways of computing the same votes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import chi2_contingency
from torch import Tensor

from diffsmooth_core.certification.ballots import Classes
from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.noise import image_sha256
from diffsmooth_core.certification.stream import versions
from diffsmooth_core.certification.voting import check, first_votes
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.execution import Execution, modes
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.statistics import clopper_pearson_lower

SUSPICIOUS = 0.001  # p-value below which two devices' counts differ by more than chance


@dataclass(frozen=True)
class Replay:
    """The counts of votes cast again, and how they differ from the certificate's.

    With the same type of device, torch version and execution mode (`exact`), every count must be equal.
    Otherwise rounding may change votes, and the estimation counts need only be consistent with one common
    distribution: `p_value` is from the chi-squared test of that. `differences` describes every unequal count.
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
    """The certificate's configuration on another device, with the dtype that its votes were computed in."""
    return replace(certificate.config, dtype=certificate.dtype, device=device)


def replay(certificate: Certificate, base: BaseClassifier, x: Tensor) -> Replay:
    """Cast a certificate's votes again with the networks of `base` on the image x, float32 (c,h,w) in [0,1].

    Raises InputError where the image or the weights are not those of the certificate, or `base` was built for
    another setting.
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
        check(base, x, config, base.purifier_batch)
    a, b = (first_votes(base, x, config, "estimation", config.n) for base in (first, second))
    same, k = int((a == b).sum()), first.classifier.classes
    lower = clopper_pearson_lower(same, config.n, config.alpha)
    return Agreement(config.n, same, lower, (_counts(a, k), _counts(b, k)))


def _counts(classes: Classes, k: int) -> tuple[int, ...]:
    return tuple(map(int, np.bincount(classes, minlength=k)))
