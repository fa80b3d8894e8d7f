"""The certificate: a result together with its votes, so that it can be checked without running the
networks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np

from diffsmooth_core.certification.ballots import Ballots, Classes
from diffsmooth_core.certification.commitment import Commitment, SeedAlone, Tie, own_commitment
from diffsmooth_core.certification.decision import (
    NOTHING,
    Decision,
    Ending,
    decide,
    decide_schema_2,
    next_look,
    selected,
)
from diffsmooth_core.certification.outlook import reason
from diffsmooth_core.certification.packing import unpacked
from diffsmooth_core.certification.reading import MOST_BYTES, checked, parsed
from diffsmooth_core.config import ABSTAIN, InputError, SmoothingConfig
from diffsmooth_core.statistics import certified_radius, two_class_radius, votes_to_certify

SCHEMA = 3
QUERY_LOG = "query log"  # the only role in `weights` of a certificate whose votes somebody else's log holds
# Schema 2, of versions before 1.0, keeps no votes, and its noise follows from the seed alone.
NEW_IN_3 = ("commitment", "nonce", "members", "votes0", "votes", "hardware")
Counted = Literal["selection", "estimation"]  # the stages whose votes a certificate counts
# By how much a claimed bound or radius may differ from the one that the votes give. The outward margin of the
# anytime bound, which "target" and "decided" use, was smaller in version 0.8.
ROUNDING = {"fixed": 1e-12, "sequential": 1e-12, "adaptive": 1e-12, "target": 1e-9, "decided": 1e-9}


ULPS = 1e-15  # by how much another SciPy may round a bound, or a radius in proportion, differently


@dataclass(frozen=True)
class Certificate:
    """The outcome of CERTIFY (Algorithm 5) for one picture.

    label is a class id, or ABSTAIN with radius 0.0. radius is an L2 length in [0,1] pixel units. counts0 and
    counts (k,) are the selection and estimation votes for each class. p_a_lower bounds the candidate's
    probability from below, p_b_upper that of every other class from above. `ending` says why voting ended:
    all n votes were cast ("spent"), the target radius was reached ("reached") or could not be reached any
    more ("hopeless"). weights maps each network's role to the SHA-256 of its file. commitment, members and
    nonce say what the noise was tied to (`Commitment`); votes0 and votes are the packed votes in order
    (`ballots`), of which counts0 and counts are the numbers by class; hardware is the kind of device. All of
    these are empty in a certificate of schema 2. CERTIFICATE.md describes the JSON document.
    """

    label: int
    radius: float
    p_a_lower: float
    p_b_upper: float
    ending: Ending
    counts0: tuple[int, ...]
    counts: tuple[int, ...]
    config: SmoothingConfig
    image_sha256: str
    source: str  # the picture's spec or path, "upload:NAME", or empty
    weights: dict[str, str]
    device: str
    dtype: str
    execution: str
    block: int  # noisy copies in each batch of the networks, padding included
    batch: int  # votes cast per step; no vote depends on it
    versions: dict[str, str]
    created: str  # ISO 8601, UTC
    seconds: float
    commitment: str = ""
    nonce: str = ""
    members: tuple[str, ...] | None = ()
    votes0: str = ""
    votes: str = ""
    hardware: dict[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    @classmethod
    def of_votes(
        cls, selection: Ballots, estimation: Ballots, config: SmoothingConfig, **evidence: Any
    ) -> Certificate:
        """The certificate of a finished run from all its votes, made now. `evidence` are the fields that do
        not follow from them."""
        decision = decide(selection.tally, estimation.tally, config)
        assert decision.ending is not None
        return cls(
            label=decision.label,
            radius=decision.radius,
            p_a_lower=decision.p_a_lower,
            p_b_upper=decision.p_b_upper,
            ending=decision.ending,
            counts0=selection.tally,
            counts=estimation.tally,
            config=config,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            votes0=selection.packed,
            votes=estimation.packed,
            **evidence,
        )

    @property
    def candidate(self) -> int:
        """The class that the selection votes chose: the most frequent of counts0."""
        return selected(self.counts0)

    @property
    def n(self) -> int:
        """The number of estimation votes counted."""
        return sum(self.counts)

    @property
    def p_hat(self) -> float:
        return self.counts[self.candidate] / self.n

    @property
    def fixed_n(self) -> int | None:
        """About how many votes a run with fixed n would have needed for this radius, if the candidate's share
        of votes stayed the same; None where the radius is 0."""
        return votes_to_certify(self.p_hat, self.config.alpha, above=self.p_a_lower) if self.radius else None

    @property
    def own_commitment(self) -> str:
        """The hash of all that decides this certificate but its noise."""
        return own_commitment(
            self.image_sha256, self.config, self.weights, self.dtype, self.execution, self.block
        )

    @property
    def tied_to(self) -> Tie:
        """What its noise was tied to before the first vote."""
        if self.schema == 2:
            return SeedAlone(self.config.seed)
        return Commitment(self.commitment, self.members, self.nonce)

    @property
    def noise_chosen_by(self) -> str:
        """Who chose the noise of the votes, in words: a certificate without a challenge may be the best of
        many seeds."""
        if self.nonce:
            return (
                f"the verifier: nonce {self.nonce[:8]}... was given for commitment {self.commitment[:12]}..."
            )
        return f"whoever issued it: seed {self.config.seed}, no challenge"

    @property
    def on_their_word(self) -> str:
        """What a certificate cannot know of votes that were read from a query log, in a sentence; empty where
        this program cast them."""
        if QUERY_LOG not in self.weights:
            return ""
        return (
            f"Its votes were read from a query log (SHA-256 {self.weights[QUERY_LOG][:12]}...): that "
            f"{self.config.classifier[:60]} cast "
            f"them on this picture under independent Gaussian noise of sigma {self.config.sigma:g}, each "
            "once, and that none was left out, is "
            "the word of whoever kept the log."
        )

    def classes(self, stage: Counted) -> Classes:
        """The classes (votes,) of a stage's votes in order. Raises InputError where they are not as many as
        its counts, or not kept, as in schema 2."""
        name, counts = ("votes0", self.counts0) if stage == "selection" else ("votes", self.counts)
        return unpacked(getattr(self, name), len(counts), sum(counts), name).astype(np.int64)

    def reason(self, class_names: Sequence[str]) -> str:
        """Why the method abstains, in a few sentences; empty for a certificate.

        More votes are suggested only for a new run with another seed: adding votes to this run until the
        bound exceeds 1/2 would make the bound invalid.
        """
        if self.label != ABSTAIN:
            return ""
        return reason(
            self.counts0, self.counts, self.candidate, self.p_a_lower, self.ending, self.config, class_names
        )

    def _repr_html_(self) -> str:
        from diffsmooth_core.certification.notebook import of_certificate

        return of_certificate(self)

    def as_dict(self) -> dict[str, Any]:
        """The JSON document, in the schema in which the certificate was issued."""
        document = asdict(self)
        if self.schema == 2:
            del document["config"]["beta"]
            return {name: value for name, value in document.items() if name not in NEW_IN_3}
        return document

    def to_json(self) -> str:
        return json.dumps(self.as_dict(), indent=2) + "\n"

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Certificate:
        """A certificate from the object that its JSON holds. Raises InputError for whatever `reading`
        refuses."""
        return cls(**checked(values))

    @classmethod
    def read(cls, path: Path | str) -> Certificate:
        """Read a certificate from a JSON file. Raises InputError where the file holds no valid
        certificate."""
        try:
            with Path(path).open("rb") as file:
                text = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise InputError(f"{path} cannot be read as a certificate ({error.strerror})") from None
        if len(text) > MOST_BYTES:
            raise InputError(f"{path} has more than {MOST_BYTES:,} bytes; it is no certificate")
        return cls.from_dict(parsed(text, f"{path} is no certificate and"))


def at_level(certificate: Certificate, alpha: float) -> Certificate:
    """What the same votes certify at another failure probability alpha.

    This is valid for every stopping rule. The run may have ended because of its bounds at the old level, but
    the bounds of a rule that can end early hold at every look, at any level. Where n votes certify nothing at
    that level whatever they are, it abstains and keeps its configuration.
    """
    try:
        config = replace(certificate.config, alpha=alpha)
        decision = decide(certificate.counts0, certificate.counts, config)
    except InputError:
        config, decision = certificate.config, NOTHING
    return replace(
        certificate,
        config=config,
        label=decision.label,
        radius=decision.radius,
        p_a_lower=decision.p_a_lower,
        p_b_upper=decision.p_b_upper,
    )


def discrepancies(certificate: Certificate) -> list[str]:
    """Every value in the certificate that its own counts and config do not imply, in words; empty if all
    agree."""
    config, n = certificate.config, certificate.n
    decided = decide if certificate.schema == SCHEMA else decide_schema_2
    decision = decided(certificate.counts0, certificate.counts, config)
    claims: dict[str, tuple[float | str | None, float | str | None]] = {
        "n0": (config.n0, sum(certificate.counts0)),
        "label": (certificate.label, decision.label),
        "p_a_lower": (certificate.p_a_lower, decision.p_a_lower),
        "p_b_upper": (certificate.p_b_upper, decision.p_b_upper),
        "radius": (certificate.radius, decision.radius),
        "ending": (certificate.ending, decision.ending),
    }
    if config.stopping == "fixed":
        claims["n"] = (config.n, n)
    elif n and next_look(n - 1, config) != n:
        claims["counts"] = (n, f"no look there: the next is at {next_look(n, config):,} votes")
    return [
        f"{name} says {claimed!r}, the counts give {actual!r}"
        for name, (claimed, actual) in claims.items()
        if not _same(claimed, actual, ROUNDING.get(config.stopping, 1e-12))
    ] + (_overstated(certificate, decision) + _untied(certificate) if certificate.schema == SCHEMA else [])


def _overstated(certificate: Certificate, decision: Decision) -> list[str]:
    """What schema 3 demands of rounding: to the safe side, and a radius not above that of its own bounds."""
    p_a, p_b, config = certificate.p_a_lower, certificate.p_b_upper, certificate.config
    radius = (
        two_class_radius(p_a, p_b, config.sigma)
        if config.bound == "two-class"
        else certified_radius(p_a, config.sigma)
    )
    excess = {
        "p_a_lower": p_a - decision.p_a_lower,
        "p_b_upper": decision.p_b_upper - p_b,
        "radius": (certificate.radius - radius) / (radius or 1.0),
    }
    return [f"{name} is rounded to the unsafe side" for name, value in excess.items() if value > ULPS]


def _untied(certificate: Certificate) -> list[str]:
    """What schema 3 demands besides: the counts are those of the votes, and the commitment is that of
    picture, settings and networks."""
    tied_to = Commitment(certificate.commitment, certificate.members, certificate.nonce)
    found = tied_to.faults(certificate.own_commitment)
    for name, votes, counts in (
        ("counts0", "votes0", certificate.counts0),
        ("counts", "votes", certificate.counts),
    ):
        try:
            classes = unpacked(getattr(certificate, votes), len(counts), sum(counts), votes)
        except InputError as error:
            found.append(f"{name} says {counts!r:.200}, but {error}")
            continue
        if counts != (cast := tuple(map(int, np.bincount(classes, minlength=len(counts))))):
            found.append(f"{name} says {counts!r:.200}, the votes give {cast!r:.200}")
    return found


def _same(claimed: float | str | None, actual: float | str | None, tolerance: float) -> bool:
    if isinstance(claimed, int | float) and isinstance(actual, int | float):
        return abs(claimed - actual) <= tolerance  # NaN is a discrepancy too
    return claimed == actual
