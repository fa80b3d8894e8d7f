"""Training: interruptions leave no trace, the loss falls, the card tells how it was made."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from diffsmooth_core import datasets
from diffsmooth_core.classifiers.normalisation import STATISTICS, Normalise
from diffsmooth_core.classifiers.resnet import CifarResNet
from diffsmooth_core.config import InputError
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.dncnn import DnCNN
from diffsmooth_core.purification.schedule import Schedule
from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.training import classifier
from diffsmooth_core.training.classifier import Classification
from diffsmooth_core.training.denoised import DirectDenoising
from diffsmooth_core.training.denoiser import NoisePrediction
from diffsmooth_core.training.examples import flipped, load_pictures, translated
from diffsmooth_core.training.gaussian import Gaussian
from diffsmooth_core.training.loop import Budget, Task, TrainingRun, train
from diffsmooth_core.training.metrics import accuracy, psnr
from diffsmooth_core.training.objective import TrainingNoise
from diffsmooth_core.training.recipes import Airbench, ResNet
from diffsmooth_core.zoo import checkpoints
from diffsmooth_core.zoo.cards import Card, file_sha256
from diffsmooth_core.zoo.load import load_classifier
from tests.worlds import Oracle

TINY_UNET = UNetConfig(
    image_size=32, num_channels=32, num_res_blocks=1, channel_mult=(1,), attention_resolutions=(), patch=8
)
TINY_RESNET = ResNet(epochs=2, batch=32, depth=8)
TINY = Airbench((24, 24, 24))
MakeTask = Callable[[], Task]


@pytest.fixture(autouse=True)
def pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """100 pictures of ten colours in place of CIFAR-10, a little noisy."""

    def load_split(dataset: str, split: str) -> tuple[np.ndarray, np.ndarray]:
        random = np.random.default_rng(["train", "test"].index(split))
        labels = np.arange(100) % 10
        colours = np.random.default_rng(7).integers(40, 216, (10, 1, 1, 3))
        noise = random.integers(-20, 21, (100, 32, 32, 3))
        return (colours[labels] + noise).astype(np.uint8), labels.astype(np.int64)

    monkeypatch.setattr(datasets, "load_split", load_split)


def gaussian() -> Task:
    return Classification(Gaussian(0.25), batch=32, recipe=TINY)


def resnet() -> Task:
    return Classification(Gaussian(0.25), batch=32, recipe=TINY_RESNET)


def noise_prediction() -> Task:
    return NoisePrediction(batch=16, architecture=TINY_UNET)


def direct_denoising() -> Task:
    return DirectDenoising(0.25, batch=16, shape={"depth": 3, "width": 8})


every = pytest.mark.parametrize("task", [gaussian, resnet, noise_prediction, direct_denoising])


def watch(monkeypatch: pytest.MonkeyPatch, stop_before: int | None = None) -> list[float]:
    """Collect the losses of the runs that follow, or break them off right after a checkpoint."""
    losses: list[float] = []
    spend_budget = TrainingRun.spend_budget

    def watched(run: TrainingRun, train_step: Callable[[float], torch.Tensor]) -> None:
        def step(progress: float) -> torch.Tensor:
            if run.step == stop_before:
                run.save()
                raise InterruptedError
            losses.append(float(loss := train_step(progress)))
            return loss

        spend_budget(run, step)

    monkeypatch.setattr(TrainingRun, "spend_budget", watched)
    return losses


def weights(card: Path) -> dict[str, torch.Tensor]:
    return load_file(card.with_suffix(".safetensors"))


@every
def test_an_interrupted_run_ends_float_for_float_like_an_undisturbed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: MakeTask
) -> None:
    """Cut after 4 of 8 steps, in the middle of an epoch of 3 batches."""
    with monkeypatch.context() as patch:
        whole = watch(patch)
        straight = train(task(), tmp_path / "straight", "x", Budget(steps=8))
    with monkeypatch.context() as patch:
        first = watch(patch, stop_before=4)
        with pytest.raises(InterruptedError):
            train(task(), tmp_path / "cut", "x", Budget(steps=8))
    with monkeypatch.context() as patch:
        second = watch(patch)
        resumed = train(task(), tmp_path / "cut", "x", Budget(steps=8))
    assert len(whole) == 8
    assert first + second == whole
    expected, found = weights(straight), weights(resumed)
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[key], found[key]) for key in expected)
    assert json.loads(resumed.read_text())["metrics"] == json.loads(straight.read_text())["metrics"]
    assert json.loads(resumed.read_text())["training"]["steps"] == 8


@every
def test_another_seed_gives_another_network(tmp_path: Path, task: MakeTask) -> None:
    here = weights(train(task(), tmp_path / "0", "x", Budget(steps=2)))
    there = weights(train(task(), tmp_path / "1", "x", Budget(steps=2), seed=1))
    assert any(not torch.equal(here[key], value) for key, value in there.items())


def test_an_epoch_shows_every_picture_at_most_once_in_an_order_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[list[bytes]] = []

    def recorded(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        shown.append([picture.numpy().tobytes() for picture in x])
        return x

    monkeypatch.setattr(classifier, "flipped", recorded)
    train(gaussian(), tmp_path, "g", Budget(steps=6))
    first, second = (
        [*shown[i], *shown[i + 1], *shown[i + 2]] for i in (0, 3)
    )  # 3 batches of 32 from 100 pictures
    assert len(set(first)) == len(set(second)) == 96
    assert first[:32] != second[:32]


def test_a_classifier_learns_its_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = watch(monkeypatch)
    card = json.loads(train(gaussian(), tmp_path, "g", Budget(steps=45)).read_text())
    assert np.mean(losses[-5:]) < 0.9 * np.mean(losses[:5])
    shares = card["metrics"]["accuracy_under_noise"]
    assert shares["0.25"] > 0.3, "chance is 0.1"
    assert shares["1"] < shares["0.25"]


def test_a_denoiser_learns_to_predict_noise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = watch(monkeypatch)
    wide_enough = replace(TINY_UNET, patch=2)  # 12 values a patch pass through 32 channels, 192 do not
    train(NoisePrediction(batch=16, lr=0.05, architecture=wide_enough), tmp_path, "d", Budget(steps=50))
    assert np.mean(losses[-20:]) < 0.7 * np.mean(losses[:10])


@every
def test_the_card_says_how_the_network_was_made(tmp_path: Path, task: MakeTask) -> None:
    path = train(task(), tmp_path, "x", Budget(steps=3))
    card = Card(**json.loads(path.read_text()))
    file = tmp_path / card.file
    assert card.sha256 == file_sha256(file)
    assert card.dataset == "cifar10"
    assert card.training["steps"] == 3
    assert card.training["seed"] == 0
    assert card.training["images"] == 3 * card.training["batch"]
    assert card.training["minutes"] >= 0
    assert {"objective", "data", "device", "torch", "finished"} <= card.training.keys()
    assert card.metrics["test_pictures"] == 100
    state = load_file(file)
    assert {v.dtype for v in state.values() if v.is_floating_point()} == {torch.float16}
    network: torch.nn.Module
    if card.architecture.get("network") == "dncnn":
        network = DnCNN(card.architecture["depth"], card.architecture["width"])
        assert card.training["sigma"] == 0.25
        assert card.metrics["psnr_db"].keys() == {"0.25"}
    elif card.kind == "denoiser":
        network = UNet(UNetConfig.from_record(card.architecture))
        assert card.schedule is not None
        assert card.metrics["psnr_db"].keys() == {"0.12", "0.25", "0.5", "1"}
    else:
        recipe = TINY if card.network == "compact" else TINY_RESNET
        assert card.architecture == recipe.architecture(10)
        network = recipe.network(10)
        assert card.training["sigma"] == 0.25
        assert card.metrics["accuracy_under_noise"].keys() >= {"0", "0.25", "0.5"}
    checkpoints.fill(network, state, "card")
    assert sum(p.numel() for p in network.parameters()) == card.parameters


@every
def test_a_finished_run_writes_its_model_again_without_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: MakeTask
) -> None:
    before = weights(train(task(), tmp_path, "x", Budget(steps=3)))
    losses = watch(monkeypatch)
    after = weights(train(task(), tmp_path, "x", Budget(steps=3)))
    assert losses == []
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_the_noise_of_a_draw_has_its_size_and_differs_between_copies() -> None:
    noise = TrainingNoise(torch.Generator().manual_seed(0)).noise(torch.zeros(50, 3, 32, 32), 2, 0.25)
    assert noise.shape == (2, 50, 3, 32, 32)
    assert float(noise.std()) == pytest.approx(0.25, rel=0.02)
    assert abs(float((noise[0] * noise[1]).mean())) < 0.001


def test_accuracy_is_measured_under_the_noise_it_names() -> None:
    """The sign of one pixel under noise: right with probability Phi(.5/sigma)."""

    class Sign(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.stack([-x[:, 0, 0, 0], x[:, 0, 0, 0]], 1)

    x, labels = torch.full((4000, 3, 2, 2), 0.5), torch.ones(4000, dtype=torch.long)
    assert accuracy(Sign(), x, labels, 0.0) == 1.0
    assert accuracy(Sign(), x, labels, 0.5) == pytest.approx(0.8413, abs=0.03)
    assert accuracy(Sign(), x, 1 - labels, 0.0) == 0.0


def test_psnr_is_of_the_purified_picture() -> None:
    x, _ = load_pictures("test")
    schedule = Schedule.named("cosine", 1000)
    oracle = Oracle(x[:1], schedule)
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    purified = Denoiser(oracle, schedule, "", "").purify(x + 0.25 * noise, 0.25)
    expected = 10 * math.log10(1 / float((purified - x).double().square().mean()))
    found = psnr(Denoiser(oracle, schedule, "", "").purify, x, 0.25)
    assert found == pytest.approx(expected, abs=1e-3)


def test_pictures_come_as_tensors_in_the_unit_interval() -> None:
    x, labels = load_pictures("train")
    assert (x.shape, x.dtype) == ((100, 3, 32, 32), torch.float32)
    raw, _ = datasets.load_split("cifar10", "train")
    assert float(x[3, 1, 4, 5]) == pytest.approx(raw[3, 4, 5, 1] / 255)
    assert labels.tolist() == [i % 10 for i in range(100)]


def test_augmentation_moves_and_mirrors_whole_pictures() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(400, 3, 8, 8, generator=generator)
    mirrored = flipped(x, generator)
    same = (mirrored == x).all(dim=(1, 2, 3))
    assert 150 < int(same.sum()) < 250
    assert torch.equal(mirrored[~same], x[~same].flip(3))
    moved = translated(x, 2, generator)
    padded = torch.nn.functional.pad(x, (2, 2, 2, 2), mode="reflect")
    crops = torch.stack([padded[:, :, i : i + 8, j : j + 8] for i in range(5) for j in range(5)])
    hits = (crops == moved).all(dim=(2, 3, 4))  # (25 offsets, 400)
    assert bool(hits.any(0).all())
    assert bool(hits.any(1).all()), "every offset occurs"


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [Airbench().rate(p) for p in np.linspace(0, 1, 101)]
    assert rates[0] == pytest.approx(0.2)
    assert max(rates) == pytest.approx(1.0, abs=0.01)
    assert np.argmax(rates) == 23
    assert rates[-1] == pytest.approx(0.03)


def test_the_released_recipe_drops_to_a_tenth_after_each_third() -> None:
    rates = [TINY_RESNET.rate(epoch / 90) for epoch in (0, 29, 31, 59, 61, 90)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


def test_a_network_of_the_released_recipe_is_found_again_by_its_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = train(resnet(), tmp_path, "r", Budget(epochs=2))
    card = json.loads(path.read_text())
    assert card["training"]["steps"] == 2 * (100 // 32)
    assert card["architecture"] == {"network": "cifar_resnet8", "classes": 10}
    monkeypatch.setattr("diffsmooth_core.zoo.cards.added_folder", lambda: tmp_path)
    x = torch.rand(4, 3, 32, 32)
    network = CifarResNet(8)
    network.load_state_dict({k: v.float() for k, v in weights(path).items()})
    normalise = Normalise(*STATISTICS["cifar10"])
    expected = network.eval()(normalise(x)).log_softmax(1)
    torch.testing.assert_close(load_classifier("r", "cpu")(x).log_softmax(1), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", [{}, {"steps": 5, "minutes": 1.0}, {"steps": 5, "epochs": 1}])
def test_a_budget_is_one_of_steps_minutes_and_epochs(kind: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="exactly one"):
        Budget(**kind)


def test_a_budget_knows_how_much_is_spent() -> None:
    assert Budget(steps=10).progress(5, 99.0) == 0.5
    assert Budget(minutes=10).progress(10**6, 2.5) == 0.25
    assert Budget(minutes=10).progress(0, 11) == 1.0
