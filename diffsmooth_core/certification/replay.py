"""A certificate's votes drawn again, and two ways to compute the same votes compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2_contingency
from torch import Tensor

from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.noise import image_sha256
from diffsmooth_core.certification.stream import versions
from diffsmooth_core.certification.voting import check, every_vote
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.execution import Execution, modes
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.statistics import clopper_pearson_lower

SUSPICIOUS = 0.001  # p-value of the two-sample test below which two devices do not tell the same


@dataclass(frozen=True)
class Replay:
    """The votes drawn again. On the same kind of device, with the networks run as they were (`exact`), they
    have to be equal, elsewhere like two samples of one distribution: `p_value` is that of the chi-squared
    test."""

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
    if (found := image_sha256(x)) != certificate.image_sha256:
        raise InputError(
            f"this is another picture (SHA-256 {found[:12]}...) than the certificate's "
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
    base = replace(base, fixed_block=certificate.block, execution=execution if same_way else base.execution)
    config = certificate.config
    check(base, x, config, base.block)
    k = base.classifier.classes
    counts0 = _counts(every_vote(base, x, config, "selection", sum(certificate.counts0)), k)
    counts = _counts(every_vote(base, x, config, "estimation", certificate.n), k)
    device = certificate.device.partition(":")[0]
    exact = (
        same_way and device == base.device.type and certificate.versions.get("torch") == versions()["torch"]
    )
    differences = tuple(
        f"{name}[{label}] says {claimed}, drawn again it is {actual}"
        for name, drawn in (("counts0", counts0), ("counts", counts))
        for label, (claimed, actual) in enumerate(zip(getattr(certificate, name), drawn, strict=True))
        if claimed != actual
    )
    p_value = two_sample_p_value(certificate.counts, counts)
    return Replay(counts0, counts, exact, p_value, differences)


def two_sample_p_value(first: Sequence[int], second: Sequence[int]) -> float:
    """Of the chi-squared test that two vectors of counts come from the same distribution."""
    table = np.array([first, second])
    table = table[:, table.sum(0) > 0]
    return float(chi2_contingency(table, correction=False).pvalue) if table.shape[1] > 1 else 1.0


@dataclass(frozen=True)
class Agreement:
    """Of `votes` votes on the same noise, `same` were alike: their true share is `lower` at least, with
    confidence 1 - alpha (Clopper-Pearson)."""

    votes: int
    same: int
    lower: float
    counts: tuple[tuple[int, ...], tuple[int, ...]]


def agreement(first: BaseClassifier, second: BaseClassifier, x: Tensor, config: SmoothingConfig) -> Agreement:
    """Have two base classifiers vote on the same n noisy copies, as two precisions of one network.

    Raises InputError where either was built for another setting.
    """
    for base in (first, second):
        check(base, x, config, base.block)
    a, b = (every_vote(base, x, config, "estimation", config.n) for base in (first, second))
    same, k = int((a == b).sum()), first.classifier.classes
    lower = clopper_pearson_lower(same, config.n, config.alpha)
    return Agreement(config.n, same, lower, (_counts(a, k), _counts(b, k)))


def _counts(classes: npt.NDArray[np.int64], k: int) -> tuple[int, ...]:
    return tuple(map(int, np.bincount(classes, minlength=k)))
