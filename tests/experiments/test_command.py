"""`python -m diffsmooth_core sweep`: its JSON, its sentences and its refusals."""

from __future__ import annotations

import json
from functools import partial

import pytest

from tests import commands

SMALL = ("gallery:sailing-yacht", "--sigma", "0.25", "--n0", "4", "--n", "20", "--m", "2")
run = partial(commands.run, "sweep")


def test_a_sweep_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*SMALL, "--over", "budget", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [(row["m"], row["n"]) for row in found["cells"]] == [(1, 40), (2, 20), (4, 10)]
    for row in found["cells"]:
        assert sum(row["counts"]) == row["n"]
        assert sum(row["counts0"]) == 4
    best = found["best"]
    assert best["alpha"] == pytest.approx(0.001 / 3)
    assert 0 < best["radius"] < found["cells"][best["cell"]]["radius"]
    assert best["label"] == 8


def test_a_sweep_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*SMALL, "--over", "budget", "--method", "local-only") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) in (3, 4)
    assert lines[0].startswith("sigma 0.25  sigma_local 0.25  m 1   n 40 ")
    assert "votes, radius " in lines[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--over", "q"), "choose one of"),
        (("--method", "plain"), "no local noise"),
        (("--n", "5"), "use n = 10"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*SMALL, *arguments) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
