"""Reverse-SDE samples for one image, drawn batch by batch with progress reports."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from torch import Tensor

from diffsmooth_core.config import InputError
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.theory.experiment import Start, TheoremSetting, start
from diffsmooth_core.theory.reverse_sde import Paths, batch_noise, walk
from diffsmooth_core.theory.theorem1 import Theorem1
from diffsmooth_core.theory.theorem2 import Theorem2

BATCH = 16  # samples drawn together: enough to keep two CPU cores busy, few enough for early results


@dataclass(frozen=True, eq=False)
class Sampling:
    """An immutable snapshot of the samples drawn so far."""

    begun: Start
    wanted: int
    parts: tuple[Paths, ...] = ()  # finished batches
    on_the_way: float = 0.0  # the current batch's size times the share of its steps done
    doubling_error: float = math.nan  # of a few paths, computed last; [-1,1] units

    @property
    def count(self) -> int:
        return sum(len(part.end) for part in self.parts)

    @property
    def finished(self) -> bool:
        return self.count >= self.wanted and not math.isnan(self.doubling_error)

    @property
    def done(self) -> float:
        """The progress, from 0 to 1."""
        return min(1.0, (self.count + self.on_the_way) / self.wanted)

    @property
    def paths(self) -> Paths:
        return Paths.join(self.parts)

    @property
    def theorem1(self) -> Theorem1:
        return self.begun.theorem1(self.paths)

    @property
    def theorem2(self) -> Theorem2:
        return self.begun.theorem2(self.paths)


def sampling(
    x: Tensor, denoiser: Denoiser, setting: TheoremSetting, wanted: int, resume: Sampling | None = None
) -> Iterator[Sampling]:
    """Draw `wanted` reverse-SDE samples for the image x (c,h,w) in [0,1], in batches of BATCH.

    Yields after the start and after every step of a batch; closing the iterator cancels. `resume` continues
    after an earlier Sampling of the same image, denoiser and setting. Each batch has its own seed, so an
    interrupted run gives the same samples as an undisturbed one. Raises InputError for fewer than 2 samples,
    or where `start` does.
    """
    if wanted < 2:
        raise InputError(f"at least 2 samples are needed, got {wanted}")
    progress = (
        replace(resume, wanted=wanted, on_the_way=0.0)
        if resume
        else Sampling(start(x, denoiser, setting), wanted)
    )
    yield progress
    begun, begin = progress.begun, 2 * progress.begun.received - 1
    while progress.count < wanted:
        size = min(BATCH, wanted - progress.count)
        noise = batch_noise(begun.levels, size, begin, setting.seed, len(progress.parts))
        steps = walk(begun.eps, begin, begun.levels, noise, setting.scheme)
        for step, paths in enumerate(steps, start=1):
            if step == len(begun.levels) - 1:
                progress = replace(progress, parts=(*progress.parts, paths), on_the_way=0.0)
            else:
                progress = replace(progress, on_the_way=size * step / (len(begun.levels) - 1))
            yield progress
    if not progress.finished:
        yield replace(progress, doubling_error=begun.doubling_error())
