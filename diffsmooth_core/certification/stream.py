"""The one generator behind page, command line and batch: votes into a certificate (Algorithm 5)."""

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
from diffsmooth_core.certification.voting import Samples, Stage, check, every_vote, votes
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.statistics import anytime_lower, clopper_pearson_lower
from diffsmooth_core.version import __version__

Point = tuple[int, float, float, float]  # n, share, Clopper-Pearson bound, anytime bound


@dataclass(frozen=True)
class Progress:
    """A frozen snapshot after a chunk of votes.

    p_hat is the candidate's share of the current stage's votes. p_a_lower and radius come from the bound of
    the stopping rule: with "target" and "decided" they hold at this moment, otherwise they are `provisional`
    until the run has ended. For the eye, whatever the rule: `clopper_pearson` is the bound of a run that
    ends here as planned, `anytime` the one that holds while one looks.
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
    classes: tuple[int, ...] = ()  # of the chunk's votes, the last of the n_done

    @property
    def point(self) -> Point | None:
        """For the plot of bounds over votes: None while the class is being selected."""
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


def counted(
    tally: npt.NDArray[np.int64],
    classes: npt.NDArray[np.int64],
    counts0: Sequence[int],
    config: SmoothingConfig,
) -> tuple[npt.NDArray[np.int64], Decision]:
    """The estimation counts with these votes added, up to the look that ends the run, and what follows."""
    done = int(tally.sum())
    end = done + len(classes)
    look = next_look(done, config)
    while True:
        stop = min(look, end)
        counts = tally + np.bincount(classes[: stop - done], minlength=len(tally))
        found = decide(counts0, _tuple(counts), config)
        if stop < look:
            return counts, replace(found, ending=None)
        if found.ending or stop == end:
            return counts, found
        look = next_look(look, config)


def issue(
    base: BaseClassifier,
    x: Tensor,
    config: SmoothingConfig,
    counts0: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    decision: Decision,
    source: str,
    batch: int,
    seconds: float,
) -> Certificate:
    """The certificate of a run that has ended."""
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
        block=base.block,
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
    """CERTIFY (Algorithm 5), yielding after every chunk of votes; closing the generator cancels.

    x is one picture, float32 (c,h,w) in [0,1]. n0 selection votes choose the candidate class, n
    fresh estimation votes, or fewer where the stopping rule allows, bound its probability. `batch` is the
    number of votes a chunk, by default that of `base.chunk` after a first one of a block, so that there is
    soon something to see; `resume` continues after an earlier
    Progress of the same base, picture and config, with the same votes as an undisturbed run; `source` says
    where the picture came from and is only recorded. The last Progress carries the Certificate. Raises
    InputError for a bad picture, a target out of reach, or a base that was built for another setting.
    """
    first, batch = batch or base.block, base.chunk if batch is None else batch
    check(base, x, config, batch)
    check_reachable(config)
    k = base.classifier.classes
    counts0 = np.zeros(k, np.int64) if resume is None else np.array(resume.counts0, np.int64)
    counts = np.zeros(k, np.int64) if resume is None else np.array(resume.counts, np.int64)
    began = time.monotonic()
    done_now, decision = 0, NOTHING
    while decision.ending is None:
        stage: Stage = "selection" if counts0.sum() < config.n0 else "estimation"
        tally, total = (counts0, config.n0) if stage == "selection" else (counts, config.n)
        start = int(tally.sum())
        try:
            stop = min(start + (batch if done_now else first), total)
            classes, samples = votes(base, x, config, stage, start, stop)
        except RuntimeError as error:
            base = smaller(base, error)
            counts0, counts, done_now, decision = np.zeros(k, np.int64), np.zeros(k, np.int64), 0, NOTHING
            continue
        if stage == "selection":
            counts0 = counts0 + np.bincount(classes, minlength=k)
        else:
            counts, decision = counted(counts, classes, _tuple(counts0), config)
        done_now += len(classes)
        seconds = time.monotonic() - began
        certificate = None
        if decision.ending is not None:
            certificate = issue(base, x, config, counts0, counts, decision, source, batch, seconds)
        yield snapshot(
            config,
            stage,
            counts0,
            counts,
            decision,
            done_now / seconds,
            samples,
            certificate,
            _tuple(classes[: int((counts0 if stage == "selection" else counts).sum()) - start]),
        )


def smaller(base: BaseClassifier, error: RuntimeError) -> BaseClassifier:
    """The base with half the copies at a time, after it ran out of memory; counting has to start again, as
    all votes of a certificate come from one shape. Raises the error if it is another one, and InputError
    where there is nothing left to halve."""
    if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
        raise error
    if base.block == 1:
        raise InputError(
            f"there is not enough memory on {base.device} for one copy at a time; free some, or choose a "
            "smaller network"
        ) from None
    if base.device.type == "cuda":
        torch.cuda.empty_cache()
    return base.halved


def snapshot(
    config: SmoothingConfig,
    stage: Stage,
    counts0: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    decision: Decision,
    votes_per_second: float,
    samples: Samples,
    certificate: Certificate | None,
    classes: Sequence[int] = (),
) -> Progress:
    """The Progress that these counts amount to."""
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
    """Run certify_stream to its end."""
    for progress in certify_stream(base, x, config, batch=batch, source=source):
        if progress.certificate is not None:
            return progress.certificate
    raise AssertionError("certify_stream ended without a certificate")


def predict(base: BaseClassifier, x: Tensor, config: SmoothingConfig, *, batch: int | None = None) -> int:
    """PREDICT (Cohen et al. 2019): the smoothed classifier's class from n votes, or ABSTAIN.

    Abstains where a two-sided binomial test cannot tell the two leading classes apart at alpha.
    """
    batch = base.chunk if batch is None else batch
    check(base, x, config, batch)
    classes = every_vote(base, x, config, "prediction", config.n, batch)
    counts = np.bincount(classes, minlength=base.classifier.classes)
    return predicted(_tuple(counts), config.alpha)
