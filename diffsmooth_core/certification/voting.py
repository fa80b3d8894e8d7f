"""Votes (Algorithm 4): draw the noise of each vote, and classify the noisy copies with f."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from diffsmooth_core.certification import blocks
from diffsmooth_core.certification.ballots import Classes
from diffsmooth_core.certification.blocks import Seen, leading, noisy_copies
from diffsmooth_core.certification.commitment import Commitment, SeedAlone, Tie, own_commitment
from diffsmooth_core.certification.noise import Drawn, NoiseKey, NoiseSource, image_sha256, on_grid
from diffsmooth_core.certification.noise_on_device import Rows
from diffsmooth_core.certification.noise_v2 import NoiseSourceV2
from diffsmooth_core.certification.progress import Pixels, Samples, Stage
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.config import SIDES, InputError, SmoothingConfig

Image = Tensor | npt.NDArray[Any]  # one picture (c,h,w), float32 in [0,1]
DISSENTERS = 2  # votes for other classes whose images are shown of each step


def as_pixels(x: Tensor) -> Pixels:
    """(c,h,w) -> (h,w,c), on the CPU."""
    return x.detach().float().permute(1, 2, 0).cpu().numpy()


@dataclass(frozen=True)
class VoteRange:
    """Votes start..stop-1 of a stage for the picture x (c,h,w). `tied_to` is what their noise is tied to, by
    default the own commitment of f, picture and settings."""

    x: Tensor
    stage: Stage
    start: int
    stop: int
    tied_to: Tie | None = None


def commitment_of(base: BaseClassifier, x: Tensor, config: SmoothingConfig, nonce: str = "") -> Commitment:
    """The own commitment of a certificate of x by this f under these settings, known before the first
    vote."""
    dtype, execution = str(base.dtype).removeprefix("torch."), str(base.execution)
    own = own_commitment(image_sha256(x), config, base.weights, dtype, execution, base.purifier_batch)
    return Commitment(own, nonce=nonce)


def noise_source(tied_to: Tie, x: Tensor, stage: Stage) -> NoiseSource:
    """The noise of the votes of a stage for the picture x, by what it is tied to."""
    if isinstance(tied_to, SeedAlone):
        return NoiseSourceV2.seeded(tied_to.seed, image_sha256(x), stage)
    return NoiseKey(tied_to.hash, tied_to.nonce).source(image_sha256(x), stage)


def draw_noise(
    base: BaseClassifier, wanted: VoteRange, config: SmoothingConfig
) -> tuple[Tensor, Tensor | None]:
    """The noisy copies (b,c,h,w) of a range of votes, and the noise that f uses for them (b,draws,c,h,w).

    The latter is standard normal, for purification and local smoothing; None where f needs none, or uses the
    fixed noise of the reference implementation. On a GPU both are drawn there.
    """
    source = noise_source(_tie(base, wanted, config), wanted.x, wanted.stage)
    if _drawn_there(base, source):
        if config.noise == "sound":
            on_grid(wanted.x)
        x = wanted.x.to(base.device, non_blocking=True)
        return noisy_copies(base, x, Rows.of(source, wanted.start, wanted.stop, base.device), config)
    return noisy_copies(base, wanted.x, Drawn(source, wanted.start, wanted.stop), config)


def _tie(base: BaseClassifier, wanted: VoteRange, config: SmoothingConfig) -> Tie:
    return wanted.tied_to or commitment_of(base, wanted.x, config)


def _drawn_there(base: BaseClassifier, *sources: NoiseSource) -> bool:
    """Whether the noise is drawn on the GPU of f: only that of version 3 has the same bits there."""
    of_version_3 = not any(isinstance(source, NoiseSourceV2) for source in sources)
    return base.device.type == "cuda" and of_version_3


def checked_argmax(confidence: Tensor, sigma: float) -> Classes:
    """The class with the highest confidence for each copy: (b,k) -> (b,), checked and copied to the CPU at
    once.

    Raises InputError for NaN or infinity: argmax would return the same class for all such copies, and they
    would look like unanimous votes.
    """
    return _checked(leading(confidence), sigma)


def _checked(found: Tensor, sigma: float) -> Classes:
    classes: Classes = found.cpu().numpy()
    if (classes < 0).any():
        raise InputError(
            f"the networks returned values that are not finite at sigma {sigma:g}; "
            "check their weights or use dtype float32"
        )
    return classes


def _classify(
    base: BaseClassifier, ranges: Sequence[VoteRange], config: SmoothingConfig
) -> tuple[Classes, Seen, Sequence[int]]:
    """Cast all votes of all ranges in one pass: their classes (b,), and the images of some votes with the
    places of these among the classes: of all of them, or on a GPU of two."""
    sources = [noise_source(_tie(base, wanted, config), wanted.x, wanted.stage) for wanted in ranges]
    if _drawn_there(base, *sources):
        if config.noise == "sound":
            for wanted in ranges:
                on_grid(wanted.x)
        spans = [range(wanted.start, wanted.stop) for wanted in ranges]
        pictures = [wanted.x for wanted in ranges]
        found, seen = blocks.cast(base, list(zip(sources, spans, pictures, strict=True)), config)
        classes = _checked(found, config.sigma)
        return classes, seen, blocks.shown(classes, base.purifier_batch)
    copies, noises = zip(*(draw_noise(base, wanted, config) for wanted in ranges), strict=True)
    x_noisy, noise = torch.cat(copies), [part for part in noises if part is not None]
    vote = base.trace(x_noisy, torch.cat(noise) if noise else None, every_copy=False)
    classes = checked_argmax(vote.confidence, config.sigma)
    return classes, Seen(x_noisy, vote.purified, vote.local), range(len(classes))


def cast_votes(base: BaseClassifier, ranges: Sequence[VoteRange], config: SmoothingConfig) -> list[Classes]:
    """Algorithm 4 for ranges of votes of one or several images: the classes (stop-start,) of each range.

    All go through the networks in one pass, which keeps a device busy even if each image needs few votes.
    Raises InputError where the networks' output is not finite.
    """
    ends = np.cumsum([wanted.stop - wanted.start for wanted in ranges])
    return np.split(_classify(base, ranges, config)[0], ends[:-1])


def votes(base: BaseClassifier, wanted: VoteRange, config: SmoothingConfig) -> tuple[Classes, Samples]:
    """Algorithm 4 for a range of votes: their classes (stop-start,), and the images of the last.

    Raises InputError where the networks' output is not finite.
    """
    classes, samples, _ = votes_with_dissenters(base, wanted, config, None)
    return classes, samples


def votes_with_dissenters(
    base: BaseClassifier, wanted: VoteRange, config: SmoothingConfig, candidate: int | None
) -> tuple[Classes, Samples, tuple[Samples, ...]]:
    """`votes`, and the images of the first few votes for other classes than the `candidate`, if there is one:
    of all votes whose images are at hand, on a GPU of two.

    Raises InputError where the networks' output is not finite.
    """
    classes, seen, places = _classify(base, [wanted], config)

    def samples(row: int) -> Samples:
        """The images of the vote in this row of `seen`."""
        return Samples(
            original=as_pixels(wanted.x),
            noisy=as_pixels(seen.noisy[row]),
            purified=None if seen.purified is None else as_pixels(seen.purified[row]),
            local=() if seen.local is None else tuple(as_pixels(copy) for copy in seen.local[row].cpu()),
            vote=int(classes[places[row]]),
            index=wanted.start + places[row],
        )

    rows = {place: row for row, place in enumerate(places)}  # two places may be one
    others = [row for place, row in rows.items() if candidate is not None and classes[place] != candidate]
    return classes, samples(-1), tuple(map(samples, others[:DISSENTERS]))


def first_votes(
    base: BaseClassifier,
    x: Tensor,
    config: SmoothingConfig,
    stage: Stage,
    n: int,
    batch: int | None = None,
    tied_to: Tie | None = None,
) -> Classes:
    """The classes (n,) of a stage's votes 0..n-1, cast `batch` at a time, by default base.votes_per_step."""
    batch = batch or base.votes_per_step
    ranges = (VoteRange(x, stage, at, min(at + batch, n), tied_to) for at in range(0, n, batch))
    steps = (classes for wanted in ranges for classes in cast_votes(base, [wanted], config))
    return np.concatenate([np.empty(0, np.int64), *steps])


def checked(base: BaseClassifier, x: Image, config: SmoothingConfig, batch: int) -> Tensor:
    """x as a tensor. Raises InputError unless it is one float32 picture (3,h,w) in [0,1] of the data set's
    size and `base` is the f that `config` describes: a certificate must not contain another setting's
    votes."""
    if batch < 1:
        raise InputError(f"batch must be 1 or above, got {batch}")
    if isinstance(x, np.ndarray) and x.dtype in (np.float32, np.float64, np.uint8):
        x = torch.from_numpy(x.copy())
    if not isinstance(x, Tensor):
        kind = getattr(x, "dtype", type(x).__name__)
        raise InputError(f"a picture is a tensor or a NumPy array, float32 (c,h,w) in [0,1], got {kind}")
    own = x.shape[-1] if x.ndim else 0  # the user's own data set: any square image
    side = SIDES.get(config.dataset, own)
    if tuple(x.shape) != (shape := (3, side, side)):
        raise InputError(f"a picture for {config.dataset} has the shape {shape}, got {tuple(x.shape)}")
    if x.device.type != "cpu":
        raise InputError(f"a picture lies in the CPU's memory, got one on {x.device}; pass x.cpu()")
    if x.dtype != torch.float32:
        raise InputError(f"a picture is float32 in [0,1], got {x.dtype}; convert it and divide by 255")
    if not torch.isfinite(x).all():
        raise InputError("a picture's values lie in [0,1], got NaN or infinite ones; check its source")
    if x.min() < 0 or x.max() > 1:
        raise InputError(
            f"a picture's values lie in [0,1], got {float(x.min()):g} to {float(x.max()):g}; divide by 255"
        )
    check_setting(base, config)
    return x


def check_setting(base: BaseClassifier, config: SmoothingConfig) -> None:
    """Raise InputError unless `base` was built for the f that `config` describes."""
    for name, asked in config.defining.items():
        if (built := getattr(base.config, name)) != asked:
            raise InputError(
                f"the base classifier was built with {name} {built}, the configuration says {asked}; "
                "build it again with build_base"
            )
