"""Who casts the votes: this process, several processes, or Ray actors. Each gives the same votes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from multiprocessing import get_context
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from diffsmooth_core.certification.voting import Ballot, Stage, pooled
from diffsmooth_core.classifiers.base import BaseClassifier, build_base
from diffsmooth_core.classifiers.device import resolve_device
from diffsmooth_core.classifiers.execution import Execution
from diffsmooth_core.config import METHODS, InputError, SmoothingConfig
from diffsmooth_core.datasets import resolve
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.zoo.load import load_classifier, load_denoiser

Classes = list[npt.NDArray[np.int64]]


@dataclass(frozen=True)
class Unit:
    """Votes start..stop-1 of a stage for test picture idx: what is asked of a worker."""

    idx: int
    stage: Stage
    start: int
    stop: int


@dataclass(frozen=True)
class Plan:
    """What decides a vote beside picture, stage and index: settings, and how the networks run."""

    config: SmoothingConfig
    execution: Execution
    block: int

    @property
    def base(self) -> BaseClassifier:
        return replace(base_of(self.config), execution=self.execution, fixed_block=self.block)

    @property
    def halved(self) -> Plan:
        """After it ran out of memory."""
        fewer = self.base.halved
        return replace(self, execution=fewer.execution, block=fewer.block)


@lru_cache(maxsize=4)
def base_of(config: SmoothingConfig) -> BaseClassifier:
    """The base classifier of a configuration, loaded once a process. Raises InputError."""
    denoiser = load_denoiser(config.denoiser, config.device) if METHODS[config.method].purifies else None
    return build_base(config, load_classifier(config.classifier, config.device), denoiser)


@lru_cache(maxsize=512)
def picture(dataset: str, idx: int) -> Picture:
    """Test picture idx of a data set. Raises InputError."""
    return resolve(f"{dataset}:{idx}", dataset)


def cast(plan: Plan, units: Sequence[Unit]) -> Classes:
    """The classes of each unit's votes, in one pass of the networks."""
    dataset = plan.config.dataset
    ballots = [Ballot(picture(dataset, u.idx).tensor, u.stage, u.start, u.stop) for u in units]
    return pooled(plan.base, ballots, plan.config)


class Workers(Protocol):
    """Takes units and gives their votes back, in any order. What a network raises, `collect` raises."""

    slots: int  # batches that may be under way at once

    def submit(self, units: Sequence[Unit]) -> None: ...

    def collect(self) -> list[tuple[Sequence[Unit], Classes]]:
        """What has come back, waiting for at least one batch."""

    def close(self) -> None: ...


class Here:
    """This process: right for a GPU, and for a few pictures."""

    slots = 1

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._waiting: list[Sequence[Unit]] = []

    def submit(self, units: Sequence[Unit]) -> None:
        self._waiting.append(units)

    def collect(self) -> list[tuple[Sequence[Unit], Classes]]:
        units = self._waiting.pop(0)
        return [(units, cast(self._plan, units))]

    def close(self) -> None:
        self._waiting.clear()


class Processes:
    """Processes of one thread each: on a CPU several times as fast as one process with several threads."""

    def __init__(self, plan: Plan, count: int) -> None:
        self.slots = count
        self._plan, self._futures = plan, dict[Future[Classes], Sequence[Unit]]()
        self._pool = ProcessPoolExecutor(count, get_context("spawn"), _single_threaded)

    def submit(self, units: Sequence[Unit]) -> None:
        self._futures[self._pool.submit(cast, self._plan, units)] = units

    def collect(self) -> list[tuple[Sequence[Unit], Classes]]:
        done, _ = wait(self._futures, return_when=FIRST_COMPLETED)
        try:
            return [(self._futures.pop(future), future.result()) for future in done]
        except BrokenProcessPool:
            raise InputError(
                "a worker process died, perhaps for want of memory; go on with --resume and fewer --workers"
            ) from None

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def _single_threaded() -> None:
    import torch

    torch.set_num_threads(1)


class RayActors:
    """Ray actors, one a GPU or core, on this machine or a cluster. A killed actor's units are asked again,
    and counted once, for only what comes back is counted."""

    def __init__(self, plan: Plan, count: int, address: str | None = None) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
        try:
            import ray
        except ModuleNotFoundError:
            raise InputError("Ray is not installed; run: pip install -r requirements-ray.txt") from None
        self._ray: Any = ray
        self._own = not ray.is_initialized()
        if self._own:
            self._join(address, count)
        on_gpu = resolve_device(plan.config.device).type == "cuda"
        voter = self._ray.remote(Voter).options(**({"num_gpus": 1} if on_gpu else {"num_cpus": 1}))
        self._another = partial(voter.remote, plan)
        self.slots = count
        self.actors = [self._another() for _ in range(count)]
        self._busy: dict[Any, tuple[int, Sequence[Unit]]] = {}

    def _join(self, address: str | None, count: int) -> None:
        environment = {name: value for name, value in os.environ.items() if name.startswith("DIFFSMOOTH_")}
        try:
            self._ray.init(
                address=address,
                num_cpus=None if address else count,
                include_dashboard=False,
                log_to_driver=False,
                configure_logging=False,
                runtime_env={"env_vars": environment | {"OMP_NUM_THREADS": "1"}},
            )
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise InputError(
                f"no Ray cluster answers at {address!r} ({str(error)[:120]}); check --address"
            ) from None

    def submit(self, units: Sequence[Unit]) -> None:
        taken = {place for place, _ in self._busy.values()}
        self._ask(next(i for i in range(self.slots) if i not in taken), units)

    def _ask(self, place: int, units: Sequence[Unit]) -> None:
        self._busy[self.actors[place].cast.remote(list(units))] = (place, units)

    def collect(self) -> list[tuple[Sequence[Unit], Classes]]:
        while True:
            (reference, *_), _ = self._ray.wait(list(self._busy), num_returns=1)
            place, units = self._busy.pop(reference)
            try:
                return [(units, self._ray.get(reference))]
            except self._ray.exceptions.RayActorError:
                self.actors[place] = self._another()
                self._ask(place, units)
            except self._ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, InputError):
                    raise InputError(str(error.cause)) from None
                raise

    def close(self) -> None:
        for actor in self.actors:
            self._ray.kill(actor)
        if self._own:
            self._ray.shutdown()


class Voter:
    """What runs in an actor."""

    def __init__(self, plan: Plan) -> None:
        _single_threaded()
        self._plan = plan

    def cast(self, units: Sequence[Unit]) -> Classes:
        return cast(self._plan, units)
