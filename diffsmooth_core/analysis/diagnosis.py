"""Why a picture is not certified: which stage flips its votes, and what would rescue it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.stream import certify
from diffsmooth_core.certification.voting import Ballot, Picture, as_picture, drawn, every_vote
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.config import ABSTAIN, METHODS, InputError, SmoothingConfig
from diffsmooth_core.statistics import bonferroni_alpha, sign_test, votes_to_certify

SAMPLE = 48  # votes that are taken apart
TIE = 0.01  # p-value above which two classes' votes are not told apart
REASONS = {
    "none": "Nothing is wrong",
    "wrong": "Wrong but sure",
    "selection": "Selection picked another class",
    "few": "Too few samples",
    "tie": "Two classes tie",
    "unknown": "The network does not know it",
    "purifier": "The purifier changes the subject",
    "noise": "σ is too large for this picture",
    "scattered": "The votes scatter",
}


@dataclass(frozen=True)
class Stages:
    """Of a sample of votes, the classes after each stage, and the pictures behind them.

    clean: class of the picture without noise; noisy, purified and local: class of each copy (votes,)
    before purification, after it, and of each local copy (votes, m); votes: what was counted (votes,). None
    where the method has no such stage.
    """

    clean: int
    noisy: npt.NDArray[np.int64]
    purified: npt.NDArray[np.int64] | None
    local: npt.NDArray[np.int64] | None
    votes: npt.NDArray[np.int64]
    noisy_pictures: tuple[Picture, ...]
    purified_pictures: tuple[Picture, ...]

    def share(self, stage: str, label: int) -> float | None:
        """How often a stage gives this class."""
        classes = getattr(self, stage)
        return None if classes is None else float(np.mean(np.asarray(classes) == label))


@dataclass(frozen=True)
class Diagnosis:
    """One of REASONS, in a sentence, with the numbers that it rests on."""

    reason: str
    sentence: str
    evidence: dict[str, float]

    @property
    def title(self) -> str:
        return REASONS[self.reason]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@torch.inference_mode()
def take_apart(base: BaseClassifier, x: Tensor, config: SmoothingConfig, votes: int = SAMPLE) -> Stages:
    """Draw the first estimation votes of a run again and classify the picture at each stage."""
    stop = min(votes, config.n)
    x_noisy, local = drawn(base, Ballot(x, "estimation", 0, stop), config)
    parts = [
        base.trace(x_noisy[at : at + base.chunk], None if local is None else local[at : at + base.chunk])
        for at in range(0, stop, base.chunk)
    ]
    purified = torch.cat([p.purified for p in parts if p.purified is not None]) if base.denoiser else None
    copies = [p.local for p in parts if p.local is not None]
    seen = torch.cat(copies) if copies else None
    return Stages(
        clean=int(_classes(base, x[None])[0]),
        noisy=_classes(base, x_noisy),
        purified=None if purified is None else _classes(base, purified),
        local=None if seen is None else _classes(base, seen.flatten(0, 1)).reshape(seen.shape[:2]),
        votes=torch.cat([p.confidence for p in parts]).argmax(1).cpu().numpy(),
        noisy_pictures=tuple(as_picture(p) for p in x_noisy),
        purified_pictures=() if purified is None else tuple(as_picture(p) for p in purified),
    )


def _classes(base: BaseClassifier, x: Tensor) -> npt.NDArray[np.int64]:
    with torch.autocast(base.device.type, torch.bfloat16, enabled=base.dtype == torch.bfloat16):
        found = [base.classifier(part.to(base.device)).float().argmax(1).cpu() for part in x.split(64)]
    return torch.cat(found).numpy()


def explain(
    certificate: Certificate,
    label: int | None,
    stages: Stages | None,
    names: Sequence[str],
    calmer: float | None = None,
) -> Diagnosis:
    """The first of REASONS that the evidence supports, from the surest to the vaguest.

    label is the true class where it is known. Without `stages` only what follows from the counts is said;
    `calmer` is the share of that class (or of the candidate) at half the noise, where it was tried.
    """
    counts, n = certificate.counts, certificate.n
    candidate, leader = certificate.candidate, int(np.argmax(counts))
    second = max((c for c in range(len(counts)) if c != leader), key=lambda c: counts[c])
    k, wanted = counts[candidate], leader if label is None else label
    shares = {"p̂ of the selected class": k / n, "p̂ of the runner-up": counts[second] / n}
    if certificate.label != ABSTAIN:
        if label is None or certificate.label == label:
            return Diagnosis("none", f"{names[certificate.label]} is certified.", shares)
        said = (
            f"{k:,} of {n:,} votes are for {names[candidate]}, and the picture is a {names[label]}: the "
            "answer is certain and wrong. More votes make it more certain."
        )
        return Diagnosis("wrong", said, shares)
    if leader != candidate and 2 * counts[leader] > n:
        said = (
            f"The {sum(certificate.counts0):,} selection votes put up {names[candidate]}; of the estimation "
            f"votes {counts[leader]:,} of {n:,} are for {names[leader]}. More selection votes would have "
            "chosen it."
        )
        return Diagnosis("selection", said, shares)
    if 2 * k > n:
        needed = votes_to_certify(k / n, certificate.config.alpha)
        decides = (
            f"about {needed:,} votes would decide it if that share held"
            if needed
            else "no number of votes up to ten million would decide it at that share"
        )
        said = (
            f"{k:,} of {n:,} votes are for {names[candidate]}, a majority, but the bound "
            f"{certificate.p_a_lower:.4f} stays at or below ½: {decides}."
        )
        return Diagnosis("few", said, shares | {"votes that would decide": float(needed or np.inf)})
    top = counts[leader] + counts[second]
    tie = sign_test(counts[leader], counts[second])
    if top > 0.75 * n and tie > TIE:
        said = (
            f"{names[leader]} and {names[second]} share the votes, {counts[leader]:,} to {counts[second]:,} "
            f"of {n:,}: a difference that chance makes (p = {tie:.2g}). More votes do not help."
        )
        return Diagnosis("tie", said, shares | {"p of the tie": tie})
    if stages is None:
        return _scattered(counts, n, names, leader, shares)
    evidence = shares | {
        f"{names[wanted]} after the stage “{title}”": share
        for stage, title in (("noisy", "noise"), ("purified", "purification"), ("local", "local noise"))
        if (share := stages.share(stage, wanted)) is not None
    }
    voted, flipped = stages.share("votes", wanted) or 0.0, _flipped(stages, wanted)
    if label is not None and stages.clean != label and flipped is None and (calmer or 0) <= 0.5:
        said = (
            f"Without any noise the classifier already sees a {names[stages.clean]}, not a {names[label]}: "
            "no setting of the noise gives it back what it does not know."
        )
        return Diagnosis("unknown", said, evidence)
    if flipped is not None and flipped[1] > 0.5:
        before = "the clean picture is" if stages.clean == wanted else "noisy ones are"
        said = (
            f"After purification {100 * flipped[1]:.0f} % of the pictures are taken for a "
            f"{names[flipped[0]]}, though {before} taken for a {names[wanted]}: "
            "the diffusion model draws something else."
        )
        return Diagnosis("purifier", said, evidence)
    if calmer is not None and calmer > 0.5 >= voted:
        said = (
            f"At half the noise {100 * calmer:.0f} % of the votes are for {names[wanted]}, at σ = "
            f"{certificate.config.sigma:g} only {100 * voted:.0f} %: the noise hides what the picture shows."
        )
        return Diagnosis("noise", said, evidence | {"share at half the noise": calmer})
    return _scattered(counts, n, names, leader, evidence)


def _flipped(stages: Stages, wanted: int) -> tuple[int, float] | None:
    """The class that purified pictures agree on, with its share, where they were of another one before."""
    if stages.purified is None or not (stages.clean == wanted or (stages.share("noisy", wanted) or 0) > 0.5):
        return None
    classes, times = np.unique(stages.purified, return_counts=True)
    most = int(np.argmax(times))
    return None if classes[most] == wanted else (int(classes[most]), float(times[most] / times.sum()))


def _scattered(
    counts: Sequence[int], n: int, names: Sequence[str], leader: int, evidence: dict[str, float]
) -> Diagnosis:
    some = sum(count > 0.05 * n for count in counts)
    said = (
        f"The votes scatter over {some} classes, {names[leader]} leading with {counts[leader]:,} of {n:,}: "
        "the noisy copies do not show the classifier one thing."
    )
    return Diagnosis("scattered", said, evidence)


def calmer_share(
    build: Any, x: Tensor, config: SmoothingConfig, wanted: int, votes: int = SAMPLE
) -> float | None:
    """The share of votes for a class at half the noise; None where the method cannot work there."""
    try:
        calm = replace(config, sigma=config.sigma / 2, sigma_local=min(config.sigma_local, config.sigma / 2))
        classes = every_vote(build(calm), x, calm, "estimation", votes)
    except InputError:
        return None
    return float(np.mean(classes == wanted))


@dataclass(frozen=True)
class Rescue:
    """What another setting makes of the picture, at alpha over the number of settings tried."""

    change: str
    config: SmoothingConfig
    label: int
    radius: float
    p_hat: float
    cost: int  # evaluations of the classifier


def options(config: SmoothingConfig, classifiers: Sequence[str], n: int) -> dict[str, SmoothingConfig]:
    """The settings that a rescue tries, by what they change."""
    method = METHODS[config.method]
    base = replace(config, n=n, n0=min(config.n0, 50), stopping="fixed", bound="one-class")
    tried = {"as it is": base, "half the noise σ": replace(base, sigma=config.sigma / 2)}
    tried["three quarters of σ"] = replace(base, sigma=0.75 * config.sigma)
    if method.smooths_locally:
        tried[f"σ′ = {config.sigma_local + 0.05:g}"] = replace(base, sigma_local=config.sigma_local + 0.05)
        if config.sigma_local >= 0.1:
            tried[f"σ′ = {config.sigma_local - 0.05:g}"] = replace(
                base, sigma_local=config.sigma_local - 0.05
            )
        tried[f"m = {2 * config.m + 1}"] = replace(base, m=2 * config.m + 1)
    tried |= {f"classifier {name}": replace(base, classifier=name) for name in classifiers}
    tried[f"four times the votes, n = {4 * n:,}"] = replace(base, n=4 * n)
    return tried


def rescue(build: Any, x: Tensor, tried: dict[str, SmoothingConfig]) -> Iterator[Rescue]:
    """Certify under each setting on the same seed, each at alpha over their number: so the best of
    them, picked afterwards, holds with probability 1 - alpha. `build` makes a base classifier of a
    configuration."""
    for change, setting in tried.items():
        try:
            config = replace(setting, alpha=bonferroni_alpha(setting.alpha, len(tried)))
            base = build(config)
            found = certify(base, x, config)
        except InputError:
            continue
        passes = (config.n0 + config.n) * max(1, base.m or base.purifications)
        yield Rescue(change, config, found.label, found.radius, found.p_hat, passes)
