"""Long runs outside any page: a bounded queue, one worker thread, frozen snapshots, cancel."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from diffsmooth_core.certification import Progress
from diffsmooth_core.config import InputError

State = Literal["queued", "running", "done", "failed", "cancelled"]
Point = tuple[int, float, float, float]  # n, share, Clopper-Pearson bound, anytime bound
Stream = Callable[[], Iterator[Any]]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """What is known of a job at one moment; nothing in it changes afterwards."""

    id: str
    state: State
    position: int  # jobs ahead in the queue
    progress: Progress | None  # the latest; kept when the job is cancelled or fails
    trace: tuple[Point, ...]  # of the estimation stage
    seconds: float  # of running, so far or in all
    error: str | None
    subject: Any  # what the submitter attached

    @property
    def finished(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


@dataclass
class _Job:
    snapshot: Snapshot
    stream: Stream
    cancelled: threading.Event = field(default_factory=threading.Event)


class JobManager:
    """Runs streams one after the other on one worker thread, a manager a device.

    At most `capacity` jobs wait; the last `keep` finished ones can still be looked up.
    """

    def __init__(self, capacity: int = 32, keep: int = 64) -> None:
        self._capacity, self._keep = capacity, keep
        self._jobs: OrderedDict[str, _Job] = OrderedDict()
        self._queue: deque[str] = deque()
        self._changed = threading.Condition()
        self._worker: threading.Thread | None = None

    def submit(self, stream: Stream, subject: Any = None) -> str:
        """Queue a stream and return the job's id. Raises InputError where the queue is full."""
        with self._changed:
            if len(self._queue) >= self._capacity:
                raise InputError(f"{len(self._queue)} runs are waiting already; try again in a minute")
            job_id = secrets.token_urlsafe(6)
            snapshot = Snapshot(job_id, "queued", 0, None, (), 0.0, None, subject)
            self._jobs[job_id] = _Job(snapshot, stream)
            self._queue.append(job_id)
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._work, name="certify", daemon=True)
                self._worker.start()
            self._changed.notify_all()
            return job_id

    def snapshot(self, job_id: str) -> Snapshot | None:
        """The job as it stands, or None where the id is unknown or long gone."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None:
                return None
            if job.snapshot.state == "queued":
                ahead = self._queue.index(job_id) + sum(
                    j.snapshot.state == "running" for j in self._jobs.values()
                )
                return replace(job.snapshot, position=ahead)
            return job.snapshot

    def cancel(self, job_id: str) -> None:
        """Stop after the chunk in hand; what was counted stays in the snapshot."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None or job.snapshot.finished:
                return
            job.cancelled.set()
            if job_id in self._queue:
                self._queue.remove(job_id)
                self._finish(job, "cancelled")

    def wait(self, job_id: str, timeout: float) -> Snapshot | None:
        """Block until the job has finished or the timeout (seconds) has passed."""
        with self._changed:
            self._changed.wait_for(
                lambda: job_id not in self._jobs or self._jobs[job_id].snapshot.finished, timeout
            )
        return self.snapshot(job_id)

    def _finish(self, job: _Job, state: State, error: str | None = None) -> None:
        job.snapshot = replace(job.snapshot, state=state, error=error)
        finished = [i for i, j in self._jobs.items() if j.snapshot.finished]
        for old in finished[: max(0, len(finished) - self._keep)]:
            del self._jobs[old]
        self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue)
                job = self._jobs[self._queue.popleft()]
                job.snapshot = replace(job.snapshot, state="running")
            try:
                state: State = self._run(job)
                error = None
            except InputError as failure:
                state, error = "failed", str(failure)
            except Exception as failure:
                log.exception("a run failed")
                state, error = "failed", f"The run stopped on an internal error ({type(failure).__name__})."
            with self._changed:
                self._finish(job, state, error)

    def _run(self, job: _Job) -> State:
        began = time.monotonic()
        with closing(job.stream()) as stream:  # type: ignore[type-var]
            for progress in stream:
                trace = job.snapshot.trace
                if isinstance(progress, Progress) and progress.stage == "estimation":
                    point = (progress.n_done, progress.p_hat, progress.clopper_pearson, progress.anytime)
                    trace = (*trace, point)
                with self._changed:
                    job.snapshot = replace(
                        job.snapshot, progress=progress, trace=trace, seconds=time.monotonic() - began
                    )
                if job.cancelled.is_set() and getattr(progress, "certificate", None) is None:
                    return "cancelled"
        return "done"
