"""What a run will take, before it begins."""

from __future__ import annotations

import json

import pytest

from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.runs import estimate as estimating
from diffsmooth_core.runs.estimate import Estimate, estimate, held
from tests.commands import run

PLAIN = {
    "method": "plain",
    "classifier": "gaussian-0.25-b",
    "sigma": 0.25,
    "n0": 10,
    "n": 40,
    "device": "cpu",
}


def test_an_estimate_is_of_votes_that_were_cast(twelve: None, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = []

    def counted(base: object, ranges: list[object], config: object) -> None:
        cast.extend(ranges)

    monkeypatch.setattr(estimating, "cast_votes", counted)
    ticks = iter([0.0, 1.0, 3.0, 4.0, 100.0])
    monkeypatch.setattr(estimating.time, "perf_counter", lambda: next(ticks))
    found = estimate(SmoothingConfig(**PLAIN | {"n": 4000}), (0, 3, 5))
    assert [r.start for r in cast] == [0, 0, found.timed // 2], (
        "one vote first, then two steps of two seconds"
    )
    assert (found.pictures, found.votes, found.device) == (3, 4010, "cpu")
    assert found.seconds_a_vote == pytest.approx(4.0 / found.timed)
    assert found.seconds == pytest.approx(3 * 4010 * found.seconds_a_vote)
    assert found.memory > 10**8, "this process holds torch"


def test_hours_votes_and_memory_are_said_in_a_sentence() -> None:
    found = Estimate(500, 1100, 0.02, 64, "cpu", 2, 1_340_000_000, 0)
    assert str(found) == (
        "about 3 h 3 min for 500 pictures of 1,100 votes, 550,000 in all, at 50 votes a second "
        "(64 timed, cpu, 2 threads); 1.3 GB of memory"
    )
    assert held(0, 2_000_000_000) == "; 2.0 GB of GPU memory"


def test_the_command_begins_nothing(
    twelve: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIFFSMOOTH_STORE", "sqlite:////nowhere/at/all")
    options = [word for name, value in PLAIN.items() for word in (f"--{name}", str(value))]
    assert run("audit", "--indices", "0:4:1", "--estimate", "--json", *options) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["pictures"], found["votes"], found["all_votes"]) == (4, 50, 200)
    assert found["seconds"] == pytest.approx(200 * found["seconds_a_vote"])
    assert run("audit", "--out", "x", "--estimate", "--resume") == 2
    assert "leave --over, --resume and ray out" in capsys.readouterr().err


def test_what_cannot_be_run_is_not_estimated(twelve: None) -> None:
    with pytest.raises(InputError, match="no classifier|unknown"):
        estimate(SmoothingConfig(**PLAIN | {"classifier": "none-of-these"}), (0,))
