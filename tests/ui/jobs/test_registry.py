"""The job registry, with streams that the test itself lets run."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError, dataclass, replace
from typing import Any

import pytest

from diffsmooth_core import build_base, certify_stream
from diffsmooth_core.certification.progress import Progress
from diffsmooth_core.config import InputError, SmoothingConfig
from tests.worlds import GREY, half_space
from ui.jobs.registry import QueueLimits, Registry, Snapshot

CONFIG = SmoothingConfig(method="plain", n0=10, n=60, device="cpu", dtype="float32")
BASE = build_base(CONFIG, half_space(9.0))
Stream = Callable[[], Iterator[Progress]]


def one_queue(**limits: Any) -> Registry:
    return Registry(work=QueueLimits(**limits))


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
                assert self.go.acquire(timeout=100)
                yield progress
        finally:
            self.closed = True

    def let(self, chunks: int) -> None:
        for _ in range(chunks):
            assert self.reached.acquire(timeout=100)
            self.go.release()


def finished(registry: Registry, job: str) -> Snapshot:
    snapshot = registry.wait(job, timeout=100)
    assert snapshot is not None
    assert snapshot.finished
    return snapshot


def until(registry: Registry, job: str, condition: Callable[[Snapshot], bool]) -> Snapshot:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        snapshot = registry.snapshot(job)
        assert snapshot is not None
        if condition(snapshot):
            return snapshot
        time.sleep(0.002)
    raise AssertionError(f"still {snapshot}")


def test_a_job_runs_to_its_certificate() -> None:
    registry = one_queue()
    done = finished(registry, registry.submit("work", stream, subject="cat"))
    assert (done.state, done.error, done.subject) == ("done", None, "cat")
    assert done.progress is not None
    assert done.progress.certificate is not None
    assert done.progress.certificate.counts == (0, 60)
    assert done.seconds > 0


def test_any_stream_of_steps_is_a_job() -> None:
    @dataclass(frozen=True)
    class Counted:
        number: int

        @property
        def finished(self) -> bool:
            return self.number == 2

    registry = one_queue()
    done = finished(registry, registry.submit("work", lambda: (Counted(k) for k in range(3))))
    assert (done.state, done.progress) == ("done", Counted(2))


def test_snapshots_follow_the_run_and_never_change() -> None:
    registry, gate = one_queue(), Gate()
    job = registry.submit("work", gate)
    gate.let(3)
    seen = until(registry, job, lambda s: s.progress is not None and s.progress.n_done == 20)
    assert seen.state == "running"
    assert not seen.finished
    gate.let(4)
    assert finished(registry, job).progress.n_done == 60  # type: ignore[union-attr]
    assert seen.progress.n_done == 20  # type: ignore[union-attr]
    with pytest.raises(FrozenInstanceError):
        seen.state = "done"  # type: ignore[misc]


def test_cancelling_keeps_what_was_counted_and_closes_the_stream() -> None:
    registry, gate = one_queue(), Gate()
    job = registry.submit("work", gate)
    gate.let(4)
    until(registry, job, lambda s: s.progress is not None and s.progress.n_done == 30)
    registry.cancel(job)
    gate.let(1)
    cancelled = finished(registry, job)
    assert cancelled.state == "cancelled"
    assert cancelled.progress is not None
    assert cancelled.progress.counts == (0, 40), "the chunk in hand counts"
    assert gate.closed
    *_, resumed = certify_stream(BASE, GREY, CONFIG, resume=cancelled.progress)
    assert resumed.counts == (0, 60)
    registry.cancel(job)
    assert finished(registry, job) == cancelled, "cancelling again changes nothing"


def test_a_run_that_is_through_is_done_though_cancelled_at_the_last_moment() -> None:
    registry, gate = one_queue(), Gate()
    job = registry.submit("work", gate)
    gate.let(6)
    assert gate.reached.acquire(timeout=100)
    registry.cancel(job)
    gate.go.release()
    assert finished(registry, job).state == "done"


def test_jobs_wait_their_turn_and_know_their_position() -> None:
    registry, gate = one_queue(), Gate()
    running = registry.submit("work", gate)
    gate.let(1)
    waiting = [registry.submit("work", stream) for _ in range(3)]
    states = [registry.snapshot(job) for job in (running, *waiting)]
    assert [s.state for s in states if s] == ["running", "queued", "queued", "queued"]
    assert [s.position for s in states if s] == [0, 1, 2, 3]
    registry.cancel(waiting[0])
    assert finished(registry, waiting[0]).state == "cancelled", "at once, though another is running"
    assert finished(registry, waiting[0]).progress is None
    assert registry.snapshot(waiting[2]).position == 2  # type: ignore[union-attr]
    gate.let(6)
    assert [finished(registry, job).state for job in (running, *waiting[1:])] == ["done"] * 3


def test_a_full_queue_refuses_with_a_sentence_and_recovers() -> None:
    registry, gate = one_queue(capacity=2), Gate()
    running = registry.submit("work", gate)
    gate.let(1)
    until(registry, running, lambda s: s.state == "running")
    waiting = [registry.submit("work", stream) for _ in range(2)]
    with pytest.raises(InputError, match="2 runs are waiting already"):
        registry.submit("work", stream)
    registry.cancel(waiting[0])
    again = registry.submit("work", stream)
    gate.let(6)
    assert finished(registry, again).state == "done"


@pytest.mark.parametrize("keep", [0, 3])
def test_only_the_last_finished_jobs_are_kept(keep: int) -> None:
    registry = one_queue(keep=keep)
    jobs = []
    for _ in range(6):
        jobs.append(registry.submit("work", stream))
        registry.wait(jobs[-1], timeout=100)
    kept = [job for job in jobs if registry.snapshot(job) is not None]
    assert kept == jobs[6 - keep :]


def test_a_finished_job_lets_go_of_what_it_worked_on() -> None:
    class Content:
        pass

    def submitted() -> tuple[str, weakref.ref[Content]]:
        content = Content()

        def work() -> Iterator[Progress]:
            assert content
            return stream()

        return registry.submit("work", work), weakref.ref(content)

    registry = one_queue()
    job, kept = submitted()
    assert finished(registry, job).state == "done"
    assert kept() is None


def test_an_unknown_job_is_none() -> None:
    registry = one_queue()
    assert registry.snapshot("nothing") is None
    assert registry.wait("nothing", timeout=5) is None
    registry.cancel("nothing")


def failing(error: Exception) -> Stream:
    def run() -> Iterator[Progress]:
        yield from list(stream())[:3]
        raise error

    return run


def test_bad_input_is_shown_as_its_sentence() -> None:
    registry = one_queue()
    failed = finished(registry, registry.submit("work", failing(InputError("sigma 80 is beyond this model"))))
    assert (failed.state, failed.error) == ("failed", "sigma 80 is beyond this model")
    assert failed.progress is not None
    assert sum(failed.progress.counts) == 20, "what was counted is kept"


def test_a_bug_is_a_sentence_without_its_details_and_the_worker_lives_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    registry = one_queue()
    with caplog.at_level(logging.ERROR):
        failed = finished(registry, registry.submit("work", failing(RuntimeError("/secret/path"))))
    assert failed.state == "failed"
    assert failed.error is not None
    assert "RuntimeError" in failed.error
    assert "secret" not in failed.error
    assert "/secret/path" in caplog.text, "the log has it"
    assert finished(registry, registry.submit("work", stream)).state == "done"


def test_a_stream_that_cannot_even_start_fails() -> None:
    def broken() -> Iterator[Progress]:
        raise InputError("there is no checkpoint at x.pt")

    registry = one_queue()
    assert finished(registry, registry.submit("work", broken)).error == "there is no checkpoint at x.pt"


def test_a_timeout_of_wait_returns_the_job_as_it_stands() -> None:
    registry, gate = one_queue(), Gate()
    job = registry.submit("work", gate)
    gate.let(1)
    before = time.monotonic()
    snapshot = registry.wait(job, timeout=0.05)
    assert snapshot is not None
    assert not snapshot.finished
    assert time.monotonic() - before < 5
    gate.let(6)
    finished(registry, job)


def test_many_jobs_from_many_threads_run_on_one_worker_thread() -> None:
    registry, seen, lock = one_queue(capacity=200), [], threading.Lock()
    short = list(stream())

    def recorded() -> Iterator[Progress]:
        with lock:
            seen.append(threading.get_ident())
        yield short[-1]

    before = threading.active_count()
    jobs: list[str] = []
    submitters = [
        threading.Thread(target=lambda: jobs.extend(registry.submit("work", recorded) for _ in range(10)))
        for _ in range(6)
    ]
    for thread in submitters:
        thread.start()
    for thread in submitters:
        thread.join()
    assert len(set(jobs)) == 60
    assert [finished(registry, job).state for job in jobs] == ["done"] * 60
    assert len(seen) == 60
    assert len(set(seen)) == 1
    assert threading.active_count() <= before + 1


def test_the_last_snapshot_is_the_streams_own_progress() -> None:
    """What is shown live is what is certified."""
    registry = one_queue()
    done = finished(registry, registry.submit("work", stream))
    *_, alone = stream()
    assert done.progress is not None
    assert done.progress.certificate is not None
    assert alone.certificate is not None
    timing = {"seconds": 0.0, "created": ""}
    assert replace(done.progress.certificate, **timing) == replace(alone.certificate, **timing)


def test_one_owner_may_only_have_a_share_of_the_queue() -> None:
    registry, gate = one_queue(each=2), Gate()
    running = registry.submit("work", gate, owner="ann")
    gate.let(1)
    until(registry, running, lambda s: s.state == "running")
    waiting = [registry.submit("work", stream, owner="ann") for _ in range(2)]
    with pytest.raises(InputError, match="2 runs of yours are waiting already; cancel one or wait"):
        registry.submit("work", stream, owner="ann")
    other = registry.submit("work", stream, owner="bob")
    gate.let(6)
    assert [finished(registry, job).state for job in (running, *waiting, other)] == ["done"] * 4


def test_whoever_waited_longest_is_next() -> None:
    registry, gate, order = one_queue(), Gate(), list[str]()
    registry.submit("work", gate, owner="ann")
    gate.let(1)

    def noting(name: str) -> Stream:
        def run() -> Iterator[Progress]:
            order.append(name)
            yield from stream()

        return run

    names = ("ann1", "ann2", "bob1", "bob2")
    jobs = [registry.submit("work", noting(name), subject=name, owner=name[:3]) for name in names]
    ahead = [s.subject for s in registry.ahead(jobs[1])]
    assert ahead == [None, "bob1", "ann1", "bob2"], "the running one first"
    assert [registry.snapshot(job).position for job in jobs] == [2, 4, 1, 3]  # type: ignore[union-attr]
    gate.let(6)
    for job in jobs:
        finished(registry, job)
    assert order == ["bob1", "ann1", "bob2", "ann2"]


def test_a_long_run_takes_turns_with_those_that_wait() -> None:
    registry, gate = one_queue(turn=0.5), Gate()
    long = registry.submit("work", gate)
    gate.let(1)
    until(registry, long, lambda s: s.progress is not None)
    short = registry.submit("work", stream)
    time.sleep(0.6)
    gate.let(1)
    assert finished(registry, short).state == "done", "though the long one is not through"
    assert not registry.snapshot(long).finished  # type: ignore[union-attr]
    gate.let(5)
    ended = finished(registry, long)
    *_, alone = stream()
    assert (ended.state, ended.progress.counts) == ("done", alone.counts), "no vote is lost or counted twice"


def test_a_run_that_waits_for_its_next_turn_can_be_cancelled() -> None:
    registry, gate, other = one_queue(turn=0.0), Gate(), Gate()
    long = registry.submit("work", gate)
    gate.let(1)
    until(registry, long, lambda s: s.progress is not None)
    second = registry.submit("work", other)
    gate.let(1)
    until(registry, long, lambda s: s.state == "queued")
    registry.cancel(long)
    cancelled = finished(registry, long)
    assert cancelled.state == "cancelled"
    assert cancelled.progress is not None
    assert gate.closed
    other.let(7)
    assert finished(registry, second).state == "done"


def test_a_cancelled_job_that_waits_never_runs() -> None:
    registry, gate, ran = one_queue(), Gate(), list[str]()
    running = registry.submit("work", gate)
    gate.let(1)

    def noting() -> Iterator[Progress]:
        ran.append("it ran")
        yield from stream()

    waiting = registry.submit("work", noting)
    registry.cancel(waiting)
    gate.let(6)
    finished(registry, running)
    assert finished(registry, registry.submit("work", stream)).state == "done", "the queue went on past it"
    assert finished(registry, waiting).state == "cancelled"
    assert ran == []


def test_a_job_that_is_stopping_says_so_until_it_has_stopped() -> None:
    registry, gate = one_queue(), Gate()
    job = registry.submit("work", gate)
    gate.let(1)
    seen = until(registry, job, lambda s: s.progress is not None)
    registry.cancel(job)
    stopping = registry.snapshot(job)
    assert stopping is not None
    assert (stopping.state, stopping.cancelling) == ("running", True)
    assert not seen.cancelling, "a snapshot does not change"
    gate.let(1)
    assert finished(registry, job).state == "cancelled"


def test_a_job_goes_on_from_an_earlier_ones_progress() -> None:
    registry, gate = one_queue(), Gate()
    *_, earlier, _ = stream()
    assert not earlier.finished
    job = registry.submit("work", gate, resumed=earlier)
    assert gate.reached.acquire(timeout=100)
    begun = registry.snapshot(job)
    assert begun is not None
    assert begun.progress is begun.resumed is earlier, "known before the job has anything of its own"
    registry.cancel(job)
    gate.go.release()
    stopped = finished(registry, job)
    assert stopped.resumed is earlier
    assert stopped.progress is not earlier


def test_the_last_job_of_a_key_is_found_by_it() -> None:
    registry = one_queue()
    assert registry.latest("cat") is None
    first = registry.submit("work", stream, key="cat")
    finished(registry, first)
    second = registry.submit("work", stream, key="cat", after=registry.latest("cat"))
    assert first != second
    found = registry.latest("cat")
    assert found is not None
    assert (found.id, found.key) == (second, "cat")
    assert registry.latest(None) is None, "a job without a key is found by its id alone"
    finished(registry, second)


def test_a_key_is_forgotten_with_its_last_job() -> None:
    registry = one_queue(keep=2)
    for k in range(5):
        finished(registry, registry.submit("work", stream, key=k))
    known = [registry.latest(k) is not None for k in range(5)]
    assert known == [False, False, False, True, True]
    assert set(registry._latest) == {3, 4}, "the index does not outlive the jobs"
    assert len(registry._jobs) == 2


@pytest.mark.parametrize(("owner", "by"), [("ann", "ann"), ("ann", None), ("", "bob")])
def test_a_job_is_cancelled_by_its_owner_or_the_server_and_nobodys_by_anybody(
    owner: str, by: str | None
) -> None:
    registry, gate = one_queue(), Gate()
    job = registry.submit("work", gate, owner=owner)
    assert gate.reached.acquire(timeout=100)
    if owner:
        with pytest.raises(InputError, match="another visitor started this"):
            registry.cancel(job, by="bob")
        assert not registry.snapshot(job).cancelling  # type: ignore[union-attr]
    registry.cancel(job, by=by)
    gate.go.release()
    assert finished(registry, job).state == "cancelled"


def test_forgetting_an_old_job_leaves_a_later_one_of_its_key() -> None:
    registry, gate = one_queue(), Gate()
    old = registry.submit("work", stream, key="cat")
    finished(registry, old)
    new = registry.submit("work", gate, key="cat", after=registry.latest("cat"))
    registry.forget(old)
    registry.forget(new)
    assert registry.snapshot(old) is None
    assert registry.latest("cat") is not None, "one that has not finished stays"
    gate.let(7)
    finished(registry, new)
    registry.forget(new)
    assert registry.latest("cat") is None


def test_threads_that_submit_the_same_key_get_one_job() -> None:
    registry, gate, runs = one_queue(), Gate(), list[int]()

    def counted() -> Iterator[Progress]:
        runs.append(1)
        return gate()

    together, jobs = threading.Barrier(8), list[str]()

    def submit() -> None:
        together.wait(100)
        jobs.append(registry.submit("work", counted, key="cat"))

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(jobs) == 8
    assert len(set(jobs)) == 1
    gate.let(7)
    finished(registry, jobs[0])
    assert runs == [1]


def test_queues_do_not_wait_for_one_another_nor_push_out_each_others_jobs() -> None:
    registry, gate = Registry(long=QueueLimits(), short=QueueLimits(capacity=1, keep=1)), Gate()
    long = registry.submit("long", gate)
    gate.let(1)
    first = registry.submit("short", stream)
    assert finished(registry, first).state == "done", "though the other queue is at work"
    second = registry.submit("short", stream)
    finished(registry, second)
    assert [s.id for s in registry.snapshots("short")] == [second]
    assert [s.id for s in registry.snapshots("long")] == [long]
    gate.let(6)
    finished(registry, long)


def test_owners_are_forgotten_once_nobody_waits() -> None:
    registry = one_queue()
    for k in range(5):
        finished(registry, registry.submit("work", stream, owner=f"visitor {k}"))
    assert registry._queues["work"].served == {}


def test_a_stream_that_cannot_be_ended_does_not_stop_the_queue(caplog: pytest.LogCaptureFixture) -> None:
    registry, gate = one_queue(), Gate()

    def clinging() -> Iterator[Progress]:
        try:
            yield from gate()
        finally:
            raise OSError("the file is gone")

    job = registry.submit("work", clinging)
    assert gate.reached.acquire(timeout=100)
    registry.cancel(job)
    gate.go.release()
    with caplog.at_level(logging.ERROR):
        finished(registry, job)
        assert finished(registry, registry.submit("work", stream)).state == "done"


def test_snapshots_agree_with_each_other_while_many_threads_submit_and_cancel() -> None:
    """Whoever reads meanwhile never meets a job that is queued and finished at once, or in no place."""
    registry, done, problems = one_queue(capacity=1000, keep=20), threading.Event(), list[str]()

    def read() -> None:
        while not done.wait(0.0001):  # which lets the others at the lock
            for snapshot in registry.snapshots("work"):
                now = registry.snapshot(snapshot.id)
                if now and snapshot.finished and now != snapshot:
                    problems.append(f"{snapshot} became {now}")
                ahead = registry.ahead(snapshot.id)
                if any(other.finished for other in ahead):
                    problems.append(f"finished ones are ahead of {snapshot}")

    def submit(owner: str) -> None:
        for k in range(1000):
            key = (owner, k % 3)
            job = registry.submit("work", stream, key=key, owner=owner, after=registry.latest(key))
            if k % 2:
                registry.cancel(job)

    reader = threading.Thread(target=read)
    submitters = [threading.Thread(target=submit, args=(f"owner {i}",)) for i in range(6)]
    for thread in (reader, *submitters):
        thread.start()
    for thread in submitters:
        thread.join()
    for job in [snapshot.id for snapshot in registry.snapshots("work")]:
        registry.wait(job, 100)
    done.set()
    reader.join()
    assert problems == []
    left = registry.snapshots("work")
    assert all(snapshot.finished for snapshot in left)
    assert len(left) <= 20
