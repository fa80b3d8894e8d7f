"""`make gpu`: rehearsed on the CPU with tiny networks, and its checks as tests where there is a GPU."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from benchmarks.gpu import checks, photographs, speed, training, visitors
from benchmarks.gpu.run import PARTS, Part, run_all
from benchmarks.gpu.where import Where
from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import resolve
from tests.commands import run

REHEARSAL = Where("cpu", tiny=True)


@pytest.mark.gpu
@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_on_a_gpu(check: Callable[[Where], str]) -> None:
    check(Where())


def test_the_checks_pass_on_a_cpu_and_say_what_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but the two processes, which take a process's start each."""
    quick = [check for check in checks.CHECKS if check is not checks.two_processes_count_the_same]
    monkeypatch.setattr(checks, "CHECKS", quick)
    assert checks.main(REHEARSAL) == 0
    said = capsys.readouterr().out
    assert said.count("\nyes  ") == len(quick)
    assert "one graph casts the folded networks votes: float32 fresh 24 of 24" in said


def test_a_check_that_fails_is_counted_and_the_others_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def wrong(where: Where) -> str:
        raise AssertionError("3 votes differ")

    monkeypatch.setattr(checks, "CHECKS", (wrong, checks.noise_has_the_cpus_bits))
    assert checks.main(REHEARSAL) == 1
    said = capsys.readouterr().out
    assert "NO   wrong: AssertionError('3 votes differ')" in said
    assert "yes  noise has the cpus bits: drawn by torch" in said


def test_speed_and_what_visitors_see_are_rehearsed(capsys: pytest.CaptureFixture[str]) -> None:
    speed.main(REHEARSAL)
    visitors.main(REHEARSAL)
    said = capsys.readouterr().out
    for line in (
        "cifar10, N = 16, m = 5: 0.51 GFLOP a vote",
        "plain ",
        "folded ",
        "all 16 votes",
        "  block    2:",
    ):
        assert f"\n{line}" in said, line
    assert "m = 21 folded" in said


def test_photographs_are_certified_by_every_method(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DIFFSMOOTH_DATA", raising=False)
    photographs.main(REHEARSAL)
    assert "there are no photographs" in capsys.readouterr().out
    monkeypatch.setenv("DIFFSMOOTH_DATA", "somewhere")
    monkeypatch.setattr(photographs, "resolve", lambda *_: resolve("gallery:lighthouse", "imagenet"))
    photographs.main(REHEARSAL)
    said = capsys.readouterr().out
    for method in ("diffsmooth", "dds", "plain"):
        assert re.search(rf"^\| {method} \| 0.25 \| 12 \| (100|0) \|", said, re.MULTILINE)


def test_training_asks_the_command_line_for_what_it_has(capsys: pytest.CaptureFixture[str]) -> None:
    for objective, options, minutes in training.CANDIDATES:
        words = training.command(objective, options, minutes, "cpu", Path("candidates"))
        assert words[1:4] == ["-m", "diffsmooth_core", "train"]
        assert run("train", objective, "--help") == 0
        offered = capsys.readouterr().out
        for option in (word for word in words[5:] if word.startswith("--")):
            assert f"{option} " in offered, (objective, option)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-u", "-c", code)


def test_what_a_part_printed_is_kept_whatever_becomes_of_it_and_of_later_ones(tmp_path: Path) -> None:
    parts = (
        Part("first", "Does it work?", python("print('figures')"), 30),
        Part("second", "Does it fail?", python("print('half of it'); raise SystemExit(3)"), 30),
        Part("third", "Does it end?", python("print('begun'); import time; time.sleep(60)"), 1.5),
        Part("fourth", "Does it still run?", python("print('last')"), 30),
    )
    began = time.monotonic()
    assert not run_all(parts, tmp_path, 60)
    assert time.monotonic() - began < 60
    results = (tmp_path / "results.md").read_text()
    assert [line for line in results.splitlines() if line.startswith("## ")] == [
        f"## gpu {part.name}" for part in parts
    ]
    for said in ("figures", "half of it", "begun", "last"):
        assert f"```\n{said}\n```" in results
    for end in ("done after", "failed with status 3 after", "stopped, its time was over after"):
        assert f"\n{end} " in results


def test_no_part_begins_after_the_time_is_over(tmp_path: Path) -> None:
    assert not run_all((Part("late", "Too late?", python("import time; time.sleep(60)"), 30),), tmp_path, 0)


def test_the_parts_fit_into_a_quarter_of_an_hour() -> None:
    assert [part.name for part in PARTS] == ["checks", "speed", "visitors", "photographs", "training"]
    assert sum(part.seconds for part in PARTS[:-1]) <= 11 * 60, "and training has what is left"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so() -> None:
    with pytest.raises(InputError, match="no CUDA GPU here"):
        Where().machine()
