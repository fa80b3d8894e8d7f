"""Workers that cast votes, in this process or in several; `ray_workers` does so with Ray. The votes are the
same whichever is used."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import get_context
from typing import Protocol

import numpy as np
import numpy.typing as npt

from diffsmooth_core.certification.certificate import Counted
from diffsmooth_core.certification.commitment import Commitment
from diffsmooth_core.certification.voting import VoteRange, cast_votes
from diffsmooth_core.classifiers.base import BaseClassifier
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
        return replace(base_of(self.config), execution=self.execution, purifier_batch=self.block)

    @property
    def halved(self) -> Plan:
        """The plan with half the block, for use after memory ran out."""
        fewer = self.base.halved
        return replace(self, execution=fewer.execution, block=fewer.purifier_batch)


@lru_cache(maxsize=4)
def base_of(config: SmoothingConfig) -> BaseClassifier:
    """The base classifier of a configuration, loaded once per process. Raises InputError."""
    return SmoothedClassifier.load(config).base


@lru_cache(maxsize=512)
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

    def submit(self, requests: Sequence[VoteRequest]) -> None: ...

    def collect(self) -> list[tuple[Sequence[VoteRequest], Classes]]:
        """The finished batches with their votes; waits until there is at least one."""

    def close(self) -> None: ...


class ThisProcess:
    """Casts votes in this process: the right choice on a GPU, and for a few pictures."""

    slots = 1

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


class Processes:
    """Casts votes in several processes of one thread each, which on a CPU is several times as fast as one
    process with several threads."""

    def __init__(self, plan: Plan, count: int) -> None:
        self.slots = count
        self._plan, self._futures = plan, dict[Future[Classes], Sequence[VoteRequest]]()
        self._pool = ProcessPoolExecutor(count, get_context("spawn"), single_threaded)

    def submit(self, requests: Sequence[VoteRequest]) -> None:
        self._futures[self._pool.submit(cast, self._plan, requests)] = requests

    def collect(self) -> list[tuple[Sequence[VoteRequest], Classes]]:
        done, _ = wait(self._futures, return_when=FIRST_COMPLETED)
        try:
            return [(self._futures.pop(future), future.result()) for future in done]
        except BrokenProcessPool:
            raise InputError(
                "a worker process died, perhaps for want of memory; go on with --resume and fewer --workers"
            ) from None

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def single_threaded() -> None:
    import torch

    torch.set_num_threads(1)
