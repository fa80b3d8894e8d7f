"""Training on photographs: crops are parts of them, the diffusion model learns, the card builds it again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from diffsmooth_core.config import InputError
from diffsmooth_core.purification.schedule import Schedule
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.training import crops, denoised, photographs
from diffsmooth_core.training.crops import SHARES, SHORTER, Crops
from diffsmooth_core.training.denoised import DirectDenoising
from diffsmooth_core.training.loop import Budget, TrainingRun, train
from diffsmooth_core.training.photographs import TRAINED_FOR, PhotographDenoising, timestep_shares
from diffsmooth_core.zoo.load import load_denoiser

TINY = UNetConfig(
    image_size=224,
    num_channels=32,
    num_res_blocks=1,
    attention_resolutions=(),
    channel_mult=(1, 1, 1),
    patch=4,
)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two photographs of plain colours to train on and one to test with, and crops of few pixels."""
    colours = {
        "train/n01440764": (200, 80, 40),
        "train/n01443537": (30, 90, 220),
        "val/n01440764": (200, 80, 40),
    }
    for folder, colour in colours.items():
        (tmp_path / "data" / "imagenet" / folder).mkdir(parents=True)
        Image.new("RGB", (300, 256), colour).save(tmp_path / "data" / "imagenet" / folder / "a.JPEG")
    monkeypatch.setenv("DIFFSMOOTH_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(photographs, "SIDE", 32)
    monkeypatch.setattr(photographs, "LATE_SIDE", 64)
    monkeypatch.setattr(denoised, "SIDE", 32)
    return tmp_path / "data" / "imagenet"


def task() -> PhotographDenoising:
    return PhotographDenoising(batch=4, lr=0.02, architecture=TINY)


def test_a_crop_is_a_square_of_a_photograph_mirrored_or_not() -> None:
    numbers = np.random.default_rng(0).integers(0, 256, (256, 280, 3)).astype(np.uint8)
    # Of the three copies the whole one alone has 224 pixels a side.
    found = Crops([numbers], "cpu").draw(40, 224, torch.Generator().manual_seed(0))
    assert (found.shape, found.dtype) == ((40, 3, 224, 224), torch.float32)
    windows = np.lib.stride_tricks.sliding_window_view(numbers[:, :, 0], (1, 224))[:, :, 0]
    mirrored = 0
    for crop in (found * 255).round().byte().permute(0, 2, 3, 1).numpy():
        as_is, turned = ((windows == line).all(2).nonzero() for line in (crop[0, :, 0], crop[0, ::-1, 0]))
        mirrored += len(turned[0])
        (top,), (left,) = turned if len(turned[0]) else as_is
        square = numbers[top : top + 224, left : left + 224]
        assert np.array_equal(square[:, ::-1] if len(turned[0]) else square, crop)
    assert 10 <= mirrored <= 30


def test_crops_come_from_every_photograph_and_from_smaller_copies_too() -> None:
    """A photograph that gets brighter from side to side: the steeper, the smaller the copy."""
    ramp = np.broadcast_to(np.linspace(0, 255, 512)[None, :, None], (512, 512, 3)).astype(np.uint8)
    dark = np.zeros((100, 150, 3), np.uint8)
    both = Crops([ramp, dark], "cpu")
    found = both.draw(300, 128, torch.Generator().manual_seed(0))
    steep = (found[:, 0, 64, -1] - found[:, 0, 64, 0]).abs()
    assert 100 < int((steep > 0).sum()) < 200, "both photographs"
    of_copy = [
        int(((steep - 127 / shorter).abs() < 0.02).sum()) / int((steep > 0).sum()) for shorter in SHORTER
    ]
    assert of_copy == pytest.approx(SHARES, abs=0.12)
    with pytest.raises(InputError, match="up to 256 pixels a side, got 257"):
        both.draw(1, 257, torch.Generator())


def test_photographs_are_spread_over_a_folder_that_has_too_many(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Crops.of_imagenet("cpu").count == 2
    many = [data / f"{i}" for i in range(5)]
    read: list[Path] = []
    monkeypatch.setattr("diffsmooth_core.datasets.imagenet.photographs", lambda part: tuple(many))
    monkeypatch.setattr(crops, "read", lambda path: read.append(path) or np.zeros((4, 4, 3), np.uint8))
    monkeypatch.setattr(crops, "MOST", 4)
    Crops.of_imagenet("cpu")
    assert read == many[::2]


def test_noise_levels_are_even_on_a_log_scale_where_smoothing_noise_lies() -> None:
    schedule = Schedule.named("linear", 1000)
    shares, sigma = timestep_shares(schedule).numpy(), schedule.noise_ratio / 2
    assert shares.sum() == pytest.approx(1)
    assert shares.min() == pytest.approx(0.08 / 1000)
    between = [
        shares[(low <= sigma) & (sigma < high)].sum() for low, high in ((0.1, 0.2), (0.25, 0.5), (0.5, 1))
    ]
    assert between == pytest.approx(
        [0.92 * np.log(2) / np.log(TRAINED_FOR[1] / TRAINED_FOR[0])] * 3, abs=0.02
    )


def test_it_learns_and_its_card_builds_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card, untrained = (
        json.loads(train(task(), tmp_path, name, Budget(steps=steps)).read_text())
        for name, steps in (("tiny", 100), ("untrained", 1))
    )
    assert card["training"]["data"] == "2 ImageNet training photographs, random crops"
    assert card["metrics"]["test_pictures"] == 1
    found = card["metrics"]["psnr_db"]
    gained = {sigma: psnr - untrained["metrics"]["psnr_db"][sigma] for sigma, psnr in found.items()}
    assert min(gained[sigma] for sigma in ("0.25", "0.5", "1")) > 1, gained
    monkeypatch.setattr("diffsmooth_core.zoo.cards.added_folder", lambda: tmp_path)
    assert load_denoiser("tiny", "cpu").predicts == "edm"


def test_a_denoiser_for_one_noise_learns_from_crops_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(denoised, "WARM_UP", 5)
    shape = {"depth": 3, "width": 16, "patch": 2, "norm": False}
    card, untrained = (
        json.loads(train(task, tmp_path, name, Budget(steps=steps)).read_text())
        for name, steps in (("direct", 200), ("untrained", 1))
        for task in [DirectDenoising(0.25, dataset="imagenet", batch=4, shape=shape)]
    )
    assert card["training"]["data"] == "2 ImageNet training photographs, random crops"
    assert card["metrics"]["psnr_db"]["0.25"] > untrained["metrics"]["psnr_db"]["0.25"] + 3
    monkeypatch.setattr("diffsmooth_core.zoo.cards.added_folder", lambda: tmp_path)
    x = torch.rand(1, 3, 224, 224)
    assert not torch.equal(load_denoiser("direct", "cpu").purify(x, 0.25), x)


def test_stability_is_of_pictures_as_large_as_the_classifier_sees(tmp_path: Path) -> None:
    """In training, and of the one photograph that it is measured on: its class is the one that is always
    given."""
    sides = set()

    def classifier(x: torch.Tensor) -> torch.Tensor:
        sides.add(x.shape[2:])
        return x.mean((2, 3)) * torch.tensor([1.0, 0, 0])

    task = DirectDenoising(
        0.25, classifier, "first", dataset="imagenet", batch=2, shape={"depth": 2, "width": 4}
    )
    card = json.loads(train(task, tmp_path, "stable", Budget(steps=1)).read_text())
    assert sides == {(224, 224)}
    assert card["training"]["objective"] == "stability of first"
    assert card["metrics"]["accuracy_after_denoising"] == {"first": 1.0}


def test_an_interrupted_run_ends_like_an_undisturbed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = train(task(), tmp_path / "straight", "x", Budget(steps=4))
    spend = TrainingRun.spend_budget

    def cut(run: TrainingRun, train_step: object) -> None:
        run.budget = Budget(steps=2)
        spend(run, lambda _: train_step(run.step / 4))  # type: ignore[operator]
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(TrainingRun, "spend_budget", cut)
        with pytest.raises(InterruptedError):
            train(task(), tmp_path / "cut", "x", Budget(steps=4))
    resumed = train(task(), tmp_path / "cut", "x", Budget(steps=4))
    expected, found = (load_file(path.with_suffix(".safetensors")) for path in (straight, resumed))
    assert all(torch.equal(expected[key], found[key]) for key in expected)


def test_what_is_missing_is_said_before_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIFFSMOOTH_DATA")
    with pytest.raises(InputError, match="set DIFFSMOOTH_DATA to a folder that has imagenet/train"):
        train(task(), tmp_path, "x", Budget(steps=1))
