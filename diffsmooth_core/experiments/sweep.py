"""One image under a grid of settings. Each noisy copy is purified once for all values of m and
sigma_local."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from diffsmooth_core.certification.ballots import Ballots, Classes
from diffsmooth_core.certification.certificate import Counted
from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.certification.decision import Decision, decide
from diffsmooth_core.certification.voting import VoteRange, checked, checked_argmax, commitment_of, draw_noise
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.batching import default_purifier_batch, halve_batch
from diffsmooth_core.config import METHODS, InputError, SmoothingConfig, minimum_votes, unknown
from diffsmooth_core.statistics import bonferroni_alpha

SWEEPS = {
    "sigma_local": "Local noise",
    "m": "Local copies",
    "shift": "A little more noise",
    "budget": "Equal predictions",
}
SIGMAS, SIGMAS_LOCAL = (0.25, 0.5, 1.0), (0.0, 0.12, 0.25, 0.5)
USUAL_LEVELS = {"imagenet": ((0.12, 0.25, 0.5), (0.0, 0.06, 0.12))}  # data set -> the same, where they differ
COPIES = (1, 3, 5, 11, 21)
SHIFTS = (0.0, 0.01, 0.02, 0.03, 0.05)
SPLITS = (1, 2, 4, 5, 10, 20)


def grid(over: str, config: SmoothingConfig) -> tuple[SmoothingConfig, ...]:
    """The settings of a named sweep around `config`, after an experiment of the DiffSmooth paper.

    "sigma_local" varies sigma and sigma_local (tables 4 and 5), "m" the number of local copies (figure 3),
    "shift" adds small amounts to sigma_local (table 8), and "budget" varies m with n times m constant (tables
    6 and 7). Raises InputError for an unknown sweep.
    """
    config = replace(config, stopping="fixed")
    if over == "sigma_local":
        sigmas, local_sigmas = USUAL_LEVELS.get(config.dataset, (SIGMAS, SIGMAS_LOCAL))
        return tuple(replace(config, sigma=s, sigma_local=local) for s in sigmas for local in local_sigmas)
    if over == "m":
        return tuple(replace(config, m=m) for m in COPIES)
    if over == "shift":
        return tuple(replace(config, sigma_local=round(config.sigma_local + s, 10)) for s in SHIFTS)
    if over == "budget":
        budget, least = config.n * config.m, minimum_votes(config.alpha)
        shares = (m for m in SPLITS if budget % m == 0 and budget // m >= least)
        return tuple(replace(config, m=m, n=budget // m) for m in shares)
    raise unknown("sweep", over, SWEEPS)


@dataclass(frozen=True)
class Cell:
    """One setting of a sweep and its votes so far; counts0 and counts are their numbers by class (k,)."""

    config: SmoothingConfig
    selection: Ballots
    estimation: Ballots

    @property
    def counts0(self) -> tuple[int, ...]:
        return self.selection.tally

    @property
    def counts(self) -> tuple[int, ...]:
        return self.estimation.tally

    def plus(self, stage: Counted, classes: Classes) -> Cell:
        """The cell with these votes (votes,) added, as far as they are among its n."""
        if stage == "selection":
            return replace(self, selection=self.selection.plus(classes))
        left = self.config.n - self.estimation.total
        return replace(self, estimation=self.estimation.plus(classes[:left]))

    @property
    def decision(self) -> Decision:
        """What these votes certify; provisional until all n have been cast."""
        return decide(self.counts0, self.counts, self.config)


@dataclass(frozen=True)
class Sweep:
    """An immutable snapshot: `done` of `total` noisy copies have been purified, under noise that is tied to
    `tied_to`."""

    cells: tuple[Cell, ...]
    done: int
    total: int
    tied_to: Commitment | None = None

    @property
    def finished(self) -> bool:
        return self.done == self.total

    def best(self, label: int | None = None) -> tuple[int, Decision] | None:
        """The index of the cell with the largest radius once all votes are cast, and its decision.

        The decision is computed at alpha divided by the number of cells, so that it stays valid although the
        cell was chosen after seeing the results (union bound). If the image's class `label` is given, cells
        that certify another class are left out. None before the end, or where no cell certifies.
        """
        if not self.finished:
            return None
        level = bonferroni_alpha(self.cells[0].config.alpha, len(self.cells))
        held = {
            i: decide(cell.counts0, cell.counts, replace(cell.config, alpha=level))
            for i, cell in enumerate(self.cells)
            if cell.config.n >= minimum_votes(level)
        }
        right = [i for i, d in held.items() if d.radius and label in (None, d.label)]
        which = max(right, key=lambda i: held[i].radius, default=None)
        return None if which is None else (which, held[which])


def shared_batch(base: BaseClassifier, configs: Sequence[SmoothingConfig]) -> int:
    """The default purifier batch of a sweep: the one for its largest m."""
    widest = replace(base.config, m=max(config.m for config in configs))
    return default_purifier_batch(widest, base.device, base.parameters)


def sweep_stream(
    base: BaseClassifier,
    x: Tensor,
    configs: Sequence[SmoothingConfig],
    resume: Sweep | None = None,
    purifier_batch: int | None = None,
) -> Iterator[Sweep]:
    """Certify x (3,h,w) in [0,1] under every setting, yielding after every step of votes; closing cancels.

    The settings may differ in sigma, sigma_local, m and n only, and their method must smooth locally. `base`
    must have been built for one of them. The noisy copies for one sigma are drawn and purified once and
    shared by all settings with that sigma. A setting with a smaller m uses the first m local draws of the
    largest m: the draws that it would get in a run of its own that is tied to the sweep's `group`. `resume`
    continues after an earlier Sweep of the same base, image and settings; `purifier_batch` is `shared_batch`
    by default. Where memory runs out, the sweep starts again with its batches halved. Raises InputError where
    the settings differ in anything else, or `resume` has other settings.
    """
    _check(base, x, configs)
    if resume is not None and [cell.config for cell in resume.cells] != list(configs):
        raise InputError("a sweep goes on under the settings that it was begun with; start a new one")
    base = replace(base, purifier_batch=purifier_batch or shared_batch(base, configs))
    if resume is not None:
        base = _as_begun(base, x, configs, resume)
    while True:
        try:
            yield from _swept(base, x, configs, resume)
            return
        except RuntimeError as error:
            base, resume = halve_batch(base, error), None


def _swept(
    base: BaseClassifier, x: Tensor, configs: Sequence[SmoothingConfig], resume: Sweep | None
) -> Iterator[Sweep]:
    """The sweep with batches of one size. One to resume that was tied to another size is begun anew."""
    tied_to, none = group(base, x, configs), Ballots.none(base.classifier.classes)
    if resume is not None and resume.tied_to != tied_to:
        resume = None
    cells = list(resume.cells if resume else (Cell(config, none, none) for config in configs))
    sigmas = sorted({config.sigma for config in configs})
    groups = [[i for i, config in enumerate(configs) if config.sigma == sigma] for sigma in sigmas]
    longest = [max(configs[i].n for i in group) for group in groups]
    done, total = 0, sum(configs[0].n0 + n for n in longest)
    for alike, n in zip(groups, longest, strict=True):
        shared = replace(base, config=replace(configs[alike[0]], m=max(configs[i].m for i in alike)))
        stages: tuple[tuple[Counted, int], ...] = (("selection", configs[0].n0), ("estimation", n))
        for stage, votes in stages:
            for start in range(0, votes, shared.votes_per_step):
                step = VoteRange(x, stage, start, min(start + shared.votes_per_step, votes), tied_to)
                done += step.stop - step.start
                if resume is not None and done <= resume.done:
                    continue
                for i, classes in _cast(shared, step, {i: configs[i] for i in alike}).items():
                    cells[i] = cells[i].plus(stage, classes)
                yield Sweep(tuple(cells), done, total, tied_to)


def _as_begun(
    base: BaseClassifier, x: Tensor, configs: Sequence[SmoothingConfig], resume: Sweep
) -> BaseClassifier:
    """`base` with its batches halved as often as the sweep to resume had halved them; otherwise unchanged."""
    halved = base
    while group(halved, x, configs) != resume.tied_to:
        if halved.purifier_batch == halved.classifier_batch == 1:
            return base
        halved = halved.halved
    return halved


def group(base: BaseClassifier, x: Tensor, configs: Sequence[SmoothingConfig]) -> Commitment:
    """What the noise of a sweep of x by `base` is tied to: all its settings, as they share their votes."""
    return Commitment.of_group(commitment_of(base, x, config).hash for config in configs)


def _cast(base: BaseClassifier, step: VoteRange, configs: dict[int, SmoothingConfig]) -> dict[int, Classes]:
    """The classes of these votes under each setting, by its index; the copies are purified once for all of
    them (Algorithms 2 and 3)."""
    classes = {}
    x_noisy, noise = draw_noise(base, step, base.config)
    pictures = base.purify(x_noisy, noise)
    for sigma_local in {config.sigma_local for config in configs.values()}:
        copies = {i: config.m for i, config in configs.items() if config.sigma_local == sigma_local}
        most = max(copies.values())
        smoothed = replace(base, config=replace(base.config, sigma_local=sigma_local, m=most))
        softmax = smoothed.classify(pictures, None if noise is None else noise[:, :most]).softmax
        for i, m in copies.items():
            classes[i] = checked_argmax(softmax[:, :m].mean(1), base.config.sigma)
    return classes


def _check(base: BaseClassifier, x: Tensor, configs: Sequence[SmoothingConfig]) -> None:
    if not configs:
        raise InputError("a sweep needs one setting or more, got none; use more votes or copies")
    first = configs[0]
    if not METHODS[first.method].smooths_locally:
        raise InputError(
            f"method {first.method!r} has no local noise to sweep; use 'diffsmooth' or 'local-only'"
        )
    swept = {name: getattr(first, name) for name in ("sigma", "sigma_local", "m", "n")}
    for config in configs:
        if replace(config, **swept) != first:
            raise InputError("the settings of a sweep differ in sigma, sigma_local, m and n, and no others")
        if base.purifier.denoiser is not None:
            base.purifier.denoiser.check(config.sigma)
    one_of_them = replace(base.config, **{name: getattr(first, name) for name in swept})
    checked(replace(base, config=one_of_them), x, first, 1)
