"""CERTIFY (Algorithm 5) as a generator that turns votes into a certificate step by step.

The web page, the command line and batch runs all use it.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import scipy
import torch
from torch import Tensor

from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.decision import (
    NOTHING,
    Decision,
    check_reachable,
    decide,
    level,
    next_look,
    predicted,
    selected,
)
from diffsmooth_core.certification.noise import image_sha256
from diffsmooth_core.certification.voting import Classes, Samples, Stage, check, first_votes, votes
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.batching import halve_batch
from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.statistics import anytime_lower, clopper_pearson_lower
from diffsmooth_core.version import __version__

Point = tuple[int, float, float, float]  # n, share, Clopper-Pearson bound, anytime bound
Counts = npt.NDArray[np.int64]  # (k,): votes for each class


@dataclass(frozen=True)
class Progress:
    """An immutable snapshot after a step of votes.

    n_done and n_total are votes of the current stage; p_hat is the candidate's share of them. p_a_lower and
    radius (L2, [0,1] pixel units) come from the bound of the stopping rule. With "target" and "decided" they
    are valid at any moment; otherwise they are `provisional` until the run has ended. `clopper_pearson` and
    `anytime` are for plots under every rule: the bound that would be valid had n been fixed at n_done, and
    the bound that is valid at all n simultaneously.
    """

    stage: Stage
    n_done: int
    n_total: int
    counts0: tuple[int, ...]
    counts: tuple[int, ...]
    candidate: int
    p_hat: float
    p_a_lower: float
    provisional: bool
    radius: float
    clopper_pearson: float
    anytime: float
    votes_per_second: float
    samples: Samples
    certificate: Certificate | None = None
    classes: tuple[int, ...] = ()  # the classes of this step's votes, in order

    @property
    def point(self) -> Point | None:
        """The values for a plot of the bounds over the votes; None during selection."""
        if self.stage == "selection":
            return None
        return self.n_done, self.p_hat, self.clopper_pearson, self.anytime

    @property
    def finished(self) -> bool:
        return self.certificate is not None


def versions() -> dict[str, str]:
    return {
        "diffsmooth": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }


def _tuple(counts: npt.NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(map(int, counts))


def add_votes(
    counts: Counts, classes: Classes, counts0: Sequence[int], config: SmoothingConfig
) -> tuple[Counts, Decision]:
    """Add votes (in their order) to the estimation counts (k,), and decide what the new counts imply.

    Votes after the look at which the run ends are not counted, so that it ends at the same vote for any batch
    size.
    """
    before = int(counts.sum())
    after = before + len(classes)
    look = next_look(before, config)
    while True:
        stop = min(look, after)
        summed = counts + np.bincount(classes[: stop - before], minlength=len(counts))
        decision = decide(counts0, _tuple(summed), config)
        if stop < look:
            return summed, replace(decision, ending=None)
        if decision.ending or stop == after:
            return summed, decision
        look = next_look(look, config)


def build_certificate(
    base: BaseClassifier,
    x: Tensor,
    config: SmoothingConfig,
    counts0: Counts,
    counts: Counts,
    decision: Decision,
    source: str,
    batch: int,
    seconds: float,
) -> Certificate:
    """The certificate of a finished run, from its counts (k,) and the decision that `decide` returned for
    them."""
    assert decision.ending is not None
    return Certificate(
        label=decision.label,
        radius=decision.radius,
        p_a_lower=decision.p_a_lower,
        p_b_upper=decision.p_b_upper,
        ending=decision.ending,
        counts0=_tuple(counts0),
        counts=_tuple(counts),
        config=config,
        image_sha256=image_sha256(x),
        source=source,
        weights=base.weights,
        device=str(base.device),
        dtype=str(base.dtype).removeprefix("torch."),
        execution=str(base.execution),
        block=base.purifier_batch,
        batch=batch,
        versions=versions(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(seconds, 3),
    )


def certify_stream(
    base: BaseClassifier,
    x: Tensor,
    config: SmoothingConfig,
    *,
    batch: int | None = None,
    resume: Progress | None = None,
    source: str = "",
) -> Iterator[Progress]:
    """CERTIFY (Algorithm 5), yielding after every step of votes; closing the generator cancels.

    x is one picture, float32 (c,h,w) in [0,1]. n0 selection votes choose the candidate class; n fresh
    estimation votes, or fewer where the stopping rule allows, bound its probability. The last Progress
    carries the Certificate.

    `batch` is the number of votes per step; the default is base.votes_per_step, after a smaller first step
    that shows a first result early. `resume` continues after an earlier Progress of the same base, image and
    config; the votes are those of an uninterrupted run. `source` says where the image came from and is only
    recorded. Raises InputError for an invalid image, a target that cannot be reached, or a base that was
    built for another setting.
    """
    first, batch = batch or base.purifier_batch, base.votes_per_step if batch is None else batch
    check(base, x, config, batch)
    check_reachable(config)
    k = base.classifier.classes
    counts0 = np.zeros(k, np.int64) if resume is None else np.array(resume.counts0, np.int64)
    counts = np.zeros(k, np.int64) if resume is None else np.array(resume.counts, np.int64)
    began = time.monotonic()
    cast, decision = 0, NOTHING
    while decision.ending is None:
        stage: Stage = "selection" if counts0.sum() < config.n0 else "estimation"
        tally, total = (counts0, config.n0) if stage == "selection" else (counts, config.n)
        start = int(tally.sum())
        try:
            stop = min(start + (batch if cast else first), total)
            classes, samples = votes(base, x, config, stage, start, stop)
        except RuntimeError as error:
            base = halve_batch(base, error)
            counts0, counts, cast, decision = np.zeros(k, np.int64), np.zeros(k, np.int64), 0, NOTHING
            continue
        if stage == "selection":
            tally = counts0 = counts0 + np.bincount(classes, minlength=k)
        else:
            tally, decision = add_votes(counts, classes, _tuple(counts0), config)
            counts = tally
        cast += len(classes)
        seconds = time.monotonic() - began
        certificate = None
        if decision.ending is not None:
            certificate = build_certificate(
                base, x, config, counts0, counts, decision, source, batch, seconds
            )
        yield build_progress(
            config,
            stage,
            counts0,
            counts,
            decision,
            cast / seconds,
            samples,
            certificate,
            _tuple(classes[: int(tally.sum()) - start]),
        )


def build_progress(
    config: SmoothingConfig,
    stage: Stage,
    counts0: Counts,
    counts: Counts,
    decision: Decision,
    votes_per_second: float,
    samples: Samples,
    certificate: Certificate | None,
    classes: Sequence[int] = (),
) -> Progress:
    """The Progress for these selection (counts0) and estimation counts, each (k,)."""
    tally, total = (counts0, config.n0) if stage == "selection" else (counts, config.n)
    n_done, candidate = int(tally.sum()), selected(_tuple(counts0))
    agreeing, estimated = int(tally[candidate]), stage == "estimation"
    return Progress(
        stage=stage,
        n_done=n_done,
        n_total=total,
        counts0=_tuple(counts0),
        counts=_tuple(counts),
        candidate=candidate,
        p_hat=agreeing / n_done,
        p_a_lower=decision.p_a_lower,
        radius=decision.radius,
        provisional=certificate is None and config.stopping in ("fixed", "adaptive"),
        clopper_pearson=clopper_pearson_lower(agreeing, n_done, level(config)) if estimated else 0.0,
        anytime=anytime_lower(agreeing, n_done, config.alpha) if estimated else 0.0,
        votes_per_second=votes_per_second,
        samples=samples,
        certificate=certificate,
        classes=tuple(map(int, classes)),
    )


def certify(
    base: BaseClassifier, x: Tensor, config: SmoothingConfig, *, batch: int | None = None, source: str = ""
) -> Certificate:
    """Run `certify_stream` to its end and return the certificate; same arguments and errors."""
    for progress in certify_stream(base, x, config, batch=batch, source=source):
        if progress.certificate is not None:
            return progress.certificate
    raise AssertionError("certify_stream ended without a certificate")


def predict(base: BaseClassifier, x: Tensor, config: SmoothingConfig, *, batch: int | None = None) -> int:
    """PREDICT (Cohen et al. 2019): the smoothed classifier's class from n votes, or ABSTAIN.

    x is float32 (c,h,w) in [0,1]. Abstains where a two-sided binomial test at level alpha does not separate
    the two leading classes. Raises InputError for an invalid image or a base that was built for another
    setting.
    """
    batch = base.votes_per_step if batch is None else batch
    check(base, x, config, batch)
    classes = first_votes(base, x, config, "prediction", config.n, batch)
    counts = np.bincount(classes, minlength=base.classifier.classes)
    return predicted(_tuple(counts), config.alpha)
