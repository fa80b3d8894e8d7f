"""The registry of the server's jobs: named queues with a worker thread each, in which owners take fair turns.
Jobs are seen through immutable snapshots, can be cancelled, and are forgotten some time after their end."""

from __future__ import annotations

import itertools
import logging
import math
import secrets
import threading
import time
from collections.abc import Callable, Generator, Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, Protocol, TypeVar

import streamlit as st

from diffsmooth_core.config import InputError
from ui.jobs import gate
from ui.session.limits import limit

JobState = Literal["queued", "running", "done", "failed", "cancelled"]

log = logging.getLogger(__name__)


class JobProgress(Protocol):
    """The interface of the progress values that a job's stream yields."""

    @property
    def finished(self) -> bool:
        """Whether this is the last progress of the stream."""


P = TypeVar("P", bound=JobProgress)


@dataclass(frozen=True)
class Snapshot(Generic[P]):
    """What is known of a job at one moment; nothing in it changes afterwards."""

    id: str
    state: JobState
    subject: Any = None  # what the submitter attached
    key: Hashable = None  # the piece of work that it does, where that has a name
    owner: str = ""  # the visitor who started it; nobody's is everybody's
    position: int = 0  # jobs ahead of it in the queue
    progress: P | None = None  # the latest; kept when the job is cancelled or fails
    resumed: P | None = None  # the progress of an earlier job that it went on from
    seconds: float = 0.0  # of running, so far or in all
    error: str | None = None  # why it failed: a sentence without a full stop, as an InputError's
    cancelling: bool = False  # whether it was asked to stop: it does after the step in hand

    @property
    def finished(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


@dataclass(frozen=True)
class QueueLimits:
    """How many jobs may wait in a queue, and `each` of them of one owner; how many seconds a job works while
    others wait (`turn`), and how many finished ones can still be looked up (`keep`)."""

    capacity: int = 32
    each: int | None = None
    turn: float = 20.0
    keep: int = 64


@dataclass(eq=False)
class _Job:
    snapshot: Snapshot[Any]
    stream: Callable[[], Iterator[Any]] | None  # None once it has ended: what it was to work on is let go
    queue: _Queue
    steps: Iterator[Any] | None = None  # once it has begun
    arrived: int = 0  # in the queue, by a running number

    @property
    def owner(self) -> str:
        return self.snapshot.owner


@dataclass(eq=False)
class _Queue:
    name: str
    limits: QueueLimits
    waiting: list[_Job] = field(default_factory=list)
    running: _Job | None = None
    served: dict[str, int] = field(default_factory=dict)  # owner -> when one of theirs last had a turn
    worker: threading.Thread | None = None

    def in_turn(self) -> list[_Job]:
        """The waiting jobs in the order in which they will run: first those of the owner who waited
        longest."""
        served, left = dict(self.served), list(self.waiting)
        line: list[_Job] = []
        while left:
            job = min(left, key=lambda job: (served.get(job.owner, 0), job.arrived))
            left.remove(job)
            line.append(job)
            served[job.owner] = 1 + max(served.values(), default=0)
        return line

    def line(self) -> list[_Job]:
        """The running job, then the waiting ones; a running job that was cancelled is not counted."""
        running = [self.running] if self.running and not self.running.snapshot.cancelling else []
        return running + self.in_turn()


class Registry:
    """Runs jobs, a stream of progress each, in named queues; every queue has a worker thread of its own.

    A job runs until it ends; while other jobs of its queue wait, it runs for one turn and goes on after them.
    The next job is that of the owner who has waited longest. A job is found by its id, and the last job for a
    piece of work by its key; at most one job of a key waits or runs. All methods are thread-safe.

    `admit` sees the subject of every job first, and raises InputError where that may not be done.
    """

    def __init__(self, admit: Callable[[Any], None] = lambda _: None, **queues: QueueLimits) -> None:
        self._admit = admit
        self._queues = {name: _Queue(name, limits) for name, limits in queues.items()}
        self._jobs: dict[str, _Job] = {}  # by id, in the order of submission or, once finished, of ending
        self._latest: dict[Hashable, str] = {}  # key -> id of the last job
        self._number = itertools.count(1)
        self._changed = threading.Condition()  # guards everything above and all that it holds

    def submit(
        self,
        queue: str,
        stream: Callable[[], Iterator[P]],
        *,
        key: Hashable = None,
        subject: Any = None,
        owner: str = "",
        resumed: P | None = None,
        after: Snapshot[Any] | None = None,
    ) -> str:
        """Queue a stream and return the job's id.

        Nothing is queued, and the id of the key's last job returned, where that waits or runs, or is a later
        one than `after`, the last that the submitter saw: of two presses at once the second starts nothing. A
        stream that goes on from the progress of an earlier job names that as `resumed`. Raises InputError
        where the job is not admitted, or the queue or the owner's share of it is full.
        """
        self._admit(subject)
        with self._changed:
            latest = self.latest(key)
            if latest and (not latest.finished or latest.id != (after.id if after else None)):
                return latest.id
            self.check_capacity(queue, owner)
            line = self._queues[queue]
            job_id = secrets.token_urlsafe(6)
            snapshot = Snapshot(job_id, "queued", subject, key, owner, progress=resumed, resumed=resumed)
            job = _Job(snapshot, stream, line)
            self._jobs[job_id] = job
            if key is not None:
                self._latest[key] = job_id
            self._enqueue(job)
            if line.worker is None or not line.worker.is_alive():
                line.worker = threading.Thread(
                    target=self._work, args=(line,), name=f"jobs-{line.name}", daemon=True
                )
                line.worker.start()
            return job_id

    def check_capacity(self, queue: str, owner: str) -> None:
        """Raises InputError where a queue, or the owner's share of it, is full."""
        with self._changed:
            waiting, limits = self._queues[queue].waiting, self._queues[queue].limits
            if len(waiting) >= limits.capacity:
                raise InputError(f"{len(waiting)} runs are waiting already; try again in a minute")
            own = sum(job.owner == owner for job in waiting)
            if limits.each is not None and own >= limits.each:
                runs = "run of yours is" if own == 1 else "runs of yours are"
                raise InputError(f"{own} {runs} waiting already; cancel one or wait")

    def latest(self, key: Hashable) -> Snapshot[Any] | None:
        """The last job of this key, or None where there was none or it is forgotten."""
        with self._changed:
            job_id = self._latest.get(key)
            return self.snapshot(job_id) if job_id else None

    def snapshot(self, job_id: str) -> Snapshot[Any] | None:
        """The job as it stands, or None where the id is unknown or forgotten."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None or job.snapshot.state != "queued":
                return job.snapshot if job else None
            return replace(job.snapshot, position=job.queue.line().index(job))

    def snapshots(self, queue: str) -> list[Snapshot[Any]]:
        """The jobs of a queue that are not forgotten, ordered by submission or, once finished, by ending;
        `position` is left out."""
        with self._changed:
            return [job.snapshot for job in self._jobs.values() if job.queue.name == queue]

    def ahead(self, job_id: str) -> list[Snapshot[Any]]:
        """The jobs that come before a waiting one, the running one first."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None or job.snapshot.state != "queued":
                return []
            line = job.queue.line()
            return [other.snapshot for other in line[: line.index(job)]]

    def cancel(self, job_id: str, by: str | None = None) -> None:
        """Stop a job after its current step; its progress so far stays in the snapshot. `by` is the visitor
        who asks for it, None the server itself. Raises InputError where the job is another visitor's."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None or job.snapshot.finished:
                return
            if by is not None and job.owner not in ("", by):
                raise InputError("another visitor started this; only they or the operator can stop it")
            job.snapshot = replace(job.snapshot, cancelling=True)
            if job not in job.queue.waiting:
                return  # it runs: its worker stops it
            job.queue.waiting.remove(job)
            steps, job.steps = job.steps, None
            self._finish(job, "cancelled")
        _close(steps)

    def forget(self, job_id: str) -> None:
        """Drop a job that has finished, and its key where no later job has that."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None or not job.snapshot.finished:
                return
            del self._jobs[job_id]
            if self._latest.get(job.snapshot.key) == job_id:
                del self._latest[job.snapshot.key]

    def wait(self, job_id: str, timeout: float) -> Snapshot[Any] | None:
        """Block until the job has finished or the timeout (seconds) has passed."""
        with self._changed:
            self._changed.wait_for(
                lambda: job_id not in self._jobs or self._jobs[job_id].snapshot.finished, timeout
            )
            return self.snapshot(job_id)

    def _enqueue(self, job: _Job) -> None:
        job.arrived = next(self._number)
        job.queue.waiting.append(job)
        self._changed.notify_all()

    def _finish(self, job: _Job, state: JobState, error: str | None = None) -> None:
        job.snapshot = replace(job.snapshot, state=state, error=error)
        job.steps = job.stream = None
        self._jobs[job.snapshot.id] = self._jobs.pop(job.snapshot.id)  # the first to end are forgotten first
        queue = job.queue
        if queue.running is job:
            queue.running = None
        if not queue.waiting and not queue.running:
            queue.served.clear()  # nobody waits, so nobody has waited longer than another
        finished = [j.snapshot for j in self._jobs.values() if j.queue is queue and j.snapshot.finished]
        for old in finished[: max(0, len(finished) - queue.limits.keep)]:
            self.forget(old.id)
        self._changed.notify_all()

    def _work(self, queue: _Queue) -> None:
        """What a queue's worker thread does: give one job after the other its turn."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: queue.waiting)
                job = queue.running = queue.in_turn()[0]
                queue.waiting.remove(job)
                queue.served[job.owner] = next(self._number)
                job.snapshot = replace(job.snapshot, state="running")
            ended: JobState | None
            error = None
            try:
                ended = self._turn(job)
            except InputError as failure:
                ended, error = "failed", str(failure)
            except Exception as failure:
                log.exception("a run failed")
                ended = "failed"
                error = f"an internal error ({type(failure).__name__}); the server's log has more"
            if ended is not None:
                _close(job.steps)
                with self._changed:
                    self._finish(job, ended, error)

    def _turn(self, job: _Job) -> JobState | None:
        """Run a job until it ends or is cancelled, and return its final state. If its turn is over while
        others wait, put it back into the queue and return None."""
        queue, began, before = job.queue, time.monotonic(), job.snapshot.seconds
        if job.steps is None:
            assert job.stream is not None
            job.steps = iter(job.stream())
        for progress in job.steps:
            spent = time.monotonic() - began
            with self._changed:
                job.snapshot = replace(job.snapshot, progress=progress, seconds=before + spent)
                if progress.finished:
                    continue
                if job.snapshot.cancelling:
                    return "cancelled"
                if queue.waiting and spent >= queue.limits.turn:
                    job.snapshot = replace(job.snapshot, state="queued")
                    queue.running = None
                    self._enqueue(job)
                    return None
        return "done"


def _close(steps: Iterator[Any] | None) -> None:
    """Close a generator, so that it releases its resources."""
    try:
        if isinstance(steps, Generator):
            steps.close()
    except Exception:
        log.exception("a run could not be ended")


@st.cache_resource(show_spinner=False)
def jobs() -> Registry:
    """The registry of this server, within the operator's limits.

    Certificates, attacks and comparisons share one queue. Theorems have their own, so that work of seconds
    does not wait for minutes; audits too, as nobody's certificate shall wait for them; votes drawn
    beforehand, which give way; uploaded pictures and other files, of which one at a time is read, so that
    large ones do not add up; downloads, one after the other.
    """
    limits = QueueLimits(
        limit("runs", "waiting"), each=limit("runs", "waiting_each"), turn=limit("runs", "turn_seconds")
    )
    return Registry(
        gate.admit,
        certificates=limits,
        theorems=QueueLimits(),
        previews=QueueLimits(turn=2.0),
        audits=limits,
        pictures=QueueLimits(each=limits.each),
        files=QueueLimits(each=limits.each),
        downloads=QueueLimits(each=limits.each, turn=math.inf),
    )
