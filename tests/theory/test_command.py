"""`python -m diffsmooth_core theory`: its JSON, its sentences and its refusals."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from diffsmooth_core.datasets import custom
from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.zoo import adding, cards
from tests import commands
from tests.worlds import IMAGENET_UNET

run = partial(commands.run, "theory")


def test_the_exact_world_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--world", "far", "--dimension", "1", "--sigma", "1", "--samples", "50")
    assert run("exact", *arguments, "--json") == 0
    found = json.loads(capsys.readouterr().out)["theorem1"]
    assert found["versions"]["printed"]["inside"] == 0
    assert found["versions"]["corrected"]["inside"] == found["versions"]["corrected"]["count"] == 50
    assert run("exact", *arguments, "--json", "--unit", "pixel") == 0
    halved = json.loads(capsys.readouterr().out)["theorem1"]
    assert halved["distances"] == pytest.approx([d / 2 for d in found["distances"]])
    for one in (found, halved):
        term = one["versions"]["printed"]["score_term_mean"]
        assert one["tau"] * one["C_estimate"] == pytest.approx(term), "whatever the units"
    assert run("exact", *arguments, "--eta", "1e-7") == 0
    assert "promised 1 - 0.0000001" in capsys.readouterr().out, "not 1"


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


@pytest.fixture
def networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for added networks and data sets with nothing in it yet, and no bundled ones for ImageNet."""
    shipped = cards.bundled()
    monkeypatch.setattr(
        cards, "bundled", lambda: {name: c for name, c in shipped.items() if c.dataset == "cifar10"}
    )
    monkeypatch.setenv("DIFFSMOOTH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("DIFFSMOOTH_DATASETS", str(tmp_path / "datasets"))
    return tmp_path


def add_unet(folder: Path, name: str, dataset: str, config: dict[str, Any]) -> None:
    torch.save(UNet(UNetConfig.from_record(config)).state_dict(), folder / f"{name}.pt")
    adding.add(str(folder / f"{name}.pt"), name, config=config, dataset=dataset)


def test_curves_of_an_imagenet_picture_need_a_denoiser_for_it(
    networks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (
        "curves",
        "photo:cat",
        "--dataset",
        "imagenet",
        "--denoiser",
        "bundled",
        "--sigmas",
        "0.25",
        "--samples",
        "2",
        "--steps",
        "2",
        "--json",
    )
    assert run(*arguments) == 2
    (said,) = capsys.readouterr().err.strip().splitlines()
    assert "'bundled' is for cifar10, the picture is for imagenet" in said
    assert "models download 256x256_diffusion_uncond" in said
    add_unet(networks, "small-unet", "imagenet", IMAGENET_UNET)
    assert run(*arguments) == 2
    assert "take --denoiser small-unet" in capsys.readouterr().err
    assert run(*arguments, "--denoiser", "small-unet") == 0
    (point,) = json.loads(capsys.readouterr().out)["points"]
    assert point["theorem1"]["dimension"] == 3 * 224 * 224
    assert point["timestep"] == 145, "of the linear schedule"


def test_pictures_of_an_added_data_set_are_counted(
    networks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind, value in (("dark", 20), ("light", 230)):
        folder = networks / "own" / "val" / kind
        folder.mkdir(parents=True)
        Image.new("RGB", (32, 32), (value, value, value)).save(folder / "0.png")
    custom.add(networks / "own", "shades", 16)
    arguments = ("compare", "--dataset", "shades", "--sigmas", "0.25", "--json")
    assert run(*arguments) == 2
    assert "train denoiser --dataset shades" in capsys.readouterr().err
    add_unet(networks, "own-unet", "shades", IMAGENET_UNET | {"image_size": 64, "channel_mult": "1,1"})
    assert run(*arguments, "--denoiser", "own-unet") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["pictures"] == "2 test pictures"
    assert [row["count"] for row in found["sigmas"]] == [2]


def test_the_schemes_errors_as_json_and_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("convergence", "--world", "far", "--dimension", "1", "--sigma", "1")
    assert run(*arguments, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [error["steps"] for error in found["schemes"]["euler-maruyama"]] == [64, 32, 16, 8, 4]
    finest = {scheme: errors[0]["variance"] for scheme, errors in found["schemes"].items()}
    assert 0 < finest["multistep"] < finest["euler-maruyama"] / 3
    assert abs(found["reference"]["variance"]) < 3 * found["reference"]["variance_chance"]
    assert run(*arguments) == 0
    assert "euler-maruyama, 64 steps: mean off by " in capsys.readouterr().out


def test_the_scheme_is_a_choice(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("exact", "--dimension", "1", "--samples", "50", "--steps", "16", "--json")
    assert run(*arguments, "--scheme", "euler-maruyama") == 0
    first = json.loads(capsys.readouterr().out)
    assert run(*arguments) == 0
    second = json.loads(capsys.readouterr().out)
    assert first["theorem2"] == second["theorem2"], "which no path takes part in"
    assert first["theorem1"]["distances"] != second["theorem1"]["distances"]


def test_what_an_error_costs(capsys: pytest.CaptureFixture[str]) -> None:
    settings = ("--sigma", "0.5", "--m", "1", "--n0", "4", "--n", "12", "--errors", "0,3")
    assert run("error", "gallery:sailing-yacht", *settings, "--json") == 0
    intact, broken = json.loads(capsys.readouterr().out)["errors"]
    assert sum(intact["counts"]) == sum(broken["counts"]) == 12
    assert broken["purified"] > intact["purified"] + 5
    assert (intact["eps_error"], broken["eps_error"]) == (0, 3)


@pytest.mark.parametrize(
    "arguments",
    [
        ("exact", "--world", "flat"),
        ("exact", "--scheme", "heun"),
        ("exact", "--eta", "2"),
        ("exact", "--samples", "0"),
        ("gain", "gallery:sailing-yacht", "--sigmas", "a,b"),
        ("image", "gallery:none"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
