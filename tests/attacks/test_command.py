"""`python -m diffsmooth_core attack`: its JSON, its sentence and its refusals."""

from __future__ import annotations

import json
from functools import partial

import pytest

from tests import commands

QUICK = (
    "--method",
    "plain",
    "--classifier",
    "gaussian-0.25",
    "--sigma",
    "0.25",
    "--n0",
    "10",
    "--n",
    "100",
    "--alpha",
    "0.01",
    "--halvings",
    "1",
    "--steps",
    "4",
    "--copies",
    "8",
    "--n-predict",
    "40",
)
run = partial(commands.run, "attack")


def test_inside_and_outside_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("gallery:sailing-yacht", "--radius", "0.1", "--attempts", "2", *QUICK, "--json") == 0
    inside = json.loads(capsys.readouterr().out)
    assert inside["certified_radius"] > 0.1
    assert (inside["attempts"], inside["broken"], inside["empirical_radius"]) == (2, 0, None)
    assert inside["level"] == pytest.approx(0.01 / 3)
    assert run("gallery:sailing-yacht", "--radius", "4", "--attempts", "2", *QUICK, "--json") == 0
    outside = json.loads(capsys.readouterr().out)
    assert outside["broken"] >= 1
    assert outside["certified_radius"] < outside["empirical_radius"] <= 4
    assert [sum(tried["counts"]) for tried in outside["tried"]] == [40] * outside["attempts"]


def test_without_a_radius_it_goes_to_twice_the_certified_one(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--kind", "random", "--attempts", "1", *QUICK)
    assert run("gallery:sailing-yacht", *arguments) == 0
    said = capsys.readouterr().out
    assert "certified as ship within" in said
    assert "outside the certificate: 1 left the class as it is" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gallery:sailing-yacht", "--radius", "-1", *QUICK), "radius must be a finite number above 0"),
        (("gallery:sailing-yacht", "--attempts", "0", *QUICK), "attempts must be a whole number from 1"),
        (("gallery:sailing-yacht", *QUICK, "--n-predict", "2"), "cannot decide"),
        (("gallery:none", "--radius", "1", *QUICK), "gallery picture 'none' is unknown"),
        (("gallery:sailing-yacht", *QUICK, "--n", "8", "--sigma", "2"), "use --radius"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    (line,) = [line for line in capsys.readouterr().err.strip().splitlines() if "attempt/s" not in line]
    assert words in line
