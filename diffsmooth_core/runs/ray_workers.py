"""Votes cast by Ray actors, on this machine or on a cluster."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from typing import Any

from diffsmooth_core.certification.hardware import hardware, together
from diffsmooth_core.classifiers.device import resolve_device
from diffsmooth_core.config import InputError
from diffsmooth_core.runs.workers import Classes, Plan, VoteRequest, cast, single_threaded


class RayWorkers:
    """Ray actors, one for each GPU or CPU core, on this machine or a cluster. Ray shows an actor its own GPU
    alone, which is called cuda:0 there.

    The votes requested of an actor that was killed are requested of another one. No vote is counted twice,
    because only returned votes are counted. Raises InputError where Ray is not installed, no cluster
    answers at the address, or it has fewer GPUs or cores than workers: some of those would never start.
    """

    def __init__(self, plan: Plan, count: int, address: str | None = None) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no usage statistics are sent
        try:
            import ray
        except ModuleNotFoundError:
            raise InputError("Ray is not installed; run: pip install -r requirements-ray.txt") from None
        self._ray: Any = ray
        self.slots, self.actors = count, list[Any]()
        self._kinds: list[dict[str, str]] = []
        self._started_ray = not ray.is_initialized()
        if self._started_ray:
            self._connect(address, count)
        on_gpu = resolve_device(plan.config.device).type == "cuda"
        self._check_room("GPU" if on_gpu else "CPU", count)
        voter = self._ray.remote(VotingActor).options(**({"num_gpus": 1} if on_gpu else {"num_cpus": 1}))
        self._new_actor = partial(voter.remote, plan.on("cuda:0") if on_gpu else plan)
        self.actors = [self._new_actor() for _ in range(count)]
        self._in_flight: dict[Any, tuple[int, Sequence[VoteRequest]]] = {}

    def _check_room(self, kind: str, count: int) -> None:
        there = int(self._ray.cluster_resources().get(kind, 0))
        if count > there:
            self.close()
            raise InputError(
                f"{count} workers need a {kind} each and Ray has {there}; give --workers {max(1, there)}"
            )

    def _connect(self, address: str | None, count: int) -> None:
        environment = {name: value for name, value in os.environ.items() if name.startswith("DIFFSMOOTH_")}
        # A submitted job may have set some of these itself, which Ray else takes for a contradiction.
        os.environ.setdefault("RAY_OVERRIDE_JOB_RUNTIME_ENV", "1")
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

    @property
    def kind(self) -> dict[str, str] | None:
        """The kinds of device of all actors whose votes were collected; a cluster may have several."""
        return together(self._kinds) or None

    def submit(self, requests: Sequence[VoteRequest]) -> None:
        busy = {place for place, _ in self._in_flight.values()}
        self._send(next(i for i in range(self.slots) if i not in busy), requests)

    def _send(self, place: int, requests: Sequence[VoteRequest]) -> None:
        self._in_flight[self.actors[place].cast.remote(list(requests))] = (place, requests)

    def collect(self) -> list[tuple[Sequence[VoteRequest], Classes]]:
        while True:
            (reference, *_), _ = self._ray.wait(list(self._in_flight), num_returns=1)
            place, requests = self._in_flight.pop(reference)
            try:
                kind, classes = self._ray.get(reference)
            except self._ray.exceptions.RayActorError:
                self.actors[place] = self._new_actor()
                self._send(place, requests)
            except self._ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, InputError):
                    raise InputError(str(error.cause)) from None
                raise
            else:
                if kind not in self._kinds:
                    self._kinds = sorted([*self._kinds, kind], key=str)
                return [(requests, classes)]

    def close(self) -> None:
        for actor in self.actors:
            self._ray.kill(actor)
        if self._started_ray:
            self._ray.shutdown()


class VotingActor:
    """The class that each Ray actor runs: it loads the networks and casts votes."""

    def __init__(self, plan: Plan) -> None:
        single_threaded()
        self._plan = plan

    def cast(self, requests: Sequence[VoteRequest]) -> tuple[dict[str, str], Classes]:
        """The kind of device here, and the classes of each request's votes."""
        return hardware(self._plan.base.device), cast(self._plan, requests)
