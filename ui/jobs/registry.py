"""Long runs outside any page: a bounded queue, one worker thread, frozen snapshots, cancel, fair turns."""

from __future__ import annotations

import itertools
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, Protocol, TypeVar

from diffsmooth_core.config import InputError

State = Literal["queued", "running", "done", "failed", "cancelled"]
TURN = 20.0  # seconds that a job works while others wait


class Step(Protocol):
    """What a stream yields: how far it is."""

    @property
    def finished(self) -> bool:
        """Whether it is the last."""


P = TypeVar("P", bound=Step)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot(Generic[P]):
    """What is known of a job at one moment; nothing in it changes afterwards."""

    id: str
    state: State
    position: int  # jobs ahead in the queue
    progress: P | None  # the latest; kept when the job is cancelled or fails
    seconds: float  # of running, so far or in all
    error: str | None  # why it failed: a sentence without a full stop, as an InputError's
    subject: Any  # what the submitter attached

    @property
    def finished(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


@dataclass
class _Job(Generic[P]):
    snapshot: Snapshot[P]
    stream: Callable[[], Iterator[P]]
    owner: str
    cancelled: threading.Event = field(default_factory=threading.Event)
    steps: Iterator[P] | None = None  # once it has begun
    arrived: int = 0  # in the queue, by a running number


class JobManager(Generic[P]):
    """Runs streams on one worker thread, a manager a device, in fair turns.

    A job works until it ends, or while others wait for `turn` seconds and then goes on after them. Next is
    the job of the owner who has waited longest. At most `capacity` jobs wait, `each` of them of one owner;
    the last `keep` finished ones can still be looked up.
    """

    def __init__(
        self, capacity: int = 32, keep: int = 64, each: int | None = None, turn: float = TURN
    ) -> None:
        self._capacity, self._keep, self._each, self._turn = capacity, keep, each, turn
        self._jobs: OrderedDict[str, _Job[P]] = OrderedDict()
        self._queue: list[_Job[P]] = []
        self._served: dict[str, int] = {}  # owner -> when one of theirs last had a turn
        self._number = itertools.count(1)
        self._changed = threading.Condition()
        self._worker: threading.Thread | None = None

    def submit(self, stream: Callable[[], Iterator[P]], subject: Any = None, owner: str = "") -> str:
        """Queue a stream and return the job's id. Raises InputError where the queue, or the owner's share
        of it, is full."""
        with self._changed:
            if len(self._queue) >= self._capacity:
                raise InputError(f"{len(self._queue)} runs are waiting already; try again in a minute")
            own = sum(job.owner == owner for job in self._queue)
            if self._each is not None and own >= self._each:
                runs = "run of yours is" if own == 1 else "runs of yours are"
                raise InputError(f"{own} {runs} waiting already; cancel one or wait")
            job_id = secrets.token_urlsafe(6)
            snapshot: Snapshot[P] = Snapshot(job_id, "queued", 0, None, 0.0, None, subject)
            job = _Job(snapshot, stream, owner)
            self._jobs[job_id] = job
            self._wait_in_line(job)
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._work, name="jobs", daemon=True)
                self._worker.start()
            return job_id

    def _wait_in_line(self, job: _Job[P]) -> None:
        job.arrived = next(self._number)
        self._queue.append(job)
        self._changed.notify_all()

    def _in_turn(self) -> list[_Job[P]]:
        """The queue in the order in which it will be served: the owner who waited longest first."""
        served, left = dict(self._served), list(self._queue)
        line: list[_Job[P]] = []
        while left:
            job = min(left, key=lambda job: (served.get(job.owner, 0), job.arrived))
            left.remove(job)
            line.append(job)
            served[job.owner] = 1 + max(served.values(), default=0)
        return line

    def snapshot(self, job_id: str) -> Snapshot[P] | None:
        """The job as it stands, or None where the id is unknown or long gone."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None:
                return None
            if job.snapshot.state == "queued":
                return replace(job.snapshot, position=len(self._ahead(job)))
            return job.snapshot

    def ahead(self, job_id: str) -> list[Snapshot[P]]:
        """The jobs that come before a waiting one, the running one first."""
        with self._changed:
            job = self._jobs.get(job_id)
            return self._ahead(job) if job and job.snapshot.state == "queued" else []

    def _ahead(self, job: _Job[P]) -> list[Snapshot[P]]:
        running = [  # a cancelled one makes way after its step
            other.snapshot
            for other in self._jobs.values()
            if other.snapshot.state == "running" and not other.cancelled.is_set()
        ]
        line = self._in_turn()
        return running + [other.snapshot for other in line[: line.index(job)]]

    def cancel(self, job_id: str) -> None:
        """Stop after the step in hand; what there is stays in the snapshot."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None or job.snapshot.finished:
                return
            job.cancelled.set()
            if job in self._queue:
                self._queue.remove(job)
                self._finish(job, "cancelled")

    def wait(self, job_id: str, timeout: float) -> Snapshot[P] | None:
        """Block until the job has finished or the timeout (seconds) has passed."""
        with self._changed:
            self._changed.wait_for(
                lambda: job_id not in self._jobs or self._jobs[job_id].snapshot.finished, timeout
            )
        return self.snapshot(job_id)

    def _finish(self, job: _Job[P], state: State, error: str | None = None) -> None:
        if job.steps is not None:
            _close(job.steps)
        job.snapshot, job.steps = replace(job.snapshot, state=state, error=error), None
        finished = [i for i, j in self._jobs.items() if j.snapshot.finished]
        for old in finished[: max(0, len(finished) - self._keep)]:
            del self._jobs[old]
        self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue)
                job = self._in_turn()[0]
                self._queue.remove(job)
                self._served[job.owner] = next(self._number)
                job.snapshot = replace(job.snapshot, state="running")
            error = None
            try:
                state = self._run(job)
            except InputError as failure:
                state, error = "failed", str(failure)
            except Exception as failure:
                log.exception("a run failed")
                state, error = (
                    "failed",
                    f"an internal error ({type(failure).__name__}); the server's log has more",
                )
            with self._changed:
                if state == "queued" and not job.cancelled.is_set():
                    job.snapshot = replace(job.snapshot, state="queued")
                    self._wait_in_line(job)
                else:
                    self._finish(job, "cancelled" if state == "queued" else state, error)

    def _run(self, job: _Job[P]) -> State:
        """Work on a job until it ends, is cancelled, or its turn is over while others wait."""
        began, before = time.monotonic(), job.snapshot.seconds
        job.steps = job.steps or iter(job.stream())
        for progress in job.steps:
            spent = time.monotonic() - began
            with self._changed:
                job.snapshot = replace(job.snapshot, progress=progress, seconds=before + spent)
                others = bool(self._queue)
            if progress.finished:
                continue
            if job.cancelled.is_set():
                return "cancelled"
            if others and spent >= self._turn:
                return "queued"
        return "done"


def _close(steps: Iterator[Any]) -> None:
    """End a generator where it stands, so that it lets go of what it holds."""
    close = getattr(steps, "close", None)
    if close is not None:
        close()
