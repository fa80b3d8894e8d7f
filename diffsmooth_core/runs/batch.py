"""A batch run: many pictures' votes pooled, counted, stopped, and kept as they come."""

from __future__ import annotations

import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from diffsmooth_core.certification.decision import Decision, check_reachable, next_look
from diffsmooth_core.certification.stream import counted, issue, smaller
from diffsmooth_core.certification.voting import Stage
from diffsmooth_core.classifiers.base import BaseClassifier, usual
from diffsmooth_core.classifiers.execution import Execution, available
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.datasets import test_size
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Run, Store, Tally
from diffsmooth_core.runs.workers import Plan, Unit, Workers, base_of, picture

log = logging.getLogger(__name__)
FLUSH = 1.0  # seconds between two writes: what a killed run may lose
WINDOW = 32  # pictures whose votes are under way at once, at least


def indices(spec: str, dataset: str) -> tuple[int, ...]:
    """Test pictures from "0:10000:20", "7", or several such parts with commas. Raises InputError."""
    size = test_size(dataset)
    found: list[int] = []
    for part in spec.split(","):
        match = re.fullmatch(r"\s*([0-9]{0,9})(?:(:)([0-9]{0,9})(?::([0-9]{1,9}))?)?\s*", part)
        if match is None or not (match[1] or match[2]):
            raise InputError(f"indices {part!r} are not understood; give START:STOP:STEP or a number")
        start = int(match[1] or 0)
        stop, step = (int(match[3] or size), int(match[4] or 1)) if match[2] else (start + 1, 1)
        if step < 1 or start >= stop:
            raise InputError(
                f"indices {part!r} name no picture; give START below STOP and a STEP of 1 or more"
            )
        if stop > size:
            raise InputError(
                f"{dataset} has test pictures 0 to {size - 1} here, and {part!r} goes to {stop - 1}"
            )
        found += range(start, stop, step)
    return tuple(dict.fromkeys(found))


def spelled(chosen: Sequence[int]) -> str:
    """What `indices` reads as these test pictures."""
    step = chosen[1] - chosen[0] if len(chosen) > 1 else 1
    even = range(chosen[0], chosen[-1] + 1, step) if step > 0 else range(0)
    return f"{even.start}:{even.stop}:{step}" if tuple(even) == tuple(chosen) else ",".join(map(str, chosen))


@dataclass(frozen=True)
class Status:
    """How far a run is. certified_accuracy is the share of the finished pictures that are right with the
    target radius at least (0 where stopping is fixed)."""

    done: int
    total: int
    skipped: int
    votes: int
    votes_per_second: float
    seconds_left: float | None
    certified_accuracy: float

    @property
    def finished(self) -> bool:
        return self.done + self.skipped == self.total


@dataclass
class _Image:
    """One picture on its way: counts so far, and whether votes are asked for."""

    idx: int
    counts0: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    asked: bool = False
    began: float = field(default_factory=time.monotonic)

    def stage(self, config: SmoothingConfig) -> tuple[Stage, npt.NDArray[np.int64], int]:
        if (n := int(self.counts0.sum())) < config.n0:
            return "selection", self.counts0, config.n0 - n
        n = int(self.counts.sum())
        return "estimation", self.counts, next_look(n, config) - n

    def unit(self, config: SmoothingConfig, most: int) -> Unit:
        """The next votes: up to the next place where the run may end."""
        stage, tally, left = self.stage(config)
        start = int(tally.sum())
        return Unit(self.idx, stage, start, start + min(left, most))

    def take(self, unit: Unit, classes: npt.NDArray[np.int64], plan: Plan) -> tuple[Tally, Decision | None]:
        """Count votes: what to write, and what follows once the run of this picture has ended."""
        decision = None
        if unit.stage == "selection":
            before = self.counts0
            after = self.counts0 = before + np.bincount(classes, minlength=len(before))
        else:
            before = self.counts
            after, decision = counted(before, classes, tuple(map(int, self.counts0)), plan.config)
            self.counts = after
        tally = Tally(self.idx, unit.stage, unit.start, tuple(map(int, after - before)), plan.block)
        return tally, decision if decision and decision.ending else None


def start(store: Store, name: str, config: SmoothingConfig, chosen: Sequence[int]) -> Run:
    """A new run in the store. Raises InputError where its networks, pictures or target do not fit."""
    check_reachable(config)
    base = base_of(config)
    base = replace(base, execution=usual(base, len(chosen) * (config.n0 + config.n)))
    settings: dict[str, Any] = config.as_dict() | recorded(base, base.block)
    return store.create(name, "audit", config.dataset, settings, chosen, base.weights)


def recorded(base: BaseClassifier, block: int) -> dict[str, Any]:
    """How the networks run, for a run's settings: fixed before its first vote."""
    return {"block": block, "arithmetic": str(base.dtype), "execution": str(base.execution)}


def config_of(run: Run) -> SmoothingConfig:
    """The settings of a run of ours. Raises InputError for an imported one."""
    if run.origin != "audit":
        raise InputError(f"run {run.name!r} is an imported log and cannot go on; start a run of its own")
    return SmoothingConfig.from_dict(
        {k: v for k, v in run.config.items() if k not in ("block", "arithmetic", "execution")}
    )


def work(store: Store, run: Run, workers: Callable[[Plan], Workers]) -> Iterator[Status]:
    """Certify what is left of a run, yielding after every batch; closing the generator stops it.

    A picture's votes are those that `certify` draws, in the same order, so the result of a run that was
    killed and taken up again is that of an undisturbed one. A picture that cannot be read is skipped and
    listed. Out of memory, the pictures under way start again with half as many copies at a time, as
    `certify` does; their results say so. Raises InputError where the networks are no longer those that the
    run began with.
    """
    finished = {result.idx: result for result in store.results(run)}
    skipped = {remark.idx for remark in store.remarks(run) if remark.kind == "skipped"}
    plan, images = _resumed(store, run, _planned(run), finished)
    config = plan.config
    todo = OrderedDict((i, images.get(i)) for i in run.indices if i not in finished and i not in skipped)
    under_way: OrderedDict[int, _Image] = OrderedDict()
    target = 0.0 if config.stopping == "fixed" else config.target_radius
    right = sum(r.correct and r.radius >= target for r in finished.values())
    done, votes, in_flight = len(finished), 0, 0
    tallies: list[Tally] = []
    fresh: list[Result] = []
    began = written = time.monotonic()
    began_done = done
    crew = workers(plan)
    window = max(WINDOW, 2 * crew.slots * plan.base.chunk // 10)

    def write() -> None:
        store.add(run, tallies, fresh)
        tallies.clear()
        fresh.clear()

    try:
        while todo or under_way:
            while todo and len(under_way) < window:
                idx, image = todo.popitem(last=False)
                try:
                    picture(config.dataset, idx)
                except InputError as error:
                    store.remark(run, idx, "skipped", str(error))
                    skipped.add(idx)
                    continue
                under_way[idx] = image or _blank(idx, plan)
            while in_flight < crew.slots and (batch := _batch(under_way, config, plan.base.chunk)):
                crew.submit(batch)
                in_flight += 1
            if not in_flight:
                continue
            try:
                collected = crew.collect()
            except RuntimeError as error:
                smaller(plan.base, error)
                plan, in_flight = plan.halved, 0
                log.warning(
                    "run %s: out of memory, so %d copies at a time from here on", run.name, plan.block
                )
                crew.close()
                crew = workers(plan)
                for idx in under_way:
                    under_way[idx] = _blank(idx, plan)
                todo.update(dict.fromkeys(todo))  # what they had was of the larger block
                continue
            for units, classes in collected:
                in_flight -= 1
                for unit, cast in zip(units, classes, strict=True):
                    image = under_way[unit.idx]
                    image.asked = False
                    votes += len(cast)
                    tally, decision = image.take(unit, cast, plan)
                    tallies.append(tally)
                    if decision:
                        fresh.append(_result(plan, image, decision))
                        del under_way[unit.idx]
                        done += 1
                        right += fresh[-1].correct and fresh[-1].radius >= target
            now = time.monotonic()
            if now - written >= FLUSH:
                write()
                written = now
            new, left = done - began_done, len(todo) + len(under_way)
            yield Status(
                done,
                len(run.indices),
                len(skipped),
                votes,
                votes / max(now - began, 1e-9),
                (now - began) / new * left if new else None,
                right / done if done else 0.0,
            )
        write()
        store.remark(run, None, "finished", f"{done} certified, {len(skipped)} skipped")
    finally:
        if tallies:
            write()
        crew.close()


def _planned(run: Run) -> Plan:
    """As the run began. Raises InputError where that is not to be had here."""
    plan = Plan(config_of(run), Execution.parse(run.config.get("execution", "eager")), run.config["block"])
    base = plan.base
    if base.weights != run.weights:
        raise InputError(f"the networks of run {run.name!r} have changed since it began; start a new run")
    if str(base.dtype) != run.config["arithmetic"]:
        raise InputError(
            f"run {run.name!r} began in {run.config['arithmetic']}, here it would be {base.dtype}; "
            "go on there"
        )
    available(plan.execution, base.device)
    return plan


def _batch(under_way: OrderedDict[int, _Image], config: SmoothingConfig, room: int) -> list[Unit]:
    """Units of pictures that wait, as many as have room in a chunk of votes."""
    units: list[Unit] = []
    for image in under_way.values():
        if not room:
            break
        if not image.asked:
            unit = image.unit(config, room)
            image.asked = True
            units.append(unit)
            room -= unit.stop - unit.start
    return units


def _blank(idx: int, plan: Plan) -> _Image:
    zero = np.zeros(plan.base.classifier.classes, np.int64)
    return _Image(idx, zero, zero)


def _resumed(
    store: Store, run: Run, plan: Plan, finished: dict[int, Result]
) -> tuple[Plan, dict[int, _Image]]:
    """The plan with the smallest block that the run was brought to, and the pictures that have votes of it
    and no result, their counts added up in order."""
    tallies, began = store.tallies(run), plan.block
    least = min((tally.block for tally in tallies if tally.block), default=began)
    while plan.block > least:
        plan = plan.halved
    images: dict[int, _Image] = {}
    for tally in tallies:
        if tally.idx in finished or (tally.block or began) != plan.block:
            continue
        image = images.setdefault(tally.idx, _blank(tally.idx, plan))
        if tally.stage == "selection":
            image.counts0 = image.counts0 + np.array(tally.counts)
        else:
            image.counts = image.counts + np.array(tally.counts)
    return plan, images


def _result(plan: Plan, image: _Image, decision: Decision) -> Result:
    found, base = picture(plan.config.dataset, image.idx), plan.base
    certificate = issue(
        base,
        found.tensor,
        plan.config,
        image.counts0,
        image.counts,
        decision,
        found.source,
        base.chunk,
        time.monotonic() - image.began,
    )
    return Result.of(certificate, image.idx, found.label)
