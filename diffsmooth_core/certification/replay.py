"""Cast a certificate's votes again and compare them one by one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from diffsmooth_core.certification.certificate import Certificate, Counted
from diffsmooth_core.certification.decision import Decision, decide
from diffsmooth_core.certification.hardware import hardware
from diffsmooth_core.certification.noise import image_sha256
from diffsmooth_core.certification.stream import versions
from diffsmooth_core.certification.voting import checked, first_votes
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.execution import Execution, modes
from diffsmooth_core.config import ABSTAIN, InputError, SmoothingConfig

# The share of votes that rounding may change on another kind of device, by the arithmetic of the networks;
# benchmarks/replay.py measures what it changes.
ALLOWED = {"float32": 0.01, "bfloat16": 0.02}

MOST_AT_ONCE = 8192  # pictures in a batch; a GPU is kept busy by an eighth of them


@dataclass(frozen=True)
class Replay:
    """The votes of a `claimed` certificate, cast again: `differing` of `votes` are for another class.

    counts0 and counts are those of the votes cast here, `own` what they imply. On the same kind of device,
    with the same torch and execution (`exact`), no vote may differ. Elsewhere rounding changes a few, of
    which `allowed` are allowed.
    """

    exact: bool
    votes: int
    differing: int
    allowed: int
    counts0: tuple[int, ...]
    counts: tuple[int, ...]
    own: Decision
    claimed: Certificate

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the certificate does not hold, in words; empty if it does."""
        found = []
        where, most = ("another", f"at most {self.allowed:,}") if not self.exact else ("the same", "none")
        if self.differing > (0 if self.exact else self.allowed):
            found.append(
                f"drawn again on {where} kind of device, {self.differing:,} of {self.votes:,} votes differ, "
                f"and {most} may"
            )
        if self.claimed.label not in (ABSTAIN, self.own.label):
            other = "abstain" if self.own.label == ABSTAIN else f"certify class {self.own.label}"
            found.append(f"label says {self.claimed.label}, the votes drawn again {other}")
        return tuple(found)

    @property
    def holds(self) -> bool:
        return not self.faults

    @property
    def radius(self) -> float:
        """The radius to accept: the smaller one of the claimed and one's own; 0 where it does not hold."""
        return min(self.claimed.radius, self.own.radius) if self.holds else 0.0


def settings_of(certificate: Certificate, device: str = "auto") -> SmoothingConfig:
    """The certificate's configuration on another device, with the dtype that its votes were computed in."""
    return replace(certificate.config, dtype=certificate.dtype, device=device)


def as_certified(certificate: Certificate, base: BaseClassifier, x: Tensor) -> BaseClassifier:
    """`base` with the block of the certificate and, where this device offers it, its execution.

    Raises InputError where the image or the weights are not those of the certificate, or `base` was built for
    another setting.
    """
    if (given := image_sha256(x)) != certificate.image_sha256:
        raise InputError(
            f"this is another picture (SHA-256 {given[:12]}...) than the certificate's "
            f"({certificate.image_sha256[:12]}...); give the right one with --image"
        )
    for role in sorted(certificate.weights.keys() | base.weights.keys()):
        here, named = (weights.get(role, "missing") for weights in (base.weights, certificate.weights))
        if here != named:
            raise InputError(
                f"the {role}'s weights here (SHA-256 {here[:12]}...) are not the certificate's "
                f"({named[:12]}...); fetch those that it names"
            )
    execution = Execution.parse(certificate.execution)
    if (most := max(certificate.block, execution.classifier_batch)) > MOST_AT_ONCE:
        raise InputError(
            f"the certificate's networks take {most:,} pictures at a time, and a replay {MOST_AT_ONCE:,} at "
            "most, for the sake of memory"
        )
    if execution.mode not in modes(base.device):
        execution = base.execution
    base = replace(base, purifier_batch=certificate.block, execution=execution)
    checked(base, x, certificate.config, base.purifier_batch)
    return base


def replay(certificate: Certificate, base: BaseClassifier, x: Tensor) -> Replay:
    """Cast a certificate's votes again with the networks of `base` on the image x, float32 (c,h,w) in [0,1].

    Schema 2 keeps no votes: of it, as many differ as must have changed for the counts to be what they are.
    Raises InputError as `as_certified` does.
    """
    base, config = as_certified(certificate, base, x), certificate.config
    counts0, differing0 = _again(certificate, base, x, "selection", certificate.counts0)
    counts, differing = _again(certificate, base, x, "estimation", certificate.counts)
    votes = sum(certificate.counts0) + certificate.n
    exact = (
        certificate.hardware == hardware(base.device)
        and certificate.versions.get("torch") == versions()["torch"]
        and certificate.execution == str(base.execution)
    )
    return Replay(
        exact=exact,
        votes=votes,
        differing=differing0 + differing,
        allowed=math.ceil(ALLOWED[certificate.dtype] * votes),
        counts0=counts0,
        counts=counts,
        own=decide(counts0, counts, config),
        claimed=certificate,
    )


def _again(
    certificate: Certificate, base: BaseClassifier, x: Tensor, stage: Counted, claimed: tuple[int, ...]
) -> tuple[tuple[int, ...], int]:
    """The counts of a stage's votes, cast again, and how many votes differ from the claimed ones."""
    votes = first_votes(base, x, certificate.config, stage, sum(claimed), tied_to=certificate.tied_to)
    counts = tuple(map(int, np.bincount(votes, minlength=len(claimed))))
    if certificate.schema == 2:
        return counts, sum(abs(a - b) for a, b in zip(claimed, counts, strict=True)) // 2
    return counts, int((votes != certificate.classes(stage)).sum())
