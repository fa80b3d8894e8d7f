"""`train OBJECTIVE`: train networks such as the bundled ones, with a command for each objective."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diffsmooth_core.cli.output import say
from diffsmooth_core.cli.train.options import (
    attack_steps_option,
    classifier_options,
    compile_option,
    copies_option,
    lam_option,
    name_option,
    out_option,
    preset_option,
    run_options,
    sigma_option,
    start_option,
)
from diffsmooth_core.config import InputError

if TYPE_CHECKING:
    from diffsmooth_core.training.loop import Task
    from diffsmooth_core.training.objective import Objective
    from diffsmooth_core.training.recipes import Recipe


@click.group()
def train() -> None:
    """Train a network; the same call again resumes after an interruption."""


@train.command()
@classifier_options
@preset_option("Cohen's settings of a ResNet-110, for a GPU.", "cohen")
def gaussian(sigma: float, preset: str | None, **training: Any) -> None:
    """A classifier by Gaussian noise augmentation (Cohen et al. 2019)."""
    from diffsmooth_core.training import presets
    from diffsmooth_core.training.gaussian import Gaussian

    _train_classifier(Gaussian(sigma), presets.COHEN if preset else None, **training)


@train.command()
@classifier_options
@click.option(
    "--epsilon", type=click.FloatRange(0, min_open=True), help="L2 radius of the attack.  [default: sigma]"
)
@click.option("--attack", type=click.Choice(["pgd", "ddn"]), default="pgd", show_default=True)
@attack_steps_option
@copies_option
@preset_option(
    "Salman's settings of a ResNet-110, or those of DiffSmooth's Tables 9 and 10, at --sigma .12, .25, .5 or "
    "1, for a GPU.",
    "salman",
    "diffsmooth",
    "diffsmooth-extra",
)
def smoothadv(
    sigma: float,
    epsilon: float | None,
    attack: str,
    attack_steps: int | None,
    m: int | None,
    preset: str | None,
    **training: Any,
) -> None:
    """A classifier by adversarial training of the smoothed one (Salman et al. 2019)."""
    from diffsmooth_core.training import presets
    from diffsmooth_core.training.smoothadv import SmoothAdv

    if preset:
        published = presets.published(preset, sigma, training["teacher"] is not None)
        if published.teacher_weight is not None:
            training["teacher_weight"] = published.teacher_weight
        _train_classifier(published.objective(sigma), published.recipe, **training)
        return
    given = _given(attack=attack, attack_steps=attack_steps, m=m)
    _train_classifier(SmoothAdv(_noise(sigma), epsilon or sigma, **given), **training)


@train.command()
@classifier_options
@lam_option
@copies_option
def macer(sigma: float, lam: float | None, m: int | None, **training: Any) -> None:
    """A classifier by maximising the certified radius (Zhai et al. 2020)."""
    from diffsmooth_core.training.macer import Macer

    _train_classifier(Macer(_noise(sigma), **_given(lam=lam, m=m)), **training)


@train.command()
@classifier_options
@lam_option
@copies_option
def consistency(sigma: float, lam: float | None, m: int | None, **training: Any) -> None:
    """A classifier by consistency regularisation (Jeong and Shin 2020)."""
    from diffsmooth_core.training.consistency import Consistency

    _train_classifier(Consistency(_noise(sigma), **_given(lam=lam, m=m)), **training)


@train.command()
@classifier_options
@attack_steps_option
@copies_option
def smoothmix(sigma: float, attack_steps: int | None, m: int | None, **training: Any) -> None:
    """A classifier by mixing with adversarial examples (Jeong et al. 2021)."""
    from diffsmooth_core.training.smoothmix import SmoothMix

    _train_classifier(SmoothMix(_noise(sigma), **_given(attack_steps=attack_steps, m=m)), **training)


@train.command()
@run_options
@compile_option
def denoiser(dataset: str, batch: int | None, compiled: bool, **run: Any) -> None:
    """A diffusion model by noise prediction (Ho et al. 2020); on imagenet by EDM's residual (Karras et al.
    2022) on crops of the photographs in DIFFSMOOTH_DATA/imagenet/train."""
    from diffsmooth_core.training.denoiser import NoisePrediction
    from diffsmooth_core.training.photographs import PhotographDenoising

    given = _given(batch=batch)

    def task(_: str) -> Task:
        if dataset == "imagenet":
            return PhotographDenoising(compiled=compiled, **given)
        return NoisePrediction(dataset=dataset, compiled=compiled, **given)

    _run(task, **run)


@train.command()
@run_options
@sigma_option
@start_option
@click.option("--stability-of", help="Train for the stability of this classifier.")
def denoised(
    dataset: str, batch: int | None, sigma: float, start: Path | None, stability_of: str | None, **run: Any
) -> None:
    """A denoiser for one noise, for denoised smoothing (Salman et al. 2020); on imagenet it learns from crops
    of the photographs in DIFFSMOOTH_DATA/imagenet/train."""
    from diffsmooth_core.training.denoised import DirectDenoising
    from diffsmooth_core.zoo.load import load_classifier

    _noise(sigma)

    def task(device: str) -> Task:
        return DirectDenoising(
            sigma,
            load_classifier(stability_of, device) if stability_of else None,
            stability_of or "",
            start,
            dataset,
            **_given(batch=batch),
        )

    _run(task, **run)


@train.command()
@run_options
@sigma_option
@click.option("--timm", help="timm's name of the network.")
@click.option("--pretrained", is_flag=True, help="Start from timm's weights, from the Hub.")
@preset_option("The paper's settings of BEiT-L on ImageNet, for a GPU.", "beit")
def finetune(
    dataset: str,
    batch: int | None,
    sigma: float,
    timm: str | None,
    pretrained: bool,
    preset: str | None,
    **run: Any,
) -> None:
    """A network of timm's, fine-tuned under Gaussian noise (DiffSmooth, appendix B.3)."""
    from diffsmooth_core.training.examples import Examples
    from diffsmooth_core.training.finetuning import BEIT, FineTuning, FineTuningRecipe

    _noise(sigma)
    if (timm is None) == (preset is None):
        raise InputError("finetune needs a network: give --timm NAME or --preset beit, one of them")

    def task(_: str) -> Task:
        examples = Examples.labelled(dataset=dataset)
        test = Examples.labelled(dataset=dataset, split="test")
        small = FineTuningRecipe(
            timm or "", examples.normalisation, lr=1e-3, weight_decay=0.01, batch=batch or 128
        )
        return FineTuning(BEIT if preset else small, sigma, examples, test, pretrained)

    _run(task, **run)


@train.command()
@name_option
@click.option("--member", "members", multiple=True, help="A classifier's name; give it for each.")
@click.option(
    "--consensus",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="K, members that have to agree for the rest not to be asked.",
)
@out_option
def ensemble(name: str, members: tuple[str, ...], consensus: int, out: Path) -> None:
    """Several classifiers as one (Horváth et al. 2022); nothing is trained."""
    from diffsmooth_core.training.ensemble import combine

    out.mkdir(parents=True, exist_ok=True)
    say(f"wrote {combine(out, name, members, consensus)}")


def _given(**options: Any) -> dict[str, Any]:
    """The options that were given (not None); the objective has its own defaults for the others."""
    return {name: value for name, value in options.items() if value is not None}


def _noise(sigma: float) -> float:
    """`sigma`, checked for an objective that trains under noise. Raises InputError unless it is above 0."""
    if not sigma > 0:
        objective = click.get_current_context().info_name
        raise InputError(f"objective {objective!r} trains under noise and needs sigma above 0, got {sigma:g}")
    return sigma


def _train_classifier(
    objective: Objective,
    recipe: Recipe | None = None,
    *,
    dataset: str,
    batch: int | None,
    start: Path | None,
    width: str,
    teacher: str | None,
    teacher_weight: float,
    purify_with: str | None,
    purify_sigma: float,
    compiled: bool,
    seed: int,
    **run: Any,
) -> None:
    """Train a classifier for an objective, with a published recipe or, without one, with the recipe of the
    bundled networks."""
    from diffsmooth_core.classifiers.compact import SMALL_WIDTHS
    from diffsmooth_core.training.classifier import Classification
    from diffsmooth_core.training.examples import Examples
    from diffsmooth_core.training.recipes import AIRBENCH, Airbench
    from diffsmooth_core.zoo.load import load_classifier, load_denoiser

    chosen = recipe or (Airbench(SMALL_WIDTHS) if width == "small" else AIRBENCH)

    def task(device: str) -> Task:
        examples = Examples.labelled(dataset=dataset).to(device)
        if teacher:
            examples = examples.half_unlabelled(load_classifier(teacher, device), teacher_weight)
        if purify_with:
            examples = examples.purified(load_denoiser(purify_with, device).purify, purify_sigma, seed)
        return Classification(objective, examples, chosen, batch or chosen.batch, start, compiled)

    _run(task, chosen.epochs, seed=seed, **run)


def _run(
    task: Callable[[str], Task],
    epochs_of_recipe: int | None = None,
    *,
    name: str,
    minutes: float | None,
    steps: int | None,
    epochs: int | None,
    seed: int,
    threads: int | None,
    device: str,
    out: Path,
) -> None:
    """Choose the device, build the task for it, and train until the budget is spent."""
    import torch

    from diffsmooth_core.classifiers.device import resolve_device
    from diffsmooth_core.training.loop import Budget
    from diffsmooth_core.training.loop import train as train_task

    if threads:
        torch.set_num_threads(threads)
    if steps is None and minutes is None and epochs is None:
        epochs = epochs_of_recipe
    budget = Budget(steps=steps, minutes=minutes, epochs=epochs)
    where = str(resolve_device(device))
    card = train_task(task(where), out, name, budget, seed=seed, device=where)
    say(f"wrote {card} and {card.with_suffix('.safetensors')}")
