"""CERTIFY (Algorithm 5) as a generator that turns votes into a certificate step by step.

The web page, the command line and batch runs all use it.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
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
    next_look,
    predicted,
)
from diffsmooth_core.certification.noise import image_sha256
from diffsmooth_core.certification.progress import Counts, Progress, Stage, build_progress
from diffsmooth_core.certification.voting import Classes, check, first_votes, votes
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.batching import halve_batch
from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.version import __version__


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
