"""`train OBJECTIVE`: what each command line asks the loop to train, and which options an objective has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from diffsmooth_core.classifiers.compact import SMALL_WIDTHS
from diffsmooth_core.cli import main
from diffsmooth_core.cli.train import train as group
from diffsmooth_core.training import examples, finetuning, loop, presets
from diffsmooth_core.training.classifier import Classification
from diffsmooth_core.training.consistency import Consistency
from diffsmooth_core.training.denoised import DirectDenoising
from diffsmooth_core.training.denoiser import NoisePrediction
from diffsmooth_core.training.finetuning import FineTuning
from diffsmooth_core.training.gaussian import Gaussian
from diffsmooth_core.training.loop import Budget, Task
from diffsmooth_core.training.macer import Macer
from diffsmooth_core.training.objective import Objective
from diffsmooth_core.training.photographs import PhotographDenoising
from diffsmooth_core.training.recipes import AIRBENCH, Airbench
from diffsmooth_core.training.smoothadv import SmoothAdv
from diffsmooth_core.training.smoothmix import SmoothMix


class Asked:
    """What the command line asked the loop for."""

    task: Task
    folder: Path
    name: str
    budget: Budget
    options: dict[str, Any]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    found = Asked()

    def train(task: Task, folder: Path, name: str, budget: Budget, **options: Any) -> Path:
        found.task, found.folder, found.name = task, folder, name
        found.budget, found.options = budget, options
        return folder / f"{name}.json"

    def load_pictures(split: str, dataset: str = "cifar10") -> tuple[torch.Tensor, torch.Tensor]:
        return torch.zeros(4, 3, 32, 32), torch.arange(4)

    monkeypatch.setattr(loop, "train", train)
    monkeypatch.setattr(examples, "load_pictures", load_pictures)
    return found


def run(line: str) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        main(["train", *line.split()])
    return ended.value.code


@pytest.mark.parametrize(
    ("line", "objective"),
    [
        ("gaussian", Gaussian(0.25)),
        ("gaussian --sigma 0", Gaussian(0.0)),
        ("smoothadv --sigma 0.5", SmoothAdv(0.5, 0.5)),
        ("smoothadv --epsilon 1 --attack ddn --attack-steps 4 --copies 3", SmoothAdv(0.25, 1.0, "ddn", 4, 3)),
        ("smoothadv --preset salman --sigma 0.5", presets.published("salman", 0.5).objective(0.5)),
        (
            "smoothadv --preset diffsmooth --sigma 1",
            SmoothAdv(1.0, 512 / 255, "pgd", 10, 2, warm_up=10 / 150),
        ),
        ("macer --lam 3 --copies 4", Macer(0.25, lam=3.0, m=4)),
        ("consistency --lam 5", Consistency(0.25, lam=5.0)),
        ("smoothmix --attack-steps 2 --copies 1", SmoothMix(0.25, attack_steps=2, m=1)),
    ],
)
def test_a_classifier_is_trained_under_the_objective_that_was_named(
    asked: Asked, line: str, objective: Objective
) -> None:
    assert run(f"{line} --dataset cifar10 --name x --minutes 60 --out there --seed 3 --device cpu") == 0
    assert isinstance(asked.task, Classification)
    assert asked.task.objective == objective
    assert (asked.folder, asked.name, asked.budget) == (Path("there"), "x", Budget(minutes=60))
    assert asked.options == {"seed": 3, "device": "cpu"}


def test_a_classifier_has_the_recipe_of_its_width_or_of_its_preset(asked: Asked) -> None:
    def recipe(line: str) -> Any:
        assert run(f"{line} --name x") == 0
        assert isinstance(asked.task, Classification)
        return asked.task.recipe, asked.task.batch

    assert recipe("gaussian --steps 1 --batch 64") == (AIRBENCH, 64)
    assert recipe("macer --steps 1 --width small") == (Airbench(SMALL_WIDTHS), AIRBENCH.batch)
    assert recipe("gaussian --preset cohen") == (presets.COHEN, 400)
    assert asked.budget == Budget(epochs=90), "a published recipe has a budget of its own"
    assert recipe("smoothadv --preset salman")[0] == presets.published("salman", 0.25).recipe


def test_denoisers_and_timm_networks_are_tasks_of_their_own(asked: Asked) -> None:
    def task(line: str) -> Task:
        assert run(f"{line} --name x --steps 1 --device cpu") == 0
        return asked.task

    assert task("denoiser --batch 8 --compile") == NoisePrediction(batch=8, compiled=True)
    assert task("denoiser --dataset imagenet --batch 8") == PhotographDenoising(batch=8)
    direct = DirectDenoising(0.5, start=Path("start.safetensors"))
    assert task("denoised --sigma 0.5 --from start.safetensors") == direct
    assert task("denoised --dataset imagenet --batch 16") == DirectDenoising(
        0.25, dataset="imagenet", batch=16
    )
    stable = task("denoised --stability-of gaussian-0.25")
    assert isinstance(stable, DirectDenoising)
    assert stable.classifier is not None
    assert stable.classifier_name == "gaussian-0.25"
    tuned = task("finetune --preset beit --pretrained")
    assert isinstance(tuned, FineTuning)
    assert (tuned.recipe, tuned.pretrained) == (finetuning.BEIT, True)


def test_half_of_the_labels_can_be_a_teachers_and_pictures_purified(asked: Asked) -> None:
    line = "gaussian --name x --steps 1 --self-training standard --self-training-weight 0.5"
    assert run(f"{line} --purify-with bundled --purify-sigma 0.25") == 0
    assert isinstance(asked.task, Classification)
    found = asked.task.examples
    assert found is not None
    assert found.weights.tolist() == [1.0, 0.5, 1.0, 0.5]
    assert found.source.endswith("weight 0.5, purified at sigma 0.25")


def test_a_preset_with_extra_data_brings_the_weight_of_its_table(
    asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "smoothadv --preset diffsmooth-extra --sigma 1 --name x --steps 1"
    assert run(f"{line} --self-training standard") == 0
    assert isinstance(asked.task, Classification)
    assert asked.task.objective == presets.EXTRA[1.0].objective(1.0)
    assert asked.task.examples is not None
    assert asked.task.examples.weights.tolist() == [1.0, 0.5, 1.0, 0.5]
    assert run(line) == 2
    assert "name one with --self-training" in capsys.readouterr().err


@pytest.mark.parametrize("objective", sorted(group.commands))
def test_every_objective_explains_itself_and_has_its_own_options_alone(
    objective: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"{objective} --help") == 0
    options = capsys.readouterr().out
    assert ("--member" in options) == (objective == "ensemble")
    assert ("--epsilon" in options) == (objective == "smoothadv")
    assert ("--timm" in options) == (objective == "finetune")
    assert ("--stability-of" in options) == (objective == "denoised")
    assert ("--sigma " in options) == (objective not in {"denoiser", "ensemble"})
