"""Workers that cast votes, in this process, on several GPUs or in several processes; `ray_workers` does so
with Ray. The votes are the same whichever is used."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import get_context
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from diffsmooth_core.caching import MB, kept
from diffsmooth_core.certification.certificate import Counted
from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.certification.voting import VoteRange, cast_votes
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.device import resolve_device
from diffsmooth_core.classifiers.execution import Execution
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.datasets import resolve
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.smoothed import SmoothedClassifier

Classes = list[npt.NDArray[np.int64]]


@dataclass(frozen=True)
class VoteRequest:
    """A request to a worker: votes start..stop-1 of a stage for test picture idx."""

    idx: int
    stage: Counted
    start: int
    stop: int


@dataclass(frozen=True)
class Plan:
    """What a vote depends on besides picture, stage and index: the settings, how the networks run, and under
    a challenge what the noise of all pictures is tied to; each picture's own commitment without."""

    config: SmoothingConfig
    execution: Execution
    block: int
    tied_to: Commitment | None = None

    @property
    def base(self) -> BaseClassifier:
        return _base(self)

    def on(self, device: str) -> Plan:
        """The same plan on another device of the same kind: its votes are the same."""
        return replace(self, config=replace(self.config, device=device))

    @property
    def halved(self) -> Plan:
        """The plan with half the block, for use after memory ran out."""
        fewer = self.base.halved
        return replace(self, execution=fewer.execution, block=fewer.purifier_batch)


@lru_cache(maxsize=16)
def _base(plan: Plan) -> BaseClassifier:
    """The base classifier of a plan. Kept with its networks as they were prepared, for each device."""
    return replace(base_of(plan.config), execution=plan.execution, purifier_batch=plan.block)


@lru_cache(maxsize=16)
def base_of(config: SmoothingConfig) -> BaseClassifier:
    """The base classifier of a configuration, loaded once per process. Raises InputError."""
    return SmoothedClassifier.load(config).base


@kept(128 * MB)
def load_picture(dataset: str, idx: int) -> Picture:
    """Test picture idx of a data set. Raises InputError."""
    return resolve(f"{dataset}:{idx}", dataset)


def cast(plan: Plan, requests: Sequence[VoteRequest]) -> Classes:
    """The classes of each request's votes (stop-start,), in one pass of the networks."""
    dataset = plan.config.dataset
    ranges = [
        VoteRange(load_picture(dataset, r.idx).tensor, r.stage, r.start, r.stop, plan.tied_to)
        for r in requests
    ]
    return cast_votes(plan.base, ranges, plan.config)


class Workers(Protocol):
    """Takes vote requests and returns their votes in any order. `collect` raises the errors of the
    networks."""

    slots: int  # batches of requests that may be in progress at once

    @property
    def kind(self) -> dict[str, str] | None:
        """The kind of device that cast the votes collected so far; None where it is this machine's."""

    def submit(self, requests: Sequence[VoteRequest]) -> None: ...

    def collect(self) -> list[tuple[Sequence[VoteRequest], Classes]]:
        """The finished batches with their votes; waits until there is at least one."""

    def close(self) -> None: ...


def this_process(plan: Plan) -> Workers:
    """The workers of this process: one for each GPU where the plan leaves open which one, else one."""
    gpus = gpus_alike(plan.config.device)
    return Devices(plan, gpus) if len(gpus) > 1 else ThisProcess(plan)


def gpus_alike(device: str) -> list[str]:
    """The full names of the GPUs that `device` leaves open ("auto" or "cuda"), as far as they are of the kind
    of the first one: on another kind, the last bits of a network's output may differ."""
    if str(resolve_device(device)) != "cuda":
        return []
    kinds = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return [f"cuda:{i}" for i, kind in enumerate(kinds) if kind == kinds[0]]


class ThisProcess:
    """Casts votes in this process on one device."""

    slots, kind = 1, None

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._waiting: list[Sequence[VoteRequest]] = []

    def submit(self, requests: Sequence[VoteRequest]) -> None:
        self._waiting.append(requests)

    def collect(self) -> list[tuple[Sequence[VoteRequest], Classes]]:
        requests = self._waiting.pop(0)
        return [(requests, cast(self._plan, requests))]

    def close(self) -> None:
        self._waiting.clear()


class Pooled:
    """Casts votes in a pool's threads or processes, one for each of `plans`."""

    kind = None

    def __init__(self, pool: Executor, plans: Sequence[Plan]) -> None:
        self.slots = len(plans)
        self._pool, self._idle = pool, list(plans)
        self._futures = dict[Future[Classes], tuple[Plan, Sequence[VoteRequest]]]()

    def submit(self, requests: Sequence[VoteRequest]) -> None:
        plan = self._idle.pop()
        self._futures[self._pool.submit(cast, plan, requests)] = plan, requests

    def collect(self) -> list[tuple[Sequence[VoteRequest], Classes]]:
        done, _ = wait(self._futures, return_when=FIRST_COMPLETED)
        collected = []
        for future in done:
            plan, requests = self._futures.pop(future)
            self._idle.append(plan)
            collected.append((requests, future.result()))
        return collected

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


class Devices(Pooled):
    """Casts votes on several GPUs, each with a thread of this process."""

    def __init__(self, plan: Plan, devices: Sequence[str]) -> None:
        super().__init__(ThreadPoolExecutor(len(devices), "votes"), [plan.on(device) for device in devices])


class Processes(Pooled):
    """Casts votes in several processes of one thread each, which on a CPU is several times as fast as one
    process with several threads."""

    def __init__(self, plan: Plan, count: int) -> None:
        super().__init__(ProcessPoolExecutor(count, get_context("spawn"), single_threaded), [plan] * count)

    def collect(self) -> list[tuple[Sequence[VoteRequest], Classes]]:
        try:
            return super().collect()
        except BrokenProcessPool:
            raise InputError(
                "a worker process died, perhaps for want of memory; go on with --resume and fewer --workers"
            ) from None


def single_threaded() -> None:
    torch.set_num_threads(1)
