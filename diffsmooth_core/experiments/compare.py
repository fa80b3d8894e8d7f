"""Settings side by side on the same noise: vote i of each sees the same standard normal numbers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from torch import Tensor

from diffsmooth_core.certification.certificate import Certificate, at_level
from diffsmooth_core.certification.stream import Progress, certify_stream
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.config import InputError, SmoothingConfig, minimum_votes
from diffsmooth_core.experiments.cost import MemoryMeter
from diffsmooth_core.statistics import bonferroni_alpha


@dataclass(frozen=True)
class Entry:
    """One setting: how far its run is and what it cost.

    classes are those of the estimation votes so far, in their order; seconds were spent on this setting
    alone; memory is the peak of its first block, in bytes (`MemoryMeter`).
    """

    config: SmoothingConfig
    progress: Progress | None = None
    classes: tuple[int, ...] = ()
    seconds: float = 0.0
    memory: int = 0

    @property
    def counted(self) -> int:
        """Votes of both stages so far."""
        return sum(self.progress.counts0) + sum(self.progress.counts) if self.progress else 0

    @property
    def certificate(self) -> Certificate | None:
        return self.progress.certificate if self.progress else None


@dataclass(frozen=True)
class Comparison:
    """A frozen snapshot of all settings."""

    entries: tuple[Entry, ...]

    @property
    def finished(self) -> bool:
        return all(entry.certificate for entry in self.entries)

    @property
    def done(self) -> int:
        """Votes of all settings so far."""
        return sum(entry.counted for entry in self.entries)

    @property
    def shared(self) -> int:
        """Estimation votes that every setting has cast."""
        return min(len(entry.classes) for entry in self.entries)

    @property
    def differing(self) -> npt.NDArray[np.int64]:
        """The shared estimation votes, from 0, in which not all settings name the same class."""
        table = np.array([entry.classes[: self.shared] for entry in self.entries])
        return np.flatnonzero((table != table[0]).any(0))

    def best(self, label: int | None = None) -> tuple[int, Certificate] | None:
        """The setting with the largest radius once all have ended, and what its votes certify at
        alpha over the number of settings: that holds although it was picked afterwards (union bound).

        `label` is the picture's class where it is known: a radius for another class is none. None where no
        setting certifies at that level.
        """
        ended = [entry.certificate for entry in self.entries if entry.certificate]
        if len(ended) < len(self.entries):
            return None
        level = bonferroni_alpha(ended[0].config.alpha, len(ended))
        able = {i: at_level(c, level) for i, c in enumerate(ended) if c.config.n >= minimum_votes(level)}
        right = [i for i, c in able.items() if c.label == (c.candidate if label is None else label)]
        which = max(right, key=lambda i: able[i].radius, default=None)
        return None if which is None else (which, able[which])


def compare_stream(
    settings: Sequence[tuple[BaseClassifier, SmoothingConfig]],
    x: Tensor,
    source: str = "",
    resume: Comparison | None = None,
) -> Iterator[Comparison]:
    """Certify x (3,h,w) under every setting at once, yielding after every chunk; closing cancels.

    Each setting is a base classifier and the configuration it was built for; their votes are those of
    `certify_stream`. The setting with the fewest votes is always the next, so that they keep in step.
    `resume` continues after an earlier Comparison of the same settings and picture, with the votes of an
    undisturbed one. Raises InputError where the settings cannot see the same noise, or `resume` has others.
    """
    same = ("dataset", "seed", "noise", "alpha")
    for name in same:
        if len(values := {str(getattr(config, name)) for _, config in settings}) > 1:
            raise InputError(
                f"settings are compared on the same noise and at the same level, and {name} is "
                f"{' and '.join(sorted(values))}; give all the same"
            )
    entries = [Entry(config) for _, config in settings] if resume is None else list(resume.entries)
    if [entry.config for entry in entries] != [config for _, config in settings]:
        raise InputError("a comparison goes on under the settings that it was begun with; start a new one")
    with ExitStack() as open_streams:
        streams = [
            open_streams.enter_context(
                closing(certify_stream(base, x, config, resume=entry.progress, source=source))  # type: ignore[type-var]
            )
            for (base, config), entry in zip(settings, entries, strict=True)
        ]
        while running := [i for i, entry in enumerate(entries) if not entry.certificate]:
            i = min(running, key=lambda i: entries[i].counted)
            entries[i] = _advanced(entries[i], streams[i])
            yield Comparison(tuple(entries))


def _advanced(entry: Entry, stream: Iterator[Progress]) -> Entry:
    """The entry after one more step of votes; the memory is measured in the first."""
    began, meter = time.perf_counter(), MemoryMeter()
    with nullcontext() if entry.progress else meter:
        progress = next(stream)
    cast = progress.classes if progress.stage == "estimation" else ()
    return replace(
        entry,
        progress=progress,
        classes=entry.classes + cast,
        memory=entry.memory or meter.peak,
        seconds=entry.seconds + time.perf_counter() - began,
    )
