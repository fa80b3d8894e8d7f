"""`python -m diffsmooth_core theory`: its JSON, its sentences and its refusals."""

from __future__ import annotations

import json

import pytest

from diffsmooth_core.cli import main


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["theory", *arguments])
    return int(stop.value.code or 0)


def test_the_exact_world_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--world", "far", "--dimension", "1", "--sigma", "1", "--samples", "50")
    assert run("exact", *arguments, "--json") == 0
    found = json.loads(capsys.readouterr().out)["theorem1"]
    assert found["versions"]["printed"]["inside"] == 0
    assert found["versions"]["corrected"]["inside"] == found["versions"]["corrected"]["count"] == 50
    assert run("exact", *arguments, "--json", "--unit", "pixel") == 0
    halved = json.loads(capsys.readouterr().out)["theorem1"]
    assert halved["distances"] == pytest.approx([d / 2 for d in found["distances"]])


def test_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("image", "gallery:sailing-yacht", "--samples", "2", "--steps", "4", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["theorem1"]["distances"]) == 2
    assert found["theorem2"]["identity"] == pytest.approx(found["theorem2"]["distance"], rel=1e-4)
    assert run("image", "gallery:sailing-yacht", "--samples", "2", "--steps", "4") == 0
    assert "2 of 2 samples inside" in capsys.readouterr().out


def test_purification_brings_a_picture_nearer(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("gain", "gallery:sailing-yacht", "--sigmas", "0.5", "--copies", "2", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["gains"]
    assert row["purified"] < row["noisy"] / 2
    assert row["shortened"] == 1


def test_pictures_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", "--count", "3", "--sigmas", "0.25,0.5", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["sigmas"]
    assert [(row["sigma"], row["count"]) for row in rows] == [(0.25, 3), (0.5, 3)]
    assert all(row["nearer"] == 3 and row["purified"] < row["noisy"] / 2 for row in rows)
    assert all(0 < row["interval"][0] < row["interval"][1] == 1 for row in rows)


def test_curves_have_a_row_a_sigma(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--sigmas", "0.25,0.5", "--samples", "2", "--steps", "2", "--json")
    assert run("curves", "gallery:sailing-yacht", *arguments) == 0
    rows = json.loads(capsys.readouterr().out)["points"]
    assert [row["sigma"] for row in rows] == [0.25, 0.5]
    assert rows[0]["timestep"] < rows[1]["timestep"]
    assert rows[0]["theorem1"]["shift"] == pytest.approx(rows[1]["theorem1"]["shift"] / 2, rel=1e-3)


def test_what_an_error_costs(capsys: pytest.CaptureFixture[str]) -> None:
    settings = ("--sigma", "0.5", "--m", "1", "--n0", "4", "--n", "12", "--errors", "0,3")
    assert run("error", "gallery:sailing-yacht", *settings, "--json") == 0
    intact, broken = json.loads(capsys.readouterr().out)["errors"]
    assert sum(intact["counts"]) == sum(broken["counts"]) == 12
    assert broken["purified"] > intact["purified"] + 5
    assert (intact["eps_error"], broken["eps_error"]) == (0, 3)


@pytest.mark.parametrize(
    "arguments",
    [("exact", "--world", "flat"), ("exact", "--eta", "2"), ("exact", "--samples", "0"),
     ("gain", "gallery:sailing-yacht", "--sigmas", "a,b"), ("image", "gallery:none")],
)  # fmt: skip
def test_bad_input_is_one_line_and_status_2(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
