"""`python -m diffsmooth_core sweep`: its JSON, its sentences and its refusals."""

from __future__ import annotations

import json
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from diffsmooth_core import SmoothedClassifier, experiments
from diffsmooth_core.certification.ballots import Ballots
from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.experiments import Cell, Sweep
from diffsmooth_core.wording import down
from tests import commands

SMALL = ("gallery:sailing-yacht", "--sigma", "0.25", "--n0", "4", "--n", "20", "--m", "2")
SHIP, FROG = 8, 6
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
    assert len(lines) == 4, "a setting each, and the best"
    assert lines[0].startswith("sigma 0.25  sigma_local 0.25  m 1   n 40 ")
    assert "votes, radius " in lines[0]


@pytest.mark.parametrize(
    ("image", "right", "best"),
    [
        ("gallery:sailing-yacht", 200, "the best of 2 for ship, picked afterwards, holds at alpha/2: {ship}"),
        ("photo:coins", 200, "the best of 2, picked afterwards, holds at alpha/2: {frog}"),
        (
            "gallery:sailing-yacht",
            110,
            "the best of 2 for ship, picked afterwards, needs a radius at alpha/2, and none has one",
        ),
    ],
)
def test_the_best_is_that_for_the_pictures_class_where_it_is_known(
    image: str, right: int, best: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The smaller σ certifies a ship, the larger one a frog, with a larger radius."""

    def cell(sigma: float, label: int, agreeing: int) -> Cell:
        config, counts = SmoothingConfig(sigma=sigma, n=200), [0] * 10
        counts[label], counts[0] = agreeing, 200 - agreeing
        chosen = tuple(100 * (k == label) for k in range(10))
        return Cell(config, Ballots.in_class_order(chosen), Ballots.in_class_order(tuple(counts)))

    cells = cell(0.5, SHIP, right), cell(1.0, FROG, 200)
    found = Sweep(cells, 1, 1)
    monkeypatch.setattr(experiments, "grid", lambda over, config: tuple(c.config for c in cells))
    monkeypatch.setattr(experiments, "sweep_stream", lambda *_: iter([found]))
    loaded: Any = SimpleNamespace(base=None)
    monkeypatch.setattr(SmoothedClassifier, "load", lambda config: loaded)
    assert run(image) == 0
    held = [found.best(label) for label in (SHIP, FROG)]
    words = [
        f"sigma_local 0.25, sigma {sigma:g}, m 5, {name}, radius {down(one[1].radius, 4)}" if one else ""
        for sigma, name, one in ((0.5, "ship", held[0]), (1.0, "frog", held[1]))
    ]
    assert capsys.readouterr().out.splitlines()[-1] == best.format(ship=words[0], frog=words[1])


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
