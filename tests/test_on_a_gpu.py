"""Everything that runs networks, on a pretended GPU: it ends with the CPU's results and waits as rarely as is
said here. With -rP, pytest prints how often each path waits and copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from diffsmooth_core import Progress, build_base, certify, certify_stream, predict
from diffsmooth_core.attacks import (
    BACKWARDS,
    KINDS,
    AttackConfig,
    Plane,
    RegionsConfig,
    attack_stream,
    regions_stream,
)
from diffsmooth_core.benchmarking import timing
from diffsmooth_core.certification.fresh import fresh
from diffsmooth_core.certification.replay import replay
from diffsmooth_core.certification.tracing import trace_vote
from diffsmooth_core.certification.voting import VoteRange, cast_votes
from diffsmooth_core.classifiers import batching, building
from diffsmooth_core.classifiers.base import BaseClassifier, Classifier
from diffsmooth_core.classifiers.ensemble import Ensemble
from diffsmooth_core.classifiers.execution import Execution
from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.config import METHODS, SmoothingConfig
from diffsmooth_core.experiments.compare import compare_stream
from diffsmooth_core.experiments.sweep import sweep_stream
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.dncnn import DirectDenoiser, DnCNN
from diffsmooth_core.purification.purifiers import purifier_of
from diffsmooth_core.purification.schedule import Schedule
from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.runs import batch, workers
from diffsmooth_core.runs.store import Store
from diffsmooth_core.theory.experiment import TheoremSetting
from diffsmooth_core.theory.network_error import consequences
from diffsmooth_core.theory.sampling import sampling
from tests.pretended_gpu import GPUS, PretendedGPU, on_both, pretended_gpu
from tests.worlds import SHAPE, TINY_UNET, ten_classes, tiny_classifier

PICTURE = (torch.arange(SHAPE.numel()) % 256 / 255).view(SHAPE)
CONFIG = SmoothingConfig(
    sigma=0.5,
    sigma_local=0.25,
    m=3,
    n0=8,
    n=16,
    alpha=0.1,
    purifications=2,
    reverse_steps=2,
    device="cpu",
    dtype="float32",
)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Networks this small lose more time in handing work over than they win. A step is one batch, as on the
    CPU."""
    monkeypatch.setattr(batching, "GPU_STEP", 1)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def tiny_denoiser(config: SmoothingConfig) -> Denoiser | DirectDenoiser | None:
    torch.manual_seed(3)
    takes = purifier_of(config.method).takes
    if takes == "direct":
        return DirectDenoiser(DnCNN(depth=3, width=8).requires_grad_(False), config.sigma, "direct", "5" * 64)
    if takes == "none":
        return None
    unet = UNet(UNetConfig(**TINY_UNET, attention_resolutions=(8,), num_heads=2)).requires_grad_(False)
    return Denoiser(unet, Schedule.named("cosine", 1000), "unet", "6" * 64)


def built(config: SmoothingConfig, execution: str = "folded") -> BaseClassifier:
    base = build_base(config, tiny_classifier(1), tiny_denoiser(config), Execution.parse(execution))
    return replace(base, purifier_batch=8)


def numbers(x: Tensor | None) -> Any:
    return None if x is None else x.cpu().tolist()


@pytest.mark.parametrize("noise", ["fresh", "sound", "reference"])
@pytest.mark.parametrize("method", METHODS)
def test_a_chunk_of_votes_waits_once(method: str, noise: str) -> None:
    """Its classes come back in one copy; nothing before that waits for the device."""

    def prepare(config: SmoothingConfig) -> Callable[[], Any]:
        base = built(config)
        wanted = VoteRange(PICTURE, "estimation", 0, 8)
        cast_votes(base, [wanted], config)  # the networks are folded at the first votes
        return lambda: [classes.tolist() for classes in cast_votes(base, [wanted], config)]

    gpu = on_both(prepare, replace(CONFIG, method=method, noise=noise))
    assert gpu.waits == ["copy to cpu"]


def steps(config: SmoothingConfig, batch: int) -> list[Progress]:
    """Steps of so many votes of a run with ten classes that all get some."""
    base = replace(build_base(config, ten_classes(), execution=Execution("folded")), purifier_batch=16)
    return [step for step in certify_stream(base, PICTURE, config, batch=batch) if step.stage == "estimation"]


def test_a_dissenters_images_are_held_and_are_its_own() -> None:
    """On a GPU, where two votes of a step are shown; on the CPU each vote is a step here."""
    config = replace(CONFIG, method="plain", sigma=2.0, n=64)
    alone = [step.samples for step in steps(config, 1)]
    with pretended_gpu():
        on_gpu = steps(replace(config, device="cuda"), 16)
    assert sum(len(step.dissenting) for step in on_gpu) >= 4
    for step in on_gpu:
        for shown in step.dissenting:
            assert shown.vote == alone[shown.index].vote != step.candidate
            assert np.array_equal(shown.noisy, alone[shown.index].noisy)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("gpu", GPUS)
def test_every_method_certifies_predicts_traces_and_replays(method: str, gpu: str) -> None:
    def prepare(config: SmoothingConfig) -> Callable[[], Any]:
        base = built(config)

        def work() -> Any:
            made = certify(base, PICTURE, config)
            again = replay(made, base, PICTURE)
            traced = trace_vote(base, PICTURE, config, 3)
            assert again.exact
            assert not again.differing
            assert fresh(made, base, PICTURE, 16).own.n == 16
            return made.counts0, made.counts, predict(base, PICTURE, config), traced.confidence.tolist()

        return work

    on_both(prepare, replace(CONFIG, method=method), kind=gpu)


@pytest.mark.parametrize("gpu", GPUS)
def test_local_copies_that_end_early_and_ensembles_that_agree_early(gpu: str) -> None:
    """What is still undecided is known to the device alone, so both wait for it."""

    def prepare(config: SmoothingConfig) -> Callable[[], Any]:
        members = [tiny_classifier(seed) for seed in (1, 2, 3)]
        network = Ensemble(members, consensus=2)
        normalise = Normalise(*STATISTICS["none"])
        classifier = Classifier(network, normalise, "ensemble", "7" * 64, 10, "cifar10")
        base = build_base(config, classifier, tiny_denoiser(config), Execution("folded", 4))
        return lambda: numbers(base(torch.stack([PICTURE, 1 - PICTURE])))

    assert set(on_both(prepare, CONFIG, kind=gpu).waits) >= {"nonzero"}


@pytest.mark.parametrize(
    ("kind", "backward"),
    [(kind, way) for kind in KINDS for way in BACKWARDS if kind == "pgd" or way == "through"],
)
@pytest.mark.parametrize("gpu", GPUS)
def test_every_attack(kind: Any, backward: Any, gpu: str) -> None:
    attack = AttackConfig(kind, attempts=1, halvings=1, steps=2, copies=9, backward=backward, n=16, alpha=0.1)

    def prepare(config: SmoothingConfig) -> Callable[[], Any]:
        base = built(config)
        certificate = certify(base, PICTURE, config)
        return lambda: [
            (p.length, p.counts, p.probabilities) for p in attack_stream(base, PICTURE, certificate, attack)
        ]

    on_both(prepare, CONFIG, kind=gpu)


def test_regions() -> None:
    def prepare(config: SmoothingConfig) -> Callable[[], Any]:
        base, plane = built(config), Plane.through(PICTURE)

        def work() -> Any:
            *_, last = regions_stream(base, plane, config, RegionsConfig(1.0, resolution=9, votes=2))
            return {kind: labels.tolist() for kind, labels in last.labels.items()}

        return work

    on_both(prepare, CONFIG)


@pytest.mark.parametrize("gpu", GPUS)
def test_a_sweep(gpu: str) -> None:
    def prepare(config: SmoothingConfig) -> Callable[[], Any]:
        base = built(config)
        grid = [replace(config, m=m, sigma_local=local) for m in (1, 3) for local in (0.1, 0.25)]

        def work() -> Any:
            *_, last = sweep_stream(base, PICTURE, grid, purifier_batch=8)
            return [(cell.counts0, cell.counts) for cell in last.cells]

        return work

    on_both(prepare, CONFIG, kind=gpu)


def test_a_comparison() -> None:
    def prepare(config: SmoothingConfig) -> Callable[[], Any]:
        configs = [replace(config, method=method) for method in ("diffsmooth", "plain", "densepure")]
        settings = [(built(each), each) for each in configs]

        def work() -> Any:
            *_, last = compare_stream(settings, PICTURE)
            return [entry.certificate.counts for entry in last.entries if entry.certificate]

        return work

    on_both(prepare, CONFIG)


def test_an_audit_uses_both_gpus_and_counts_the_same_votes(
    own: Store, twelve: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of two threads casts votes on the GPU of its own."""

    def base_of(config: SmoothingConfig) -> BaseClassifier:
        return replace(build_base(config, ten_classes()), purifier_batch=8)

    monkeypatch.setenv("DIFFSMOOTH_EXECUTION", "folded")  # the noise is tied to it
    for module in (workers, batch):
        monkeypatch.setattr(module, "base_of", base_of)
    config = replace(CONFIG, method="plain", sigma=2.0, n=60)  # the noise alone decides
    used: list[str] = []

    def cast_on_a_gpu(plan: workers.Plan, requests: Any) -> workers.Classes:
        with PretendedGPU():  # this thread's
            used.append(str(plan.base.device))
            return cast(plan, requests)

    def counts(name: str, device: str) -> list[Any]:
        run = batch.start(own, name, replace(config, device=device), range(4))
        for _ in batch.work(own, run, workers.this_process):
            pass
        return [
            (r.idx, r.certificate["counts"]) for r in own.results(run, certificates=True) if r.certificate
        ]

    cast, expected = workers.cast, counts("here", "cpu")
    assert all(sum(n > 0 for n in votes) > 3 for _, votes in expected)
    monkeypatch.setattr(workers, "cast", cast_on_a_gpu)
    with pretended_gpu(2):
        assert counts("there", "cuda") == expected
    assert set(used) == {"cuda:0", "cuda:1"}


@pytest.mark.parametrize("perturbation", ["none", "adversarial"])
@pytest.mark.parametrize("gpu", GPUS)
def test_the_reverse_sde(perturbation: str, gpu: str) -> None:
    setting = TheoremSetting(perturbation=perturbation, eps_error=0.1, steps=3)

    def prepare(config: SmoothingConfig) -> Callable[[], Any]:
        denoiser = tiny_denoiser(config)
        assert isinstance(denoiser, Denoiser)
        denoiser.to(config.device)

        def work() -> Any:
            *_, last = sampling(PICTURE, denoiser, setting, 3)
            return last.paths.end.tolist(), last.paths.drift.tolist(), last.doubling_error

        return work

    on_both(prepare, CONFIG, kind=gpu)


@pytest.mark.parametrize("gpu", GPUS)
def test_what_an_error_of_the_network_costs(monkeypatch: pytest.MonkeyPatch, gpu: str) -> None:
    monkeypatch.setattr(building, "default_purifier_batch", lambda *_: 8)
    monkeypatch.setenv("DIFFSMOOTH_EXECUTION", "folded")

    def prepare(config: SmoothingConfig) -> Callable[[], Any]:
        classifier, denoiser = tiny_classifier(1), tiny_denoiser(config)
        assert isinstance(denoiser, Denoiser)
        denoiser.to(config.device)

        def work() -> Any:
            found = consequences(PICTURE, classifier, denoiser, config, (0.0, 0.1), copies=2)
            return [(each.purified, each.certificate.counts) for each in found]

        return work

    on_both(prepare, CONFIG, kind=gpu)


def test_what_only_times_things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    config = replace(CONFIG, device="cuda")
    with pretended_gpu():
        base = built(config)
        monkeypatch.setattr(timing, "candidates", lambda device: (Execution("eager"), Execution("folded")))
        assert len(timing.tune(base, PICTURE, config, rounds=1)) == 2
        assert all(timing.parts(base, PICTURE, config, 8).values())
        (found,) = timing.compare(base, PICTURE, config, 16, rounds=1)
        assert found.agreeing == 16
