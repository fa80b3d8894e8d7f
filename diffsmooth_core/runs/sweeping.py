"""A sweep over many pictures: one run for each setting; each noisy copy is purified once and shared by
all."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace

from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.certification.stream import build_certificate
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.execution import Execution, available
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.experiments import Cell, grid, sweep_stream
from diffsmooth_core.experiments.sweep import group, shared_batch
from diffsmooth_core.runs.batch import execution_settings
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store
from diffsmooth_core.runs.workers import base_of, load_picture
from diffsmooth_core.version import __version__


def titles(configs: Sequence[SmoothingConfig]) -> list[str]:
    """For each setting of a sweep, the values in which it differs: "sigma=0.5 sigma_local=0.25"."""
    names = [f.name for f in fields(SmoothingConfig) if len({getattr(c, f.name) for c in configs}) > 1]
    return [" ".join(f"{name}={getattr(config, name):g}" for name in names) for config in configs]


def runs(store: Store, name: str, over: str, config: SmoothingConfig, indices: Sequence[int]) -> list[Run]:
    """The runs of a sweep over test pictures, named `name` followed by the values in which they differ. Runs
    that an earlier call created are taken up again. Raises InputError where a run of such a name exists
    with other settings or pictures."""
    configs = grid(over, config)
    known = {run.name: run for run in store.runs()}
    names = [f"{name} {title}" for title in titles(configs)]
    base = _base_as_begun(base_of(configs[0]), configs, known.get(names[0]))
    execution = execution_settings(base, base.purifier_batch)
    sweep = []
    for run_name, setting in zip(names, configs, strict=True):
        settings = setting.as_dict() | execution
        run = known.get(run_name) or store.create(
            run_name, "audit", config.dataset, settings | {"version": __version__}, indices, base.weights
        )
        begun = {key: value for key, value in run.config.items() if key != "version"}
        if (begun, run.weights, run.indices) != (settings, base.weights, tuple(indices)):
            raise InputError(f"run {run_name!r} is of other settings, networks or pictures; choose another")
        sweep.append(run)
    return sweep


def _base_as_begun(
    base: BaseClassifier, configs: Sequence[SmoothingConfig], first: Run | None
) -> BaseClassifier:
    """`base` with the execution and block that the sweep's first run recorded, so that all votes of the sweep
    are computed in the same way; a new sweep keeps those of `base`. Raises InputError where this machine
    does not offer that execution."""
    if first is None:
        return replace(base, purifier_batch=shared_batch(base, configs))
    execution = Execution.parse(first.config["execution"])
    return replace(base, execution=available(execution, base.device), purifier_batch=first.config["block"])


def work(store: Store, sweep: Sequence[Run], over: str, config: SmoothingConfig) -> Iterator[tuple[int, int]]:
    """Certify the pictures that the runs of a sweep still lack, yielding (pictures done, pictures in all). A
    picture's results under all settings are written together, so a killed sweep resumes at the next
    picture. A picture that cannot be read is skipped and listed."""
    configs = grid(over, config)
    base = _base_as_begun(base_of(configs[0]), configs, sweep[0])
    done = [{result.idx for result in store.results(run)} for run in sweep]
    for count, idx in enumerate(sweep[0].indices, 1):
        lacking = [i for i, indices in enumerate(done) if idx not in indices]
        if lacking:
            began = time.monotonic()
            try:
                picture = load_picture(config.dataset, idx)
            except InputError as error:
                for i in lacking:
                    store.remark(sweep[i], idx, "skipped", str(error))
                continue
            tied_to = group(base, picture.tensor, configs)
            *_, last = sweep_stream(base, picture.tensor, configs, purifier_batch=base.purifier_batch)
            seconds = (time.monotonic() - began) / len(configs)
            for i in lacking:
                store.add(sweep[i], [], [_result(base, picture, last.cells[i], tied_to, seconds, idx)])
        yield count, len(sweep[0].indices)


def _result(
    base: BaseClassifier, picture: Picture, cell: Cell, tied_to: Commitment, seconds: float, idx: int
) -> Result:
    certificate = build_certificate(
        base,
        picture.tensor,
        cell.config,
        cell.selection,
        cell.estimation,
        tied_to,
        source=picture.source,
        batch=base.purifier_batch,
        seconds=seconds,
    )
    return Result.of(certificate, idx, picture.label)
