"""Why a picture is not certified: an ordered list of rules. Each tests the evidence and words the reason."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from diffsmooth_core.analysis.stages import Stages
from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.outlook import POWER, advice, rule_of_a_new_run, votes_needed
from diffsmooth_core.config import ABSTAIN
from diffsmooth_core.statistics import sign_test

TIE = 0.01  # above this p-value, two classes' votes count as tied


@dataclass(frozen=True)
class Diagnosis:
    """One of REASONS, a sentence that explains it, and the numbers that support it."""

    reason: str
    sentence: str
    evidence: dict[str, float]

    @property
    def title(self) -> str:
        return REASONS[self.reason]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Evidence:
    """What the rules test: the certificate, the true class where it is known, and the class names. Where
    some votes were drawn again, also their classes after each stage and the share of votes at half the
    noise."""

    certificate: Certificate
    label: int | None
    names: Sequence[str]
    stages: Stages | None = None
    calmer: float | None = None

    @property
    def counts(self) -> Sequence[int]:
        return self.certificate.counts

    @property
    def n(self) -> int:
        return self.certificate.n

    @property
    def candidate(self) -> int:
        """The class that the selection votes chose."""
        return self.certificate.candidate

    @property
    def k(self) -> int:
        """Estimation votes for the candidate."""
        return self.counts[self.candidate]

    @cached_property
    def leader(self) -> int:
        """The class with the most estimation votes."""
        return int(np.argmax(self.counts))

    @cached_property
    def second(self) -> int:
        """The class with the second most estimation votes."""
        others = (label for label in range(len(self.counts)) if label != self.leader)
        return max(others, key=lambda label: self.counts[label])

    @property
    def wanted(self) -> int:
        """The class that the votes should be for: the true class or, where that is not known, the leader."""
        return self.leader if self.label is None else self.label

    @property
    def right(self) -> bool:
        """Whether it is certified, and as the true class where that is known."""
        answer = self.certificate.label
        return answer != ABSTAIN and self.label in (None, answer)

    @cached_property
    def needed(self) -> int | None:
        """About how many votes a new run would need; None where there is no such number."""
        found = self.certificate
        rule = rule_of_a_new_run(self.counts, self.candidate, found.ending, found.config)
        return votes_needed(self.counts, self.candidate, replace(found.config, stopping=rule))

    @property
    def enough_against_the_runner_up(self) -> bool:
        """Whether the two-class bound was used and the candidate leads, so that more votes would certify it
        even below 1/2."""
        return self.certificate.config.bound == "two-class" and self.leader == self.candidate

    @property
    def tie(self) -> float:
        """The p-value of a split at least this uneven between the two leading classes if both were equally
        probable."""
        return sign_test(self.counts[self.leader], self.counts[self.second])

    @property
    def two_have_most(self) -> bool:
        """Whether more than three quarters of the votes are for the two leading classes."""
        return self.counts[self.leader] + self.counts[self.second] > 0.75 * self.n

    @property
    def shares(self) -> dict[str, float]:
        return {
            "p̂ of the selected class": self.k / self.n,
            "p̂ of the runner-up": self.counts[self.second] / self.n,
        }

    @property
    def stage_shares(self) -> dict[str, float]:
        """The numbers to show with a reason: vote shares, and the share of copies that the classifier assigns
        to the wanted class after each stage of a vote."""
        if self.stages is None:
            return self.shares
        titles = {"noisy": "noise", "purified": "purification", "local": "local noise"}
        return self.shares | {
            f"{self.names[self.wanted]} after the stage “{title}”": share
            for stage, title in titles.items()
            if (share := self.stages.share(stage, self.wanted)) is not None
        }

    @cached_property
    def flipped(self) -> tuple[int, float] | None:
        """The most frequent class of the purified copies and its share, where it is not the wanted class
        although the clean picture, or most noisy copies, were classified as that. None otherwise."""
        stages, wanted = self.stages, self.wanted
        if stages is None or stages.purified is None:
            return None
        if stages.clean != wanted and (stages.share("noisy", wanted) or 0) <= 0.5:
            return None
        classes, times = np.unique(stages.purified, return_counts=True)
        most = int(np.argmax(times))
        return None if classes[most] == wanted else (int(classes[most]), float(times[most] / times.sum()))

    @property
    def voted(self) -> float:
        """The share of the sampled votes that are for the wanted class."""
        return (self.stages.share("votes", self.wanted) if self.stages else None) or 0.0


@dataclass(frozen=True)
class Rule:
    """A reason for an abstention: the test whether it applies, its sentence, and the numbers to show."""

    reason: str
    title: str
    applies: Callable[[Evidence], bool]
    sentence: Callable[[Evidence], str]
    numbers: Callable[[Evidence], dict[str, float]] = lambda e: e.shares


def _wrong(e: Evidence) -> str:
    assert e.label is not None
    return (
        f"{e.k:,} of {e.n:,} votes are for {e.names[e.candidate]}, and the picture is a {e.names[e.label]}: "
        "the certificate holds, for a wrong class. It promises that the class stays, not that it is right."
    )


def _selection(e: Evidence) -> str:
    return (
        f"The {sum(e.certificate.counts0):,} selection votes put up {e.names[e.candidate]}; of the "
        f"estimation votes {e.counts[e.leader]:,} of {e.n:,} are for {e.names[e.leader]}. More selection "
        "votes would have chosen it."
    )


def _few(e: Evidence) -> str:
    found = e.certificate
    short = (
        f"that does not show radius {found.config.target_radius:g}"
        if found.config.stopping == "sequential"
        else "the bound of its share is not above that of the runner-up's"
        if found.config.bound == "two-class"
        else f"the bound {math.floor(found.p_a_lower * 1e4) / 1e4:.4f} is not above ½"
    )
    most = "a majority" if 2 * e.k > e.n else "the most"
    outlook = advice(e.counts, e.candidate, found.ending, found.config)
    return f"{e.k:,} of {e.n:,} votes are for {e.names[e.candidate]}, {most}, but {short}: {outlook}"


def _tie(e: Evidence) -> str:
    return (
        f"{e.names[e.leader]} and {e.names[e.second]} share the votes, {e.counts[e.leader]:,} to "
        f"{e.counts[e.second]:,} of {e.n:,}. If both had the same true share, votes at least as uneven would "
        f"come with probability {e.tie:.2g}: which of the two leads is not known, and only many more votes "
        "could tell."
    )


def _is_unknown(e: Evidence) -> bool:
    if e.stages is None or e.label is None or e.stages.clean == e.label:
        return False
    return e.flipped is None and (e.calmer or 0) <= 0.5


def _unknown(e: Evidence) -> str:
    assert e.stages is not None
    assert e.label is not None
    return (
        f"Without any noise the classifier already sees a {e.names[e.stages.clean]}, not a "
        f"{e.names[e.label]}: no setting of the noise gives it back what it does not know."
    )


def _purifier(e: Evidence) -> str:
    assert e.stages is not None
    assert e.flipped is not None
    other, share = e.flipped
    before = "the clean picture is" if e.stages.clean == e.wanted else "noisy ones are"
    return (
        f"After purification {100 * share:.0f} % of the pictures are taken for a {e.names[other]}, though "
        f"{before} taken for a {e.names[e.wanted]}: the diffusion model draws something else."
    )


def _noise(e: Evidence) -> str:
    assert e.calmer is not None
    return (
        f"At half the noise {100 * e.calmer:.0f} % of the votes are for {e.names[e.wanted]}, at σ = "
        f"{e.certificate.config.sigma:g} only {100 * e.voted:.0f} %: the noise hides what the picture shows."
    )


def _scattered(e: Evidence) -> str:
    classes = sum(count > 0.05 * e.n for count in e.counts)
    return (
        f"The votes scatter over {classes} classes, {e.names[e.leader]} leading with "
        f"{e.counts[e.leader]:,} of {e.n:,}: the noisy copies do not show the classifier one thing."
    )


RULES = (  # from the most to the least specific; the first that applies is the diagnosis
    Rule(
        "none",
        "Nothing is wrong",
        lambda e: e.right,
        lambda e: f"{e.names[e.certificate.label]} is certified.",
    ),
    Rule("wrong", "Certified but wrong", lambda e: e.certificate.label != ABSTAIN, _wrong),
    Rule(
        "selection",
        "Selection picked another class",
        lambda e: e.leader != e.candidate and 2 * e.counts[e.leader] > e.n,
        _selection,
    ),
    Rule(
        "few",
        "Too few samples",
        lambda e: 2 * e.k > e.n or (e.enough_against_the_runner_up and e.tie <= TIE),
        _few,
        lambda e: e.shares | {f"votes that certify with probability {POWER:g}": float(e.needed or np.inf)},
    ),
    Rule(
        "tie",
        "Two classes tie",
        lambda e: e.two_have_most and e.tie > TIE,
        _tie,
        lambda e: e.shares | {"p of the tie": e.tie},
    ),
    Rule("unknown", "The network does not know it", _is_unknown, _unknown, lambda e: e.stage_shares),
    Rule(
        "purifier",
        "The purifier changes the subject",
        lambda e: e.flipped is not None and e.flipped[1] > 0.5,
        _purifier,
        lambda e: e.stage_shares,
    ),
    Rule(
        "noise",
        "σ is too large for this picture",
        lambda e: e.stages is not None and e.calmer is not None and e.calmer > 0.5 >= e.voted,
        _noise,
        lambda e: e.stage_shares | {"share at half the noise": e.calmer or 0.0},
    ),
    Rule("scattered", "The votes scatter", lambda e: True, _scattered, lambda e: e.stage_shares),
)
REASONS = {rule.reason: rule.title for rule in RULES}


def explain(
    certificate: Certificate,
    label: int | None,
    stages: Stages | None,
    names: Sequence[str],
    calmer: float | None = None,
) -> Diagnosis:
    """The first of RULES that applies.

    label is the true class where it is known. Without `stages` only the rules that need nothing but the
    vote counts can apply. `calmer` is the share of votes at half the noise that are for the true class
    (for the candidate where that is not known), None where half the noise was not tried.
    """
    evidence = Evidence(certificate, label, names, stages, calmer)
    rule = next(rule for rule in RULES if rule.applies(evidence))
    return Diagnosis(rule.reason, rule.sentence(evidence), rule.numbers(evidence))
