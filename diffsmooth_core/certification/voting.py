"""Votes (Algorithm 4): keyed noise drawn, f asked, the classes of a picture's noisy copies or of many's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from diffsmooth_core.certification.noise import NoiseSource, image_sha256
from diffsmooth_core.classifiers.base import BaseClassifier, Vote
from diffsmooth_core.config import METHODS, SIDES, InputError, SmoothingConfig

Stage = Literal["selection", "estimation", "prediction"]
Picture = npt.NDArray[np.float32]  # (h,w,c), [0,1] units; noisy ones reach beyond


@dataclass(frozen=True)
class Samples:
    """One vote of the latest chunk, for the eye."""

    original: Picture
    noisy: Picture
    purified: Picture | None
    local: tuple[Picture, ...]  # what the classifier saw; empty without local smoothing
    vote: int


def as_picture(x: Tensor) -> Picture:
    """(c,h,w) -> (h,w,c), on the CPU."""
    return x.detach().float().permute(1, 2, 0).cpu().numpy()


@dataclass(frozen=True)
class Ballot:
    """Votes start..stop-1 of a stage for the picture x (c,h,w)."""

    x: Tensor
    stage: Stage
    start: int
    stop: int


def drawn(base: BaseClassifier, ballot: Ballot, config: SmoothingConfig) -> tuple[Tensor, Tensor | None]:
    """The noisy copies (b,c,h,w) of a ballot, and the standard normal noise (b,draws,c,h,w) that f consumes
    beside it; None where f needs none or has a bank of its own."""
    noise = NoiseSource(config.seed, image_sha256(ballot.x), ballot.stage)
    span, shape = (ballot.start, ballot.stop), ballot.x.shape
    if config.noise == "sound":
        x_noisy = noise.noisy(*span, ballot.x, config.sigma)
    else:
        x_noisy = ballot.x + config.sigma * noise.outer(*span, shape)
    if config.noise == "reference" or not base.draws:
        return x_noisy, None
    return x_noisy, noise.local(*span, base.draws, shape)


def leading(confidence: Tensor, sigma: float) -> npt.NDArray[np.int64]:
    """The class that leads each confidence (b,k): (b,), checked and brought to the host in one transfer.
    Raises InputError for NaN or infinity, which argmax would turn into a unanimous vote."""
    finite = torch.isfinite(confidence).all(1)
    classes = torch.where(finite, confidence.argmax(1), -1).cpu().numpy()
    if (classes < 0).any():
        raise InputError(
            f"the networks returned values that are not finite at sigma {sigma:g}; "
            "check their weights or use dtype float32"
        )
    return classes


def _cast(
    base: BaseClassifier, ballots: Sequence[Ballot], config: SmoothingConfig
) -> tuple[npt.NDArray[np.int64], Tensor, Vote]:
    """The classes (b,) of all ballots' votes in one pass of the networks, their noisy copies (b,c,h,w), and
    what happened to these."""
    copies, noises = zip(*(drawn(base, ballot, config) for ballot in ballots), strict=True)
    x_noisy, local = torch.cat(copies), [noise for noise in noises if noise is not None]
    vote = base.trace(x_noisy, torch.cat(local) if local else None, whole=False)
    return leading(vote.confidence, config.sigma), x_noisy, vote


def pooled(
    base: BaseClassifier, ballots: Sequence[Ballot], config: SmoothingConfig
) -> list[npt.NDArray[np.int64]]:
    """Algorithm 4 for several pictures in one pass of the networks, so that a device is full even where
    each picture wants few votes: the classes of each ballot."""
    ends = np.cumsum([ballot.stop - ballot.start for ballot in ballots])
    return np.split(_cast(base, ballots, config)[0], ends[:-1])


def votes(
    base: BaseClassifier, x: Tensor, config: SmoothingConfig, stage: Stage, start: int, stop: int
) -> tuple[npt.NDArray[np.int64], Samples]:
    """Algorithm 4 for votes start..stop-1 of a stage: their classes (stop-start,), and the last one's
    pictures."""
    classes, x_noisy, vote = _cast(base, [Ballot(x, stage, start, stop)], config)
    return classes, Samples(
        original=as_picture(x),
        noisy=as_picture(x_noisy[-1]),
        purified=None if vote.purified is None else as_picture(vote.purified[-1]),
        local=() if vote.local is None else tuple(as_picture(copy) for copy in vote.local[-1].cpu()),
        vote=int(classes[-1]),
    )


def every_vote(
    base: BaseClassifier, x: Tensor, config: SmoothingConfig, stage: Stage, n: int, batch: int | None = None
) -> npt.NDArray[np.int64]:
    """The classes (n,) of a stage's votes 0..n-1, cast `batch` at a time, by default as many as are worth
    casting together."""
    batch = batch or base.chunk
    ballots = (Ballot(x, stage, start, min(start + batch, n)) for start in range(0, n, batch))
    chunks = (classes for ballot in ballots for classes in pooled(base, [ballot], config))
    return np.concatenate([np.empty(0, np.int64), *chunks])


def check(base: BaseClassifier, x: Tensor, config: SmoothingConfig, batch: int) -> None:
    """Raise InputError unless x is one float32 picture (3,h,w) in [0,1] of the data set's size and
    `base` is what `config` describes: a certificate must not claim another setting's votes."""
    if batch < 1:
        raise InputError(f"batch must be 1 or above, got {batch}")
    side = SIDES.get(config.dataset, x.shape[-1])  # one's own data set: any square
    if tuple(x.shape) != (shape := (3, side, side)):
        raise InputError(f"a picture for {config.dataset} has the shape {shape}, got {tuple(x.shape)}")
    if x.dtype != torch.float32:
        raise InputError(f"a picture is float32 in [0,1], got {x.dtype}; convert it and divide by 255")
    if not torch.isfinite(x).all():
        raise InputError("a picture's values lie in [0,1], got NaN or infinite ones; check its source")
    if x.min() < 0 or x.max() > 1:
        raise InputError(
            f"a picture's values lie in [0,1], got {float(x.min()):g} to {float(x.max()):g}; divide by 255"
        )
    method = METHODS[config.method]
    built = {"sigma": base.sigma, "purification": base.denoiser is not None, "m": base.m}
    asked = {
        "sigma": config.sigma,
        "purification": method.purifies,
        "m": config.m if method.smooths_locally else 0,
    }
    if method.smooths_locally:
        built["sigma_local"], asked["sigma_local"] = base.sigma_local, config.sigma_local
    if method.purification == "reverse":
        built |= {"purifications": base.purifications, "reverse_steps": base.reverse_steps}
        asked |= {"purifications": config.purifications, "reverse_steps": config.reverse_steps}
    for name, value in asked.items():
        if built[name] != value:
            raise InputError(
                f"the base classifier was built with {name} {built[name]}, the configuration says {value}; "
                "build it again with build_base"
            )
