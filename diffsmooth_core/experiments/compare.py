"""Compare settings on the same noise: vote number i uses the same standard normal numbers in all of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from torch import Tensor

from diffsmooth_core.certification.certificate import Certificate, at_level
from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.certification.progress import Progress
from diffsmooth_core.certification.stream import certify_stream
from diffsmooth_core.certification.voting import commitment_of
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.batching import halve_batch
from diffsmooth_core.config import ABSTAIN, InputError, SmoothingConfig, minimum_votes
from diffsmooth_core.experiments.cost import MemoryMeter
from diffsmooth_core.markup import table
from diffsmooth_core.statistics import bonferroni_alpha
from diffsmooth_core.wording import down


@dataclass(frozen=True)
class Entry:
    """One setting, the progress of its run and what the run has cost.

    `seconds` is the time spent on this setting alone. `memory` is the peak during its first step, in bytes
    (see `MemoryMeter`).
    """

    config: SmoothingConfig
    progress: Progress | None = None
    seconds: float = 0.0
    memory: int = 0

    @property
    def counted(self) -> int:
        """Selection and estimation votes so far."""
        return sum(self.progress.counts0) + sum(self.progress.counts) if self.progress else 0

    @property
    def classes(self) -> tuple[int, ...]:
        """The classes of the estimation votes so far, in order."""
        return tuple(map(int, self.progress.estimation.classes)) if self.progress else ()

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

    def _repr_html_(self) -> str:
        head = ("setting", "votes", "answer", "p_A ≥", "radius", "seconds")
        rows = []
        for entry in self.entries:
            config, now, ended = entry.config, entry.progress, entry.certificate
            name = f"{config.method}, {config.classifier}, σ = {config.sigma:g}"
            answer = "…" if ended is None else "ABSTAIN" if ended.label == ABSTAIN else f"class {ended.label}"
            found = (down(now.p_a_lower, 4), down(now.radius, 4)) if now else ("", "")
            rows.append((name, f"{entry.counted:,}", answer, *found, f"{entry.seconds:.1f}"))
        return table(head, rows)

    @property
    def done(self) -> int:
        """Votes of all settings so far."""
        return sum(entry.counted for entry in self.entries)

    @property
    def shared(self) -> int:
        """The number of estimation votes that every setting has cast."""
        return min(sum(entry.progress.counts) if entry.progress else 0 for entry in self.entries)

    @property
    def differing(self) -> npt.NDArray[np.int64]:
        """Indices, from 0, of the shared estimation votes on whose class the settings disagree."""
        table = np.array([entry.classes[: self.shared] for entry in self.entries])
        return np.flatnonzero((table != table[0]).any(0))

    @property
    def patterns(self) -> list[tuple[tuple[int, ...], npt.NDArray[np.int64]]]:
        """The `differing` votes by what the settings say of them: a class for each setting, and the votes'
        indices in ascending order. The most frequent stands first, of equally frequent ones the earlier."""
        found: dict[tuple[int, ...], list[int]] = {}
        for vote in self.differing.tolist():
            found.setdefault(tuple(entry.classes[vote] for entry in self.entries), []).append(vote)
        return [(said, np.array(at)) for said, at in sorted(found.items(), key=lambda one: -len(one[1]))]

    def best(self, label: int | None = None) -> tuple[int, Certificate] | None:
        """The index of the setting with the largest radius once all have ended, and its certificate.

        The certificate is computed at alpha divided by the number of settings, so that it stays valid
        although the setting was chosen after seeing the results (union bound). If the image's class `label`
        is given, certificates for other classes are left out. None before the end, or where no setting
        certifies.
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
    """Certify x (3,h,w) in [0,1] under all settings side by side, yielding after every step; closing cancels.

    Each setting is a base classifier and the configuration it was built for; its votes are those of
    `certify_stream`, tied to the settings' `group`. The setting with the fewest votes so far goes next, so
    that all advance together. `resume` continues after an earlier Comparison of the same settings and image;
    the votes are those of an uninterrupted run. Where memory runs out for one setting, all start again with
    its batch halved, as they share their noise. Raises InputError where data set, seed, noise or alpha differ
    between settings, where `resume` has other settings, or where `certify_stream` does.
    """
    for name in ("dataset", "seed", "noise", "alpha"):
        if len(values := {str(getattr(config, name)) for _, config in settings}) > 1:
            raise InputError(
                f"settings are compared on the same noise and at the same level, and {name} is "
                f"{' and '.join(sorted(values))}; give all the same"
            )
    bases, configs = [base for base, _ in settings], [config for _, config in settings]
    entries = [Entry(config) for config in configs] if resume is None else list(resume.entries)
    if [entry.config for entry in entries] != configs:
        raise InputError("a comparison goes on under the settings that it was begun with; start a new one")
    while not Comparison(tuple(entries)).finished:
        tied_to = group(bases, configs, x)
        with ExitStack() as open_streams:
            streams = []
            for base, entry in zip(bases, entries, strict=True):
                stream = certify_stream(
                    base, x, entry.config, resume=entry.progress, source=source, tied_to=tied_to
                )
                streams.append(open_streams.enter_context(closing(stream)))  # type: ignore[type-var]
            while running := [i for i, entry in enumerate(entries) if not entry.certificate]:
                i = min(running, key=lambda i: entries[i].counted)
                try:
                    entries[i] = _advanced(entries[i], streams[i])
                except RuntimeError as error:
                    bases[i] = halve_batch(bases[i], error)
                    entries = [Entry(config) for config in configs]
                    break
                yield Comparison(tuple(entries))


def group(bases: Sequence[BaseClassifier], configs: Sequence[SmoothingConfig], x: Tensor) -> Commitment:
    """What the noise of a comparison is tied to: every setting, at its level and at that divided by their
    number, at which `best` reads the one with the largest radius."""
    shared = bonferroni_alpha(configs[0].alpha, len(configs))
    stricter = [
        (b, replace(c, alpha=shared))
        for b, c in zip(bases, configs, strict=True)
        if c.n >= minimum_votes(shared)
    ]
    return Commitment.of_group(
        commitment_of(base, x, config).hash for base, config in (*zip(bases, configs, strict=True), *stricter)
    )


def _advanced(entry: Entry, stream: Iterator[Progress]) -> Entry:
    """The entry after one more step of votes. Memory is measured during the first step only."""
    began, meter = time.perf_counter(), MemoryMeter()
    with nullcontext() if entry.progress else meter:
        progress = next(stream)
    return replace(
        entry,
        progress=progress,
        memory=entry.memory or meter.peak,
        seconds=entry.seconds + time.perf_counter() - began,
    )
