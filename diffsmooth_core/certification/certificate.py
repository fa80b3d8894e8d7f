"""The certificate: a result that carries its evidence and can be checked with the statistics alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import floor
from pathlib import Path
from typing import Any

from diffsmooth_core.config import ABSTAIN, InputError, SmoothingConfig
from diffsmooth_core.statistics import certified_radius, clopper_pearson_lower, votes_to_certify

SCHEMA = 1


@dataclass(frozen=True)
class Certificate:
    """The outcome of CERTIFY (Algorithm 5) for one picture.

    label is a class id or ABSTAIN with radius 0.0; radius is L2 in [0,1] pixel units; counts0 and
    counts are the votes of selection and estimation, indexed by class; weights maps model names to
    the SHA-256 of their files.
    """

    label: int
    radius: float
    p_a_lower: float
    counts0: tuple[int, ...]
    counts: tuple[int, ...]
    config: SmoothingConfig
    image_sha256: str
    weights: dict[str, str]
    device: str
    dtype: str
    batch: int
    versions: dict[str, str]
    created: str  # ISO 8601, UTC
    seconds: float
    schema: int = SCHEMA

    @property
    def candidate(self) -> int:
        """The class that selection put up: the most frequent of counts0."""
        return max(range(len(self.counts0)), key=lambda c: self.counts0[c])

    @property
    def p_hat(self) -> float:
        return self.counts[self.candidate] / sum(self.counts)

    def reason(self, class_names: Sequence[str]) -> str:
        """Why the method abstains, in one or two sentences; empty for a certificate.

        More votes are only ever suggested with a new seed: adding to these until the bound clears 1/2
        would be peeking.
        """
        if self.label != ABSTAIN:
            return ""
        n, k = sum(self.counts), self.counts[self.candidate]
        selected = class_names[self.candidate]
        leader = max(range(len(self.counts)), key=lambda c: self.counts[c])
        if 2 * self.counts[leader] > n and leader != self.candidate:
            return (
                f"Selection put up {selected}, which then got {k:,} of {n:,} votes, while "
                f"{class_names[leader]} got a majority: more selection votes than n₀ = {self.config.n0:,} "
                "would choose better."
            )
        if 2 * k <= n:
            return (
                f"Only {k:,} of {n:,} noisy copies voted for {selected}, the selected class, which is not a "
                "majority: if the shares stay like this, more votes do not help."
            )
        needed = votes_to_certify(self.p_hat, self.config.alpha)
        budget = f"about {needed:,} votes" if needed else "more than ten million votes"
        return (
            f"{k:,} of {n:,} noisy copies voted for {selected}, a majority, but the lower bound "
            f"{floor(self.p_a_lower * 1e4) / 1e4:.4f} is not above ½: if that share held, a new run (with "
            f"another seed) would need {budget}."
        )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def to_json(self) -> str:
        return json.dumps(self.as_dict(), indent=2) + "\n"

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Certificate:
        names = {f.name for f in fields(cls)}
        if missing := sorted(names - set(values)):
            raise InputError(f"the certificate has no {missing[0]!r}; it is not one of this tool's")
        if values["schema"] != SCHEMA:
            raise InputError(f"certificate schema {values['schema']!r} is unknown; this tool reads {SCHEMA}")
        data = {k: v for k, v in values.items() if k in names}
        for name, kinds in (("label", (int,)), ("p_a_lower", (int, float)), ("radius", (int, float))):
            if type(data[name]) not in kinds:
                raise InputError(f"the certificate's {name} must be a number, got {data[name]!r}")
        for name in ("counts0", "counts"):
            votes = data[name]
            if not isinstance(votes, list | tuple) or not all(type(v) is int and v >= 0 for v in votes):
                raise InputError(f"the certificate's {name} must list each class's votes, got {votes!r}")
            data[name] = tuple(votes)
        if not 0 < len(data["counts0"]) == len(data["counts"]):
            raise InputError(
                f"the certificate's counts0 and counts must have one entry for every class, "
                f"got {len(data['counts0'])} and {len(data['counts'])}"
            )
        settings = data["config"]
        if not isinstance(settings, Mapping):
            raise InputError(f"the certificate's config must be an object, got {settings!r}")
        if missing := sorted({f.name for f in fields(SmoothingConfig)} - set(settings)):
            raise InputError(f"the certificate's config has no {missing[0]!r}; it is not one of this tool's")
        data["config"] = SmoothingConfig.from_dict(settings)
        return cls(**data)

    @classmethod
    def read(cls, path: Path | str) -> Certificate:
        """Read a certificate's JSON file. Raises InputError where it is none."""
        try:
            values = json.loads(Path(path).read_text())
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{path} cannot be read as a certificate ({error})") from None
        if not isinstance(values, dict):
            raise InputError(f"{path} is not a certificate: it holds no JSON object")
        return cls.from_dict(values)


def decide(
    counts0: tuple[int, ...], counts: tuple[int, ...], config: SmoothingConfig
) -> tuple[int, float, float]:
    """Algorithm 5 after the votes: (label or ABSTAIN, radius, p_a_lower).

    The candidate is selected from counts0; only counts bound its probability.
    """
    candidate = max(range(len(counts0)), key=lambda c: counts0[c])
    p_a_lower = clopper_pearson_lower(counts[candidate], sum(counts), config.alpha)
    if p_a_lower <= 0.5:
        return ABSTAIN, 0.0, p_a_lower
    return candidate, certified_radius(p_a_lower, config.sigma), p_a_lower


def discrepancies(certificate: Certificate) -> list[str]:
    """What does not follow from the certificate's own counts and config; empty when all holds."""
    label, radius, p_a_lower = decide(certificate.counts0, certificate.counts, certificate.config)
    claims = {
        "n0": (certificate.config.n0, sum(certificate.counts0)),
        "n": (certificate.config.n, sum(certificate.counts)),
        "label": (certificate.label, label),
        "p_a_lower": (certificate.p_a_lower, p_a_lower),
        "radius": (certificate.radius, radius),
    }
    return [
        f"{name} says {claimed!r}, the counts give {actual!r}"
        for name, (claimed, actual) in claims.items()
        if not abs(claimed - actual) <= 1e-12  # NaN is a discrepancy too
    ]
