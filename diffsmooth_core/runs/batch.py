"""A batch run certifies many pictures together; votes are saved every second, so a killed run can resume."""

from __future__ import annotations

import json
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from diffsmooth_core.certification.ballots import Classes
from diffsmooth_core.certification.certificate import SCHEMA
from diffsmooth_core.certification.commitment import Commitment, canonical, check_nonce
from diffsmooth_core.certification.decision import check_reachable
from diffsmooth_core.certification.hardware import hardware, together
from diffsmooth_core.certification.stream import broken_promise, build_certificate
from diffsmooth_core.certification.voting import commitment_of
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.batching import halve_batch
from diffsmooth_core.classifiers.building import default_execution
from diffsmooth_core.classifiers.execution import Execution, available
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.runs.pending import PendingImage
from diffsmooth_core.runs.records import Run, Tally, config_of
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store
from diffsmooth_core.runs.workers import Plan, VoteRequest, Workers, base_of, load_picture
from diffsmooth_core.version import __version__

log = logging.getLogger(__name__)
FLUSH = 1.0  # seconds between two writes; a killed run loses at most the votes of that time
WINDOW = 32  # work on at least this many pictures at once


@dataclass(frozen=True)
class Status:
    """How far a run is. certified_accuracy is the share of the finished pictures that are certified as their
    true class with at least the target radius (at any radius where stopping is "fixed")."""

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


def start(store: Store, name: str, config: SmoothingConfig, indices: Sequence[int], nonce: str = "") -> Run:
    """Create a run over these test pictures in the store, under a verifier's challenge if a nonce is given:
    the run then keeps the commitments of its pictures. Raises InputError where its networks cannot be loaded,
    no number of votes up to n can reach the target radius, or the name is taken."""
    base = base_for(config, indices)
    settings = config.as_dict() | execution_settings(base, base.purifier_batch) | {"version": __version__}
    if nonce:
        settings["challenge"] = asdict(committed(base, config, indices, check_nonce(nonce)))
    return store.create(name, "audit", config.dataset, settings, indices, base.weights)


def base_for(config: SmoothingConfig, indices: Sequence[int]) -> BaseClassifier:
    """The networks of a run over these pictures, as they will run. Raises InputError as `start` does."""
    check_reachable(config)
    base = base_of(config)
    return replace(base, execution=default_execution(base, len(indices) * (config.n0 + config.n)))


def committed(
    base: BaseClassifier, config: SmoothingConfig, indices: Sequence[int], nonce: str = ""
) -> Commitment:
    """What the noise of an audit is tied to under a challenge: the certificates of all pictures that can be
    read."""
    members = []
    for idx in indices:
        with suppress(InputError):  # such a picture is skipped and listed when its turn comes
            members.append(commitment_of(base, load_picture(config.dataset, idx).tensor, config).hash)
    return Commitment.of_group(members, nonce)


def execution_settings(base: BaseClassifier, block: int) -> dict[str, Any]:
    """How the networks run, to be stored with a run's settings: votes depend on it, so it is fixed before the
    first one."""
    return {"block": block, "arithmetic": str(base.dtype), "execution": str(base.execution), "schema": SCHEMA}


def plan_of(run: Run) -> Plan:
    """The plan with which the run began: its settings and how its networks ran. Raises InputError where this
    machine cannot run them so, the networks' weights have changed, or it began with an earlier schema."""
    config = config_of(run)
    if run.config.get("schema") != SCHEMA:
        raise InputError(
            f"run {run.name!r} began in a version with other noise and cannot go on; start a new run"
        )
    execution, challenge = Execution.parse(run.config["execution"]), run.config.get("challenge")
    tied_to = Commitment(challenge["hash"], None, challenge["nonce"]) if challenge else None
    plan = Plan(config, execution, run.config["block"], tied_to)
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


def work(store: Store, run: Run, workers: Callable[[Plan], Workers]) -> Iterator[Status]:
    """Certify what is left of a run, yielding after every batch of votes; closing the generator stops it.

    A picture's votes are those that `certify` draws, in the same order, so a run that was killed and resumed
    ends with the results of an undisturbed one. A picture that cannot be read is skipped and listed. When
    memory runs out, the unfinished pictures start again with half as many copies at a time, as in `certify`;
    their results record that. Raises InputError where the networks are no longer those that the run began
    with.
    """
    batch = BatchRun(store, run, workers)
    try:
        while not batch.finished:
            batch.fill()
            batch.dispatch()
            if batch.collect():
                batch.flush_when_due()
                yield batch.status()
        batch.finish()
    finally:
        batch.close()


class BatchRun:
    """The state of a run in progress: pictures not begun, pictures that are being voted on, and votes and
    results that are not written yet."""

    def __init__(self, store: Store, run: Run, workers: Callable[[Plan], Workers]) -> None:
        finished = {result.idx: result for result in store.results(run)}
        self._store, self._run, self._make_workers = store, run, workers
        remarks = store.remarks(run)
        self._skipped = {remark.idx for remark in remarks if remark.kind == "skipped"}
        self._kinds = [json.loads(remark.text) for remark in remarks if remark.kind == "hardware"]
        self._saving = True  # whether the votes of unfinished pictures are kept in the store
        self._plan, begun = _resumed(store, run, plan_of(run), finished)
        self._waiting = OrderedDict(
            (idx, begun.get(idx)) for idx in run.indices if idx not in finished and idx not in self._skipped
        )
        self._under_way: OrderedDict[int, PendingImage] = OrderedDict()
        self._tallies: list[Tally] = []
        self._results: list[Result] = []
        config = self._plan.config
        self._target = 0.0 if config.stopping == "fixed" else config.target_radius
        self._done = self._done_before = len(finished)
        self._right = sum(self._is_right(result) for result in finished.values())
        self._votes = self._in_flight = 0
        self._began = self._written = time.monotonic()
        self._workers = workers(self._plan)
        self._window = max(WINDOW, 2 * self._workers.slots * self._plan.base.votes_per_step // 10)

    @property
    def finished(self) -> bool:
        return not self._waiting and not self._under_way

    def fill(self) -> None:
        """Begin as many pictures as keep the workers busy; skip those that cannot be read."""
        while self._waiting and len(self._under_way) < self._window:
            idx, begun = self._waiting.popitem(last=False)
            try:
                load_picture(self._plan.config.dataset, idx)
            except InputError as error:
                self._store.remark(self._run, idx, "skipped", str(error))
                self._skipped.add(idx)
            else:
                self._under_way[idx] = begun or PendingImage.without_votes(idx, self._plan)

    def dispatch(self) -> None:
        """Give every idle worker a batch of votes to cast."""
        while self._in_flight < self._workers.slots and (requests := self._next_requests()):
            self._workers.submit(requests)
            self._in_flight += 1

    def _next_requests(self) -> list[VoteRequest]:
        """The next votes of the pictures in progress, as many as fit into one pass of the networks."""
        requests: list[VoteRequest] = []
        room = self._plan.base.votes_per_step
        for image in self._under_way.values():
            if not room:
                break
            if not image.requested:
                image.requested = True
                requests.append(request := image.next_request(self._plan.config, room))
                room -= request.stop - request.start
        return requests

    def collect(self) -> bool:
        """Wait for votes and count them. False where none were requested, or none came because memory ran
        out."""
        if not self._in_flight:
            return False
        try:
            collected = self._workers.collect()
        except RuntimeError as error:
            self.shrink(error)
            return False
        for requests, classes in collected:
            self._in_flight -= 1
            for request, votes in zip(requests, classes, strict=True):
                self._count(request, votes)
        return True

    def _count(self, request: VoteRequest, classes: Classes) -> None:
        image = self._under_way[request.idx]
        image.requested = False
        self._votes += len(classes)
        tally, decision = image.count(request, classes, self._plan)
        if self._saving:
            self._tallies.append(tally)
        if decision:
            del self._under_way[request.idx]
            kinds = self._kinds if image.resumed else []
            result = _result(self._plan, image, together([*kinds, self._kind]))
            self._results.append(result)
            self._done += 1
            self._right += self._is_right(result)

    @property
    def _kind(self) -> dict[str, str]:
        return self._workers.kind or hardware(self._plan.base.device)

    def _is_right(self, result: Result) -> bool:
        return result.correct and result.radius >= self._target

    def shrink(self, error: RuntimeError) -> None:
        """After memory ran out, go on with half as many copies at a time (a smaller block). Votes depend on
        the block, so unfinished pictures drop their votes and start again. Below a block of 1, where the
        classifier alone takes fewer pictures, their votes are not kept in the store, which knows votes by
        the block. Raises the error again where it is another one, and InputError where nothing can be halved
        any more or the block was promised under a challenge."""
        if self._plan.tied_to is not None:
            raise broken_promise(self._plan.base, self._plan.tied_to, error) from None
        smaller = halve_batch(self._plan.base, error)
        self._saving = self._plan.block > 1
        self._plan, self._in_flight = self._plan.halved, 0
        log.warning(
            "run %s: out of memory, so %d copies and %d pictures at a time from here on",
            self._run.name,
            smaller.purifier_batch,
            smaller.classifier_batch,
        )
        self._workers.close()
        self._workers = self._make_workers(self._plan)
        for idx in self._under_way:
            self._under_way[idx] = PendingImage.without_votes(idx, self._plan)
        self._waiting.update(dict.fromkeys(self._waiting))

    def flush_when_due(self) -> None:
        """Write new votes and results if FLUSH seconds have passed since the last write."""
        if time.monotonic() - self._written >= FLUSH:
            self.flush()

    def flush(self) -> None:
        """Write the votes and results since the last write, in one transaction; before it, what kind of
        device cast them, for certificates whose votes another kind goes on with."""
        if self._tallies and self._kind not in self._kinds:
            self._store.remark(self._run, None, "hardware", canonical(self._kind))
            self._kinds.append(self._kind)
        self._store.add(self._run, self._tallies, self._results)
        self._tallies.clear()
        self._results.clear()
        self._written = time.monotonic()

    def status(self) -> Status:
        seconds = time.monotonic() - self._began
        new, left = self._done - self._done_before, len(self._waiting) + len(self._under_way)
        return Status(
            done=self._done,
            total=len(self._run.indices),
            skipped=len(self._skipped),
            votes=self._votes,
            votes_per_second=self._votes / max(seconds, 1e-9),
            seconds_left=seconds / new * left if new else None,
            certified_accuracy=self._right / self._done if self._done else 0.0,
        )

    def finish(self) -> None:
        """Write the remaining votes and results, and a remark that the run has finished."""
        self.flush()
        text = f"{self._done} certified, {len(self._skipped)} skipped"
        self._store.remark(self._run, None, "finished", text)

    def close(self) -> None:
        """Write what was counted, also after an interruption, and stop the workers."""
        if self._tallies:
            self.flush()
        self._workers.close()


def _resumed(
    store: Store, run: Run, plan: Plan, finished: dict[int, Result]
) -> tuple[Plan, dict[int, PendingImage]]:
    """Where an interrupted run goes on: the plan with the smallest block (copies at a time) that the run came
    down to, and the unfinished pictures with the votes that they have at that block."""
    tallies = store.tallies(run)
    smallest = min((tally.block for tally in tallies), default=plan.block)
    while plan.block > smallest:
        plan = plan.halved
    images: dict[int, PendingImage] = {}
    for tally in tallies:
        if tally.idx not in finished and tally.block == plan.block:
            images.setdefault(tally.idx, PendingImage.without_votes(tally.idx, plan)).restore(tally)
    return plan, images


def _result(plan: Plan, image: PendingImage, kind: dict[str, str]) -> Result:
    picture, base = load_picture(plan.config.dataset, image.idx), plan.base
    certificate = build_certificate(
        base,
        picture.tensor,
        plan.config,
        image.selection,
        image.estimation,
        plan.tied_to or commitment_of(base, picture.tensor, plan.config),
        source=picture.source,
        batch=base.votes_per_step,
        seconds=time.monotonic() - image.began,
        kind=kind,
    )
    return Result.of(certificate, image.idx, picture.label)
