"""Copies of a picture that a run shows on their way to a vote, small enough to be kept and sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from diffsmooth_core import Progress
from diffsmooth_core.certification.progress import Pixels, Samples, Stage
from ui.images import amplified, data_url, shrunk

Image = Literal["noisy", "purified", "local", "noise"]

MOST = 12  # copies that are kept of a run: so many that agree with the candidate, and so many that do not
SIDE = 112  # pixels; the images of larger pictures are scaled down to it
LOCAL = 4  # of many images that the classifier saw, so many are shown: a square of them looks calm


@dataclass(frozen=True)
class Copy:
    """A vote of a run with its images side by side in one picture, `sheet` (a data URL): what each of them
    is stands in `images`. `index` is its number in its stage, from 0."""

    stage: Stage
    index: int
    vote: int
    dissents: bool
    sheet: str
    images: tuple[Image, ...]


def copy_of(samples: Samples, stage: Stage, dissents: bool = False) -> Copy:
    """The copy that these samples show; with its noise alone where it dissents."""
    shown: list[tuple[Image, Pixels]] = [("noisy", samples.noisy)]
    if samples.purified is not None:
        shown.append(("purified", samples.purified))
    shown += [("local", image) for image in samples.local[:LOCAL]]
    if dissents:
        shown.append(("noise", amplified(samples.noisy - samples.original)[0]))
    images, pixels = zip(*shown, strict=True)
    large = samples.original.shape[0] > SIDE
    sheet = np.concatenate([shrunk(one, SIDE) for one in pixels], axis=1)
    return Copy(stage, samples.index, samples.vote, dissents, data_url(sheet, lossy=large), images)


def with_copies(copies: tuple[Copy, ...], progress: Progress) -> tuple[Copy, ...]:
    """The copies of a run and those of its latest step. Of too many that agree every second one goes, and
    once there are enough dissenters there are no more."""
    others = sum(copy.dissents for copy in copies)
    dissenting = progress.dissenting[: MOST - others]
    last = progress.samples
    kept = [*copies, *(copy_of(samples, progress.stage, dissents=True) for samples in dissenting)]
    if progress.stage == "selection" or last.vote == progress.candidate:
        kept.append(copy_of(last, progress.stage))
    agreeing = [copy for copy in kept if not copy.dissents]
    gone = agreeing[1::2] if len(agreeing) > MOST else []
    return tuple(copy for copy in kept if copy not in gone)
