"""The choice of how networks run: what a device has, what was timed there, and how many votes there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from diffsmooth_core import build_base
from diffsmooth_core.benchmarking.timing import tune
from diffsmooth_core.classifiers import building, execution
from diffsmooth_core.classifiers.building import default_execution, timed_as
from diffsmooth_core.classifiers.compact import CompactCNN
from diffsmooth_core.classifiers.execution import EAGER, Execution, modes
from diffsmooth_core.classifiers.timings import Pace, candidates, fastest, remember, remembered
from diffsmooth_core.config import InputError, SmoothingConfig
from tests.worlds import GREY, clamping_denoiser, ten_classes

CONFIG = SmoothingConfig(sigma=0.5, sigma_local=0.25, m=5, n0=10, n=40, device="cpu", dtype="float32")
FOLDED = Execution("folded", 16)
CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def test_what_a_device_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the device's kind and what is installed alone, so that it can be told without a GPU."""
    monkeypatch.setattr(execution, "compiler", lambda device: False)
    assert modes(CPU) == ("eager", "folded")
    assert modes(CUDA) == ("eager", "folded", "graph")
    monkeypatch.setattr(execution, "compiler", lambda device: True)
    assert modes(CPU) == ("eager", "folded", "compiled")
    assert {c.classifier_batch for c in candidates(CUDA)} == {0}, "a GPU takes all copies of a batch at once"
    assert set(candidates(CPU)) == {Execution(mode, c) for mode in modes(CPU) for c in (32, 64)}


def test_the_fastest_way_depends_on_how_many_votes_pay_for_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    folded, compiled = FOLDED, Execution("compiled", 16)
    timings = {folded: Pace(0.1, 0.010), compiled: Pace(40.0, 0.009), Execution("graph"): Pace(0, 0)}
    monkeypatch.setattr(execution, "compiler", lambda device: True)
    assert fastest(timings, 1_100, CPU) == folded
    assert fastest(timings, 500_000, CPU) == compiled
    assert fastest(timings, 1_100, CUDA) == Execution("graph")
    monkeypatch.setattr(execution, "compiler", lambda device: False)
    assert fastest(timings, 500_000, CPU) == folded
    assert fastest({}, 1, CPU) is None


def test_timings_are_kept_for_a_device_and_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("DIFFSMOOTH_EXECUTION")
    base = build_base(CONFIG, ten_classes(), clamping_denoiser())
    assert base.execution == Execution("folded", 32), "nothing was timed"
    remember("another", {EAGER: Pace(0, 1)})
    remember(timed_as(base), {FOLDED: Pace(0, 2), Execution("eager", 8): Pace(0, 1.5)})
    assert remembered("another") == {EAGER: Pace(0, 1)}
    assert build_base(CONFIG, ten_classes(), clamping_denoiser()).execution == Execution("eager", 8)
    half = build_base(replace(CONFIG, dtype="bfloat16"), ten_classes(), clamping_denoiser())
    assert half.execution == Execution("folded", 32), "timings are of one dtype"
    monkeypatch.setenv("DIFFSMOOTH_EXECUTION", "untimed")
    assert default_execution(base, 10) == Execution("folded", 32)
    monkeypatch.setenv("DIFFSMOOTH_EXECUTION", "eager/64")
    assert default_execution(base, 10) == Execution("eager", 64)
    monkeypatch.setenv("DIFFSMOOTH_EXECUTION", "graph")
    with pytest.raises(InputError, match="'graph' needs a CUDA GPU"):
        default_execution(base, 10)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"it": 3}', '{"it": {"eager": 1}}', '{"it": {"x": [1, 2]}}']
)
def test_a_spoilt_file_of_timings_is_no_timings(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "diffsmooth").mkdir()
    (tmp_path / "diffsmooth" / "executions.json").write_text(text)
    assert remembered("it") == {}
    remember("it", {EAGER: Pace(0, 1)})
    assert remembered("it") == {EAGER: Pace(0, 1)}


def test_every_way_is_timed_and_the_fastest_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("DIFFSMOOTH_EXECUTION")
    monkeypatch.setattr(execution, "compiler", lambda device: False)
    base = build_base(CONFIG, ten_classes(), clamping_denoiser())
    timings = tune(base, GREY, CONFIG, rounds=1)
    assert set(timings) == set(candidates(CPU))
    assert all(pace.start >= 0 and pace.vote > 0 for pace in timings.values())
    assert build_base(CONFIG, ten_classes(), clamping_denoiser()).execution == fastest(timings, 50, CPU)


def test_a_way_without_memory_is_timed_at_the_batch_that_a_run_comes_down_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(execution, "compiler", lambda device: False)
    base = build_base(CONFIG, ten_classes(), clamping_denoiser())
    sizes: list[int] = []

    def forward(x: Tensor, network: nn.Module = base.classifier.network) -> Tensor:
        sizes.append(len(x))
        if len(x) > 16:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return network(x)  # type: ignore[no-any-return]

    base.classifier.network = Calls(forward)
    assert set(tune(base, GREY, CONFIG, rounds=1)) == set(candidates(CPU))
    assert set(sizes) == {64, 32, 16}


class Calls(nn.Module):
    """A network that is one function."""

    def __init__(self, forward: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.forward = forward


def test_what_does_not_compile_is_left_out_and_another_fault_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(made: nn.Module, **_: object) -> nn.Module:
        raise RuntimeError("C++ compile error")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(execution, "compiler", lambda device: True)
    monkeypatch.setattr(torch, "compile", fails)
    classifier = ten_classes()
    classifier.network = CompactCNN(10, (8, 8, 8))
    config = replace(CONFIG, method="plain")
    timings = tune(build_base(config, classifier), GREY, config, rounds=1)
    assert {e.mode for e in timings} == {"eager", "folded"}
    classifier.network = nn.Linear(1, 1)
    with pytest.raises(RuntimeError, match="shapes"):
        tune(build_base(config, classifier), GREY, config, rounds=1)


def test_large_networks_and_densepures_run_as_they_are_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    base = build_base(replace(CONFIG, method="densepure"), ten_classes(), clamping_denoiser())
    assert base.execution == EAGER
    monkeypatch.setenv("DIFFSMOOTH_EXECUTION", "untimed")
    assert default_execution(replace(base, device=CUDA), 10) == Execution("folded", 0)
    plain = build_base(replace(CONFIG, method="plain"), ten_classes())
    plain.classifier.dataset = "imagenet"
    assert default_execution(plain, 10) == Execution("folded", 32)
    assert default_execution(replace(plain, purifier_batch=4), 10) == Execution("folded", 0)
    monkeypatch.setattr(building, "LARGE", plain.parameters - 1)
    assert default_execution(plain, 10) == EAGER
    assert default_execution(replace(plain, device=CUDA), 10) == Execution("folded", 0)
