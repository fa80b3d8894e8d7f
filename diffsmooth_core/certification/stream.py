"""CERTIFY (Algorithm 5) as a generator that turns votes into a certificate step by step.

The web page, the command line and batch runs all use it.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import scipy
import torch
from torch import Tensor

from diffsmooth_core.certification.ballots import Ballots, Classes
from diffsmooth_core.certification.certificate import Certificate, Counted
from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.certification.decision import (
    NOTHING,
    Decision,
    check_reachable,
    decide,
    next_look,
    selected,
)
from diffsmooth_core.certification.hardware import hardware
from diffsmooth_core.certification.noise import image_sha256
from diffsmooth_core.certification.progress import Progress, build_progress
from diffsmooth_core.certification.voting import (
    Image,
    VoteRange,
    checked,
    commitment_of,
    votes_with_dissenters,
)
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.batching import halve_batch
from diffsmooth_core.config import METHODS, InputError, SmoothingConfig
from diffsmooth_core.plugins import plugin_versions
from diffsmooth_core.version import __version__


def versions() -> dict[str, str]:
    return {
        "diffsmooth": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }


def brought(config: SmoothingConfig) -> dict[str, str]:
    """The plug-ins that these settings use, with the packages and versions behind them."""
    method = METHODS[config.method]
    return plugin_versions(
        {
            "methods": (config.method,),
            "purifiers": (method.purifier,),
            "stopping": (config.stopping,),
            "datasets": (config.dataset,),
            "networks": (config.classifier, *([config.denoiser] if method.purifies else [])),
        }
    )


def add_votes(
    ballots: Ballots, classes: Classes, counts0: Sequence[int], config: SmoothingConfig
) -> tuple[Ballots, Decision]:
    """Add votes (in their order) to those of the estimation, and decide what they imply.

    Votes after the look at which the run ends are not counted, so that it ends at the same vote for any batch
    size.
    """
    before = ballots.total
    after = before + len(classes)
    look = next_look(before, config)
    while True:
        stop = min(look, after)
        counted = ballots.plus(classes[: stop - before])
        decision = decide(counts0, counted.tally, config)
        if stop < look:
            return counted, replace(decision, ending=None)
        if decision.ending or stop == after:
            return counted, decision
        look = next_look(look, config)


def build_certificate(
    base: BaseClassifier,
    x: Tensor,
    config: SmoothingConfig,
    selection: Ballots,
    estimation: Ballots,
    tied_to: Commitment,
    *,
    source: str,
    batch: int,
    seconds: float,
    kind: dict[str, str] | None = None,
) -> Certificate:
    """The certificate of a finished run, from all its votes and what their noise was tied to. `kind` is the
    kind of device that cast them (`hardware`), where it was not this machine's."""
    return Certificate.of_votes(
        selection,
        estimation,
        config,
        image_sha256=image_sha256(x),
        source=source,
        weights=base.weights,
        device=str(base.device),
        dtype=str(base.dtype).removeprefix("torch."),
        execution=str(base.execution),
        block=base.purifier_batch,
        batch=batch,
        versions=versions() | brought(config),
        seconds=round(seconds, 3),
        commitment=tied_to.hash,
        nonce=tied_to.nonce,
        members=tied_to.members,
        hardware=kind or hardware(base.device),
    )


def certify_stream(
    base: BaseClassifier,
    x: Image,
    config: SmoothingConfig,
    *,
    batch: int | None = None,
    resume: Progress | None = None,
    source: str = "",
    tied_to: Commitment | None = None,
) -> Iterator[Progress]:
    """CERTIFY (Algorithm 5), yielding after every step of votes; closing the generator cancels.

    x is one picture, float32 (c,h,w) in [0,1]. n0 selection votes choose the candidate class; n fresh
    estimation votes, or fewer where the stopping rule allows, bound its probability. The last Progress
    carries the Certificate.

    `batch` is the number of votes per step; the default is base.votes_per_step, after a smaller first step
    that shows a first result early. `resume` continues after an earlier Progress of the same base, image and
    config; the votes are those of an uninterrupted run. `source` says where the image came from and is only
    recorded. `tied_to` is what the noise is tied to: a group's commitment, or one with a verifier's nonce; by
    default the run's own. Where memory runs out, counting starts again with half as many copies at a time,
    under a commitment of its own; where `tied_to` promised their number, it ends (see `broken_promise`).
    Raises InputError for an invalid image, a target that cannot be reached, or a base that was built for
    another setting.
    """
    x = checked(base, x, config, 1 if batch is None else batch)
    check_reachable(config)
    while True:
        under = tied_to or commitment_of(base, x, config)
        try:
            yield from _counted(base, x, config, under, batch, resume, source)
            return
        except RuntimeError as error:
            if tied_to is not None:
                raise broken_promise(base, tied_to, error) from None
            base, resume = halve_batch(base, error), None


def _counted(
    base: BaseClassifier,
    x: Tensor,
    config: SmoothingConfig,
    tied_to: Commitment,
    batch: int | None,
    resume: Progress | None,
    source: str,
) -> Iterator[Progress]:
    """Cast and count votes under one commitment until the stopping rule ends the run. A run to resume that
    was under another one is begun anew: none of its votes would be this run's."""
    first, batch = batch or base.purifier_batch, base.votes_per_step if batch is None else batch
    selection = estimation = Ballots.none(base.classifier.classes)
    if resume is not None and resume.tied_to == tied_to:
        selection, estimation = resume.selection, resume.estimation
    began = time.monotonic()
    cast, decision = 0, NOTHING
    while decision.ending is None:
        stage: Counted = "selection" if selection.total < config.n0 else "estimation"
        done, total = (selection, config.n0) if stage == "selection" else (estimation, config.n)
        stop = min(done.total + (batch if cast else first), total)
        wanted = VoteRange(x, stage, done.total, stop, tied_to)
        candidate = selected(selection.tally) if stage == "estimation" else None
        classes, samples, dissenting = votes_with_dissenters(base, wanted, config, candidate)
        if stage == "selection":
            selection = selection.plus(classes)
        else:
            estimation, decision = add_votes(estimation, classes, selection.tally, config)
        cast += len(classes)
        seconds, certificate = time.monotonic() - began, None
        if decision.ending is not None:
            certificate = build_certificate(
                base, x, config, selection, estimation, tied_to, source=source, batch=batch, seconds=seconds
            )
        pace = cast / seconds
        counted = selection if stage == "selection" else estimation
        yield build_progress(
            config,
            tied_to,
            stage,
            selection,
            estimation,
            decision,
            pace,
            samples,
            certificate,
            tuple(one for one in dissenting if one.index < counted.total),
        )


def broken_promise(base: BaseClassifier, tied_to: Commitment, error: RuntimeError) -> Exception:
    """What to raise where memory runs out under a commitment, which promised how many copies the networks
    take at a time: an InputError under a challenge, as this run may not start again as another; otherwise
    `error`, for whoever formed the group and can form a new one. Raises `error` itself where it is of another
    kind."""
    halve_batch(base, error)
    if not tied_to.nonce:
        return error
    return InputError(
        f"there is not enough memory on {base.device} for the {base.purifier_batch} copies at a time that "
        "this run committed to; free some, or commit to a smaller network and ask for another challenge"
    )


def certify(
    base: BaseClassifier,
    x: Image,
    config: SmoothingConfig,
    *,
    batch: int | None = None,
    source: str = "",
    tied_to: Commitment | None = None,
) -> Certificate:
    """Run `certify_stream` to its end and return the certificate; same arguments and errors."""
    for progress in certify_stream(base, x, config, batch=batch, source=source, tied_to=tied_to):
        if progress.certificate is not None:
            return progress.certificate
    raise AssertionError("certify_stream ended without a certificate")
