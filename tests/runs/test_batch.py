"""Batch runs: the votes of `certify`, whatever the workers, the interruption or the broken picture."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from diffsmooth_core import certify
from diffsmooth_core.certification.certificate import Certificate, discrepancies
from diffsmooth_core.certification.hardware import hardware, together
from diffsmooth_core.classifiers.base import Classifier
from diffsmooth_core.classifiers.execution import EAGER, Execution
from diffsmooth_core.cli import main
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.runs import batch
from diffsmooth_core.runs.indices import parse_indices
from diffsmooth_core.runs.ray_workers import RayWorkers
from diffsmooth_core.runs.records import Run
from diffsmooth_core.runs.results import Result
from diffsmooth_core.runs.store import Store
from diffsmooth_core.runs.workers import (
    Devices,
    Plan,
    Processes,
    ThisProcess,
    VoteRequest,
    base_of,
    cast,
    gpus_alike,
    load_picture,
    this_process,
)
from diffsmooth_core.version import __version__
from tests.pretended_gpu import pretended_gpu

ROOT = Path(__file__).parents[2]
CONFIG = SmoothingConfig(
    method="plain",
    classifier="gaussian-0.25-b",
    sigma=0.25,
    n0=20,
    n=120,
    stopping="decided",
    target_radius=0.1,
    device="cpu",
    dtype="float32",
)


pytestmark = pytest.mark.usefixtures("twelve")


def finish(store: Store, run: Run, workers=ThisProcess) -> list[Result]:  # type: ignore[no-untyped-def]
    for _ in batch.work(store, run, workers):
        pass
    return store.results(run, certificates=True)


def counts(results: list[Result]) -> list[tuple[int, list[int], list[int]]]:
    return [(r.idx, r.certificate["counts0"], r.certificate["counts"]) for r in results if r.certificate]


@pytest.mark.parametrize("stopping", ["decided", "sequential", "fixed", "adaptive"])
def test_a_batch_gives_what_certify_gives(own: Store, stopping: str) -> None:
    config = SmoothingConfig(**(CONFIG.as_dict() | {"stopping": stopping, "n": 240}))
    run = batch.start(own, "run", config, parse_indices("0:12:2", "cifar10"))
    results = finish(own, run)
    assert [r.idx for r in results] == [0, 2, 4, 6, 8, 10]
    for result in results:
        alone = certify(base_of(config), load_picture("cifar10", result.idx).tensor, config)
        assert result.certificate is not None
        certificate = Certificate.from_dict(json.loads(json.dumps(result.certificate)))
        assert (certificate.counts0, certificate.counts) == (alone.counts0, alone.counts)
        assert (result.predict, result.radius) == (alone.label, alone.radius)
        assert discrepancies(certificate) == []
    assert len({result.n for result in results}) > (1 if stopping != "fixed" else 0)


@pytest.mark.timeout(1200)  # Ray starts a dozen processes: minutes on a machine that is kept busy
def test_processes_and_ray_actors_count_the_same_votes(own: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two Ray actors on a real local cluster, one of them killed in the middle, in a job as Ray submits one:
    it sets the environment that is passed on to the actors."""
    pytest.importorskip("ray", reason="Ray is not installed; pip install -r requirements-ray.txt")
    monkeypatch.setenv("DIFFSMOOTH_PUBLISHED", "here")
    job = {"runtime_env": {"env_vars": {"DIFFSMOOTH_PUBLISHED": "here", "OMP_NUM_THREADS": "2"}}}
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", json.dumps(job))
    results = {}
    two = partial(Devices, devices=["cpu", "cpu"])
    for name, workers in (
        ("here", ThisProcess),
        ("processes", partial(Processes, count=2)),
        ("threads", two),
    ):
        results[name] = finish(own, batch.start(own, name, CONFIG, range(12)), workers)
    crews: list[RayWorkers] = []

    def actors(plan: Plan) -> RayWorkers:
        crews.append(RayWorkers(plan, 2))
        return crews[0]

    run = batch.start(own, "ray", CONFIG, range(12))
    killed = None
    for status in batch.work(own, run, actors):
        if killed is None and status.votes > 100:
            killed = crews[0].actors[0]
            crews[0]._ray.kill(killed)
    results["ray"] = own.results(run, certificates=True)
    assert killed is not None
    assert killed is not crews[0].actors[0], "another one took its place"
    assert counts(results["processes"]) == counts(results["here"])
    assert counts(results["threads"]) == counts(results["here"])
    assert counts(results["ray"]) == counts(results["here"])
    assert all(kind_of(found) == hardware(torch.device("cpu")) for found in results["ray"])


def kind_of(result: Result) -> object:
    assert result.certificate is not None
    return result.certificate["hardware"]


def test_certificates_record_every_kind_of_machine_of_a_cluster(
    own: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two actors of a pretended cluster, each on another processor, and none on this machine's."""
    kinds = [{"processor": "b", "onednn": ""}, {"processor": "a", "onednn": ""}]
    monkeypatch.setitem(sys.modules, "ray", Cluster(kinds))
    found = finish(own, batch.start(own, "b", CONFIG, range(2)), partial(RayWorkers, count=1))
    assert [kind_of(one) for one in found] == [kinds[0]] * 2
    monkeypatch.setitem(sys.modules, "ray", Cluster(kinds))
    crew, said = RayWorkers(Plan(CONFIG, EAGER, 8), 2), list[object]()
    crew.submit([VoteRequest(0, "selection", 0, 2)])
    crew.submit([VoteRequest(0, "selection", 2, 4)])
    for _ in range(2):
        said.append(crew.kind)
        crew.collect()
    assert [*said, crew.kind] == [None, kinds[0], {"processor": "a | b", "onednn": ""}]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is written as soon as it comes."""
    monkeypatch.setattr(batch, "FLUSH", 0.0)


@pytest.mark.usefixtures("at_once")
def test_a_stopped_run_goes_on_where_it_was(own: Store) -> None:
    whole = finish(own, batch.start(own, "whole", CONFIG, range(12)))
    run = batch.start(own, "parts", CONFIG, range(12))
    for stop_after in (1, 2, 1):
        stream = batch.work(own, run, ThisProcess)
        for _ in range(stop_after):
            status = next(stream)
        stream.close()
    assert sum(len(tally.classes) for tally in own.tallies(run)) > 0
    assert status.done < 12
    assert counts(finish(own, run)) == counts(whole)


def test_kill_9_loses_at_most_what_was_not_written(tmp_path: Path, own: Store) -> None:
    """A real process of the command line, killed twice without warning, then resumed to its end."""
    whole = finish(own, batch.start(own, "whole", CONFIG, range(12)))
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(CONFIG.as_dict()))
    command = [
        sys.executable,
        "-m",
        "diffsmooth_core",
        "audit",
        "--out",
        "killed",
        "--indices",
        "0:12",
        "--config",
        str(settings),
        "--store",
        own.url,
        "--json",
    ]
    slowed = (
        "import sys, time; from diffsmooth_core.runs import batch, workers;"
        "from diffsmooth_core.cli import main;"
        "batch.FLUSH = 0.1; real = workers.cast;"
        "workers.cast = lambda c, u: (time.sleep(0.15), real(c, u))[1];"
        "main(sys.argv[1:])"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    for attempt in range(2):
        slow = [sys.executable, "-c", slowed, *command[3:], *(["--resume"] if attempt else [])]
        with (tmp_path / "stderr").open("w") as stderr:
            process = subprocess.Popen(slow, env=environment, stderr=stderr)
        before = _votes(own, "killed")
        while _votes(own, "killed") <= before + 30:
            assert process.poll() is None, (tmp_path / "stderr").read_text()
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    run = own.run("killed")
    assert len(own.results(run)) < 12
    done = subprocess.run(
        [*command, "--resume"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["images"] == 12
    assert counts(own.results(run, certificates=True)) == counts(whole)


def _votes(store: Store, name: str) -> int:
    try:
        return sum(len(tally.classes) for tally in store.tallies(store.run(name)))
    except InputError:
        return 0


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(("stopping", "target"), [("fixed", 0.3), ("decided", 0.1)])
def test_the_status_says_what_the_store_holds(
    own: Store, tmp_path: Path, stopping: str, target: float
) -> None:
    """Of a run that goes on after its first pictures: a target counts where a run stops at it."""
    config = replace(CONFIG, stopping=stopping, target_radius=target, seed=3)
    path = tmp_path / "data" / "cifar10" / "plain_text" / "test-00000-of-00001.parquet"
    table = pq.read_table(path).to_pylist()
    for result in finish(own, batch.start(own, "classes", config, range(12))):
        table[result.idx]["label"] = (result.predict + result.idx % 2) % 10  # every other one is right
    pq.write_table(pa.Table.from_pylist(table), path)
    load_picture.cache_clear()
    run = batch.start(own, "run", config, range(12))
    stream = batch.work(own, run, ThisProcess)
    before = next(status for status in stream if status.done)
    stream.close()
    assert before.done < 12
    began, accuracies = time.monotonic(), set()
    had = sum(len(tally.classes) for tally in own.tallies(run))
    for status in batch.work(own, run, ThisProcess):
        results = own.results(run)
        assert (status.done, status.total, status.skipped) == (len(results), 12, 0)
        assert status.finished == (len(results) == 12)
        least = 0.0 if stopping == "fixed" else target
        right = sum(r.correct and r.radius >= least for r in results)
        assert status.certified_accuracy == right / len(results)
        accuracies.add(status.certified_accuracy)
        fresh = status.done - before.done
        assert (status.seconds_left is None) == (fresh == 0)
        if status.seconds_left is not None:
            assert status.seconds_left <= (time.monotonic() - began) / fresh * (12 - status.done)
    assert status.votes >= sum(len(tally.classes) for tally in own.tallies(run)) - had
    assert min(accuracies) > 0, "some are right"
    assert max(accuracies) < 1, "and some are not"
    (ended,) = (remark for remark in own.remarks(run) if remark.kind == "finished")
    assert ended.text == "12 certified, 0 skipped"


def test_what_was_counted_is_written_when_a_run_is_stopped(own: Store) -> None:
    """Within the second between two writes."""
    run = batch.start(own, "run", replace(CONFIG, stopping="fixed", n=1000), range(2))
    stream = batch.work(own, run, ThisProcess)
    status = next(stream)
    assert not own.tallies(run)
    stream.close()
    assert sum(len(tally.classes) for tally in own.tallies(run)) == status.votes > 0


def test_a_picture_whose_votes_two_kinds_of_device_cast_names_both(
    own: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = batch.start(own, "run", replace(CONFIG, stopping="fixed", n=1000), range(12))
    stream = batch.work(own, run, ThisProcess)
    while not (begun := {tally.idx for tally in own.tallies(run)}):
        next(stream)
    stream.close()
    begun = {tally.idx for tally in own.tallies(run)} - {result.idx for result in own.results(run)}
    assert begun
    here = hardware(torch.device("cpu"))
    other = here | {"processor": "another"}
    monkeypatch.setattr(batch, "hardware", lambda device: other)
    before = {result.idx for result in own.results(run)}
    for result in finish(own, run):
        assert result.certificate is not None
        alone = here if result.idx in before else other
        expected = together([here, other]) if result.idx in begun else alone
        assert result.certificate["hardware"] == expected


def test_a_broken_picture_is_skipped_and_listed(own: Store, tmp_path: Path) -> None:
    path = tmp_path / "data" / "cifar10" / "plain_text" / "test-00000-of-00001.parquet"
    table = pq.read_table(path).to_pylist()
    table[1]["img"]["bytes"] = b"no picture"
    pq.write_table(pa.Table.from_pylist(table), path)
    load_picture.cache_clear()
    run = batch.start(own, "run", CONFIG, range(3))
    *_, last = batch.work(own, run, ThisProcess)
    assert (last.done, last.skipped, last.total, last.finished) == (2, 1, 3, True)
    assert [r.idx for r in own.results(run)] == [0, 2]
    (skipped,) = [r for r in own.remarks(run) if r.kind == "skipped"]
    assert skipped.idx == 1
    assert "not a PNG, JPEG or WEBP picture" in skipped.text
    assert [r.idx for r in finish(own, run)] == [0, 2], "and stays so"


def test_a_run_cannot_go_on_with_other_networks(own: Store) -> None:
    run = batch.start(own, "run", CONFIG, [0])
    other = Run(**(vars(run) | {"weights": {"classifier": "f" * 64}}))
    with pytest.raises(InputError, match="the networks of run 'run' have changed"):
        next(batch.work(own, other, ThisProcess))
    elsewhere = Run(**(vars(run) | {"config": run.config | {"arithmetic": "torch.float16"}}))
    with pytest.raises(InputError, match=r"began in torch.float16, here it would be torch.float32; go on"):
        next(batch.work(own, elsewhere, ThisProcess))
    log = own.create("log", "Cohen", "cifar10", {"sigma": 0.5}, [0], {})
    with pytest.raises(InputError, match="an imported log and cannot go on"):
        next(batch.work(own, log, ThisProcess))


@pytest.mark.parametrize("workers", [ThisProcess, partial(Processes, count=2)])
def test_a_run_goes_on_as_its_networks_ran_when_it_began(own: Store, workers) -> None:  # type: ignore[no-untyped-def]
    run = batch.start(own, "run", CONFIG, [0])
    assert {name: run.config[name] for name in ("block", "execution")} == {
        "block": base_of(CONFIG).purifier_batch,
        "execution": str(base_of(CONFIG).execution),
    }
    assert run.config["version"] == __version__
    other = own.create(
        "other", "audit", "cifar10", run.config | {"block": 7, "execution": "eager"}, [0], run.weights
    )
    (result,) = finish(own, other, workers)
    assert result.certificate is not None
    assert (result.certificate["execution"], result.certificate["block"]) == ("eager", 7)
    before = {name: value for name, value in run.config.items() if name != "schema"}
    old = own.create("old", "audit", "cifar10", before, [0], run.weights)
    with pytest.raises(InputError, match="'old' began in a version with other noise and cannot go on"):
        finish(own, old, workers)


def test_without_ray_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"pip install -r requirements-ray\.txt"):
        RayWorkers(Plan(CONFIG, EAGER, 8), 2)


class Cluster:
    """A Ray cluster of two GPUs, as far as actors are started on it. With `kinds`, each actor votes, and says
    that it is of the next of these kinds of device."""

    exceptions = SimpleNamespace(RayActorError=RuntimeError, RayTaskError=RuntimeError)

    def __init__(self, kinds: Sequence[dict[str, str]] = ()) -> None:
        self.running, self.started, self.kinds = True, list[Plan](), kinds

    def is_initialized(self) -> bool:
        return self.running

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 16.0, "GPU": 2.0}

    def remote(self, _: type) -> Cluster:
        return self

    def options(self, num_gpus: int = 0, num_cpus: int = 0) -> SimpleNamespace:
        return SimpleNamespace(remote=self.actor)

    def actor(self, plan: Plan) -> SimpleNamespace:
        self.started.append(plan)
        kind = self.kinds[len(self.started) - 1] if self.kinds else {}

        def votes(requests: list[VoteRequest]) -> Callable[[], object]:
            return lambda: (kind, cast(plan, requests))

        return SimpleNamespace(cast=SimpleNamespace(remote=votes))

    def wait(self, references: list[object], num_returns: int) -> tuple[list[object], list[object]]:
        return references[:num_returns], references[num_returns:]

    def get(self, reference: Callable[[], object]) -> object:
        return reference()

    def kill(self, actor: object) -> None:
        pass


def test_every_ray_actor_has_a_gpu_of_its_own_or_none_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the GPU is called outside, the actor sees no other one, and calls it the first."""
    monkeypatch.setitem(sys.modules, "ray", cluster := Cluster())
    plan = Plan(replace(CONFIG, device="cuda:1"), EAGER, 8)
    with pretended_gpu(2):
        RayWorkers(plan, 2)
        assert cluster.started == [plan.on("cuda:0")] * 2
        with pytest.raises(InputError, match="3 workers need a GPU each and Ray has 2; give --workers 2"):
            RayWorkers(plan, 3)
    assert len(cluster.started) == 2


def test_an_audit_takes_every_gpu_of_the_first_ones_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    with pretended_gpu(3):
        kinds = ["H100", "T4", "H100"]
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: kinds[device])
        assert gpus_alike("auto") == gpus_alike("cuda") == ["cuda:0", "cuda:2"]
        assert gpus_alike("cuda:1") == []
        assert this_process(Plan(replace(CONFIG, device="auto"), EAGER, 8)).slots == 2
        assert this_process(Plan(replace(CONFIG, device="cuda:2"), EAGER, 8)).slots == 1
    assert gpus_alike("auto") == []


@pytest.fixture
def most(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many copies at a time a classifier has memory for, as far as it tells."""
    most, forward = [1000], Classifier.forward

    def refuse(classifier: Classifier, x: torch.Tensor) -> torch.Tensor:
        if len(x) > most[0]:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(classifier, x)

    monkeypatch.setattr(Classifier, "forward", refuse)
    return most


@pytest.mark.usefixtures("at_once")
def test_without_memory_pictures_start_again_with_a_smaller_recorded_block(
    own: Store, most: list[int]
) -> None:
    base = base_of(CONFIG)
    run = batch.start(own, "run", CONFIG, range(6))
    stream = batch.work(own, run, ThisProcess)
    while not (before := next(stream)).done:
        pass
    most[0] = base.classifier_batch // 4
    next(stream)
    stream.close()
    results = finish(own, run)
    blocks = [r.certificate["block"] for r in results if r.certificate]
    assert blocks.count(base.purifier_batch) == before.done < len(blocks) == 6
    assert set(blocks) == {base.purifier_batch, base.purifier_batch // 4}
    execution = replace(base.execution, classifier_batch=base.execution.classifier_batch // 4)
    small = replace(base, purifier_batch=base.purifier_batch // 4, execution=execution)
    for result, block in zip(results, blocks, strict=True):
        assert result.certificate is not None
        found = Certificate.from_dict(json.loads(json.dumps(result.certificate)))
        assert discrepancies(found) == []
        if block < base.purifier_batch:
            alone = certify(small, load_picture("cifar10", result.idx).tensor, CONFIG)
            assert (found.counts0, found.counts) == (alone.counts0, alone.counts)


@pytest.mark.usefixtures("at_once")
def test_below_one_copy_the_classifier_takes_fewer_and_interrupted_pictures_begin_anew(
    own: Store, most: list[int]
) -> None:
    """Votes of another batch of the classifier would be another run's: none of those is kept."""
    most[0] = 1
    config = replace(CONFIG, method="local-only", sigma_local=0.1, m=5, n=40, n0=10)
    run = batch.start(own, "run", config, range(2))
    stream = batch.work(own, run, ThisProcess)
    while not next(stream).votes > 15:
        pass
    stream.close()
    assert not own.tallies(run)
    base = replace(base_of(config), purifier_batch=1, execution=Execution("folded", 1))
    for result in finish(own, run):
        alone = certify(base, load_picture("cifar10", result.idx).tensor, config)
        assert result.certificate is not None
        assert (result.certificate["block"], result.certificate["execution"]) == (1, "folded/1")
        assert (result.certificate["counts0"], result.certificate["counts"]) == (
            list(alone.counts0),
            list(alone.counts),
        )


def test_without_memory_for_one_copy_it_is_said(own: Store, most: list[int]) -> None:
    most[0] = 0
    with pytest.raises(InputError, match="not enough memory on cpu for one copy at a time"):
        finish(own, batch.start(own, "run", CONFIG, range(2)))


def test_a_run_goes_on_with_its_own_settings_or_says_that_others_were_asked_for(
    own: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    batch.start(own, "begun", CONFIG, range(2))
    resume = ["audit", "--out", "begun", "--resume", "--store", own.url]
    with pytest.raises(SystemExit) as refused:
        main([*resume, "--n", "240"])
    assert refused.value.code == 2
    assert "begun with n = 120" in capsys.readouterr().err
    assert not own.results(own.run("begun"))
    with pytest.raises(SystemExit) as refused:
        main([*resume, "--over", "m"])
    assert refused.value.code == 2
    assert "leave --resume out" in capsys.readouterr().err
    with pytest.raises(SystemExit) as done:
        main([*resume, "--n", "120"])
    assert not done.value.code
    assert len(own.results(own.run("begun"))) == 2
