"""The job manager, with streams that the test itself lets run."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from diffsmooth_core import build_base, certify_stream
from diffsmooth_core.certification.stream import Progress
from diffsmooth_core.config import InputError, SmoothingConfig
from tests.worlds import GREY, half_space
from ui.jobs.registry import JobManager, Snapshot

CONFIG = SmoothingConfig(method="plain", n0=10, n=60, device="cpu", dtype="float32")
BASE = build_base(CONFIG, half_space(9.0))
Stream = Callable[[], Iterator[Progress]]


def stream() -> Iterator[Progress]:
    return certify_stream(BASE, GREY, CONFIG, batch=10)


class Gate:
    """A stream that stops before every chunk until the test lets it go on."""

    def __init__(self) -> None:
        self.go, self.reached, self.closed = threading.Semaphore(0), threading.Semaphore(0), False

    def __call__(self) -> Iterator[Progress]:
        try:
            for progress in stream():
                self.reached.release()
                assert self.go.acquire(timeout=20)
                yield progress
        finally:
            self.closed = True

    def let(self, chunks: int) -> None:
        for _ in range(chunks):
            assert self.reached.acquire(timeout=20)
            self.go.release()


def finished(manager: JobManager, job: str) -> Snapshot:
    snapshot = manager.wait(job, timeout=20)
    assert snapshot is not None
    assert snapshot.finished
    return snapshot


def until(manager: JobManager, job: str, condition: Callable[[Snapshot], bool]) -> Snapshot:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        snapshot = manager.snapshot(job)
        assert snapshot is not None
        if condition(snapshot):
            return snapshot
        time.sleep(0.002)
    raise AssertionError(f"still {snapshot}")


def test_a_job_runs_to_its_certificate() -> None:
    manager = JobManager()
    done = finished(manager, manager.submit(stream, subject="cat"))
    assert (done.state, done.error, done.subject) == ("done", None, "cat")
    assert done.progress is not None
    assert done.progress.certificate is not None
    assert done.progress.certificate.counts == (0, 60)
    assert done.seconds > 0


def test_any_stream_of_steps_is_a_job() -> None:
    @dataclass(frozen=True)
    class Step:
        number: int

        @property
        def finished(self) -> bool:
            return self.number == 2

    manager: JobManager[Step] = JobManager()
    done = finished(manager, manager.submit(lambda: (Step(k) for k in range(3))))
    assert (done.state, done.progress) == ("done", Step(2))


def test_snapshots_follow_the_run_and_never_change() -> None:
    manager, gate = JobManager(), Gate()
    job = manager.submit(gate)
    gate.let(3)
    seen = until(manager, job, lambda s: s.progress is not None and s.progress.n_done == 20)
    assert seen.state == "running"
    assert not seen.finished
    gate.let(4)
    assert finished(manager, job).progress.n_done == 60  # type: ignore[union-attr]
    assert seen.progress.n_done == 20  # type: ignore[union-attr]
    with pytest.raises(FrozenInstanceError):
        seen.state = "done"  # type: ignore[misc]


def test_cancelling_keeps_what_was_counted_and_closes_the_stream() -> None:
    manager, gate = JobManager(), Gate()
    job = manager.submit(gate)
    gate.let(4)
    until(manager, job, lambda s: s.progress is not None and s.progress.n_done == 30)
    manager.cancel(job)
    gate.let(1)
    cancelled = finished(manager, job)
    assert cancelled.state == "cancelled"
    assert cancelled.progress is not None
    assert cancelled.progress.counts == (0, 40), "the chunk in hand counts"
    assert gate.closed
    *_, resumed = certify_stream(BASE, GREY, CONFIG, resume=cancelled.progress)
    assert resumed.counts == (0, 60)
    manager.cancel(job)
    assert finished(manager, job) == cancelled, "cancelling again changes nothing"


def test_a_run_that_is_through_is_done_though_cancelled_at_the_last_moment() -> None:
    manager, gate = JobManager(), Gate()
    job = manager.submit(gate)
    gate.let(6)
    assert gate.reached.acquire(timeout=20)
    manager.cancel(job)
    gate.go.release()
    assert finished(manager, job).state == "done"


def test_jobs_wait_their_turn_and_know_their_position() -> None:
    manager, gate = JobManager(), Gate()
    running = manager.submit(gate)
    gate.let(1)
    waiting = [manager.submit(stream) for _ in range(3)]
    states = [manager.snapshot(job) for job in (running, *waiting)]
    assert [s.state for s in states if s] == ["running", "queued", "queued", "queued"]
    assert [s.position for s in states if s] == [0, 1, 2, 3]
    manager.cancel(waiting[0])
    assert finished(manager, waiting[0]).state == "cancelled", "at once, though another is running"
    assert finished(manager, waiting[0]).progress is None
    assert manager.snapshot(waiting[2]).position == 2  # type: ignore[union-attr]
    gate.let(6)
    assert [finished(manager, job).state for job in (running, *waiting[1:])] == ["done"] * 3


def test_a_full_queue_refuses_with_a_sentence_and_recovers() -> None:
    manager, gate = JobManager(capacity=2), Gate()
    running = manager.submit(gate)
    gate.let(1)
    until(manager, running, lambda s: s.state == "running")
    waiting = [manager.submit(stream) for _ in range(2)]
    with pytest.raises(InputError, match="2 runs are waiting already"):
        manager.submit(stream)
    manager.cancel(waiting[0])
    again = manager.submit(stream)
    gate.let(6)
    assert finished(manager, again).state == "done"


@pytest.mark.parametrize("keep", [0, 3])
def test_only_the_last_finished_jobs_are_kept(keep: int) -> None:
    manager = JobManager(keep=keep)
    jobs = []
    for _ in range(6):
        jobs.append(manager.submit(stream))
        manager.wait(jobs[-1], timeout=20)
    kept = [job for job in jobs if manager.snapshot(job) is not None]
    assert kept == jobs[6 - keep :]


def test_an_unknown_job_is_none() -> None:
    manager = JobManager()
    assert manager.snapshot("nothing") is None
    assert manager.wait("nothing", timeout=5) is None
    manager.cancel("nothing")


def failing(error: Exception) -> Stream:
    def run() -> Iterator[Progress]:
        yield from list(stream())[:3]
        raise error

    return run


def test_bad_input_is_shown_as_its_sentence() -> None:
    manager = JobManager()
    failed = finished(manager, manager.submit(failing(InputError("sigma 80 is beyond this model"))))
    assert (failed.state, failed.error) == ("failed", "sigma 80 is beyond this model")
    assert failed.progress is not None
    assert sum(failed.progress.counts) == 20, "what was counted is kept"


def test_a_bug_is_a_sentence_without_its_details_and_the_worker_lives_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    manager = JobManager()
    with caplog.at_level(logging.ERROR):
        failed = finished(manager, manager.submit(failing(RuntimeError("/secret/path"))))
    assert failed.state == "failed"
    assert failed.error is not None
    assert "RuntimeError" in failed.error
    assert "secret" not in failed.error
    assert "/secret/path" in caplog.text, "the log has it"
    assert finished(manager, manager.submit(stream)).state == "done"


def test_a_stream_that_cannot_even_start_fails() -> None:
    def broken() -> Iterator[Progress]:
        raise InputError("there is no checkpoint at x.pt")

    manager = JobManager()
    assert finished(manager, manager.submit(broken)).error == "there is no checkpoint at x.pt"


def test_a_timeout_of_wait_returns_the_job_as_it_stands() -> None:
    manager, gate = JobManager(), Gate()
    job = manager.submit(gate)
    gate.let(1)
    before = time.monotonic()
    snapshot = manager.wait(job, timeout=0.05)
    assert snapshot is not None
    assert not snapshot.finished
    assert time.monotonic() - before < 5
    gate.let(6)
    finished(manager, job)


def test_many_jobs_from_many_threads_run_on_one_worker_thread() -> None:
    manager, seen, lock = JobManager(capacity=200), [], threading.Lock()
    short = list(stream())

    def recorded() -> Iterator[Progress]:
        with lock:
            seen.append(threading.get_ident())
        yield short[-1]

    before = threading.active_count()
    jobs: list[str] = []
    submitters = [
        threading.Thread(target=lambda: jobs.extend(manager.submit(recorded) for _ in range(10)))
        for _ in range(6)
    ]
    for thread in submitters:
        thread.start()
    for thread in submitters:
        thread.join()
    assert len(set(jobs)) == 60
    assert [finished(manager, job).state for job in jobs] == ["done"] * 60
    assert len(seen) == 60
    assert len(set(seen)) == 1
    assert threading.active_count() <= before + 1


def test_the_last_snapshot_is_the_streams_own_progress() -> None:
    """What is shown live is what is certified."""
    manager = JobManager()
    done = finished(manager, manager.submit(stream))
    *_, alone = stream()
    assert done.progress is not None
    assert done.progress.certificate is not None
    assert alone.certificate is not None
    timing = {"seconds": 0.0, "created": ""}
    assert replace(done.progress.certificate, **timing) == replace(alone.certificate, **timing)


def test_one_owner_may_only_have_a_share_of_the_queue() -> None:
    manager, gate = JobManager(each=2), Gate()
    running = manager.submit(gate, owner="ann")
    gate.let(1)
    until(manager, running, lambda s: s.state == "running")
    waiting = [manager.submit(stream, owner="ann") for _ in range(2)]
    with pytest.raises(InputError, match="2 runs of yours are waiting already; cancel one or wait"):
        manager.submit(stream, owner="ann")
    other = manager.submit(stream, owner="bob")
    gate.let(6)
    assert [finished(manager, job).state for job in (running, *waiting, other)] == ["done"] * 4


def test_whoever_waited_longest_is_next() -> None:
    manager, gate, order = JobManager(), Gate(), list[str]()
    manager.submit(gate, owner="ann")
    gate.let(1)

    def noting(name: str) -> Stream:
        def run() -> Iterator[Progress]:
            order.append(name)
            yield from stream()

        return run

    names = ("ann1", "ann2", "bob1", "bob2")
    jobs = [manager.submit(noting(name), name, owner=name[:3]) for name in names]
    ahead = [s.subject for s in manager.ahead(jobs[1])]
    assert ahead == [None, "bob1", "ann1", "bob2"], "the running one first"
    assert [manager.snapshot(job).position for job in jobs] == [2, 4, 1, 3]  # type: ignore[union-attr]
    gate.let(6)
    for job in jobs:
        finished(manager, job)
    assert order == ["bob1", "ann1", "bob2", "ann2"]


def test_a_long_run_takes_turns_with_those_that_wait() -> None:
    manager, gate = JobManager(turn=0.5), Gate()
    long = manager.submit(gate)
    gate.let(1)
    until(manager, long, lambda s: s.progress is not None)
    short = manager.submit(stream)
    time.sleep(0.6)
    gate.let(1)
    assert finished(manager, short).state == "done", "though the long one is not through"
    assert not manager.snapshot(long).finished  # type: ignore[union-attr]
    gate.let(5)
    ended = finished(manager, long)
    *_, alone = stream()
    assert (ended.state, ended.progress.counts) == ("done", alone.counts), "no vote is lost or counted twice"


def test_a_run_that_waits_for_its_next_turn_can_be_cancelled() -> None:
    manager, gate, other = JobManager(turn=0.0), Gate(), Gate()
    long = manager.submit(gate)
    gate.let(1)
    until(manager, long, lambda s: s.progress is not None)
    second = manager.submit(other)
    gate.let(1)
    until(manager, long, lambda s: s.state == "queued")
    manager.cancel(long)
    cancelled = finished(manager, long)
    assert cancelled.state == "cancelled"
    assert cancelled.progress is not None
    assert gate.closed
    other.let(7)
    assert finished(manager, second).state == "done"
