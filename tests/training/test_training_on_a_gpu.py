"""Every objective on a pretended GPU: it learns what a CPU learns from the same noise, and no step waits."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

from diffsmooth_core import datasets
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.training import classifier, loop, photographs
from diffsmooth_core.training.classifier import Classification
from diffsmooth_core.training.consistency import Consistency
from diffsmooth_core.training.crops import Crops
from diffsmooth_core.training.denoised import DirectDenoising
from diffsmooth_core.training.denoiser import NoisePrediction
from diffsmooth_core.training.examples import Examples
from diffsmooth_core.training.finetuning import FineTuning, FineTuningRecipe
from diffsmooth_core.training.gaussian import Gaussian
from diffsmooth_core.training.loop import Budget, Task, TrainingRun, train
from diffsmooth_core.training.macer import Macer
from diffsmooth_core.training.photographs import PhotographDenoising
from diffsmooth_core.training.recipes import Airbench, ResNet
from diffsmooth_core.training.smoothadv import SmoothAdv
from diffsmooth_core.training.smoothmix import SmoothMix
from tests.pretended_gpu import PretendedGPU, on_both, pretended_gpu
from tests.worlds import TINY_UNET, tiny_classifier


def waits_so_far() -> list[str]:
    """Those of the pretended GPU, if there is one now."""
    modes = _get_current_dispatch_mode_stack()
    return next((list(mode.waits) for mode in modes if isinstance(mode, PretendedGPU)), [])


def pictures(count: int = 12, side: int = 32) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(4)
    return torch.rand(count, 3, side, side, generator=generator), torch.arange(count) % 10


def fine_tuning(device: str) -> Task:
    examples = Examples(*pictures(), torch.ones(12), "somewhere")
    recipe = FineTuningRecipe("resnet10t", "half", lr=1e-3, weight_decay=0.01, batch=4)
    return FineTuning(recipe, 0.1, examples, examples)


def classification(objective: Any, recipe: Any = Airbench((8, 8, 8))) -> Callable[[str], Task]:  # noqa: B008
    return lambda device: Classification(objective, recipe=recipe, batch=4)


def stability(device: str) -> Task:
    classifier = tiny_classifier(1).to(device).eval()
    return DirectDenoising(0.25, classifier, "tiny", batch=4, shape={"depth": 3, "width": 8})


SMALL_UNET = UNetConfig(**TINY_UNET, attention_resolutions=())
TASKS: dict[str, Callable[[str], Task]] = {
    "gaussian": classification(Gaussian(0.25)),
    "plain": classification(Gaussian(0.0)),
    "consistency": classification(Consistency(0.25)),
    "macer": classification(Macer(0.25, m=2)),
    "smoothadv, pgd": classification(SmoothAdv(0.25, 0.5, "pgd", warm_up=0.1)),
    "smoothadv, ddn": classification(SmoothAdv(0.25, 0.5, "ddn", warm_up=0.1)),
    "smoothmix": classification(SmoothMix(0.25)),
    "resnet": classification(Gaussian(0.25), ResNet(epochs=1, batch=4, depth=8)),
    "fine-tuning": fine_tuning,
    "denoiser": lambda device: NoisePrediction(batch=4, architecture=SMALL_UNET),
    "photographs": lambda device: PhotographDenoising(batch=4, architecture=replace(SMALL_UNET, patch=4)),
    "denoised": lambda device: DirectDenoising(0.25, batch=4, shape={"depth": 3, "width": 8}),
    "denoised, stability": stability,
}


@pytest.fixture
def few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dozen pictures in the place of every data set; random numbers as on a GPU, without autocast, which
    a pretended one does not have."""
    x, labels = pictures()
    pixels = (255 * x).byte().permute(0, 2, 3, 1).numpy()
    monkeypatch.setattr(datasets, "load_split", lambda dataset, split: (pixels, labels.numpy()))
    monkeypatch.setattr(Crops, "of_imagenet", lambda device: Crops([pixels[0]], device))
    monkeypatch.setattr(photographs, "held_out", pictures)
    monkeypatch.setattr(photographs, "SIDE", 16)
    monkeypatch.setattr(photographs, "LATE_SIDE", 32)
    monkeypatch.setattr(classifier, "CALIBRATION", 2)
    monkeypatch.setattr(TrainingRun, "_on_gpu", True)
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())


@pytest.mark.usefixtures("few_pictures")
@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_every_objective_trains_without_waiting(
    task: Callable[[str], Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two steps, an interruption and two more; then the card's metrics, measured on the device too."""
    waited: list[str] = []

    def prepare(config: SmoothingConfig) -> Callable[[], Any]:
        folder, device = tmp_path / config.device, config.device

        def trained(steps: int) -> Any:
            return train(task(device), folder, "x", Budget(steps=steps), device=device)

        def work() -> Any:
            trained(2)
            card = json.loads(trained(4).read_text())
            weights = load_file(folder / card["file"])
            assert card["metrics"]["test_pictures"] == 12
            return weights

        return work

    step = loop._step

    def watched(task: Task, run: TrainingRun, progress: float) -> Tensor:
        before = list(waits_so_far())
        loss = step(task, run, progress)
        waited.extend(waits_so_far()[len(before) :])
        return loss

    monkeypatch.setattr(loop, "_step", watched)
    on_both(prepare, SmoothingConfig(device="cpu"), alike)
    assert waited == []


def alike(found: dict[str, Tensor], expected: dict[str, Tensor]) -> bool:
    """Weights may differ in the last bit of their file: memory is laid out otherwise here and there."""
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-3)
    return True


def test_a_training_run_goes_on_where_it_was_begun(tmp_path: Path) -> None:
    """Noise is drawn on the device, and another one draws other numbers."""
    run = TrainingRun(tmp_path / "x.checkpoint", Budget(steps=1), 0, {})
    run.save()
    with pretended_gpu(), pytest.raises(InputError, match="was begun on a CPU, whose random numbers are"):
        TrainingRun(tmp_path / "x.checkpoint", Budget(steps=1), 0, {}, "cuda")
