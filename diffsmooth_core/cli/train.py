"""`train`: how the bundled networks are made."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from diffsmooth_core.config import InputError

OBJECTIVES = (
    "denoiser",
    "gaussian",
    "smoothadv",
    "macer",
    "consistency",
    "smoothmix",
    "denoised",
    "finetune",
    "ensemble",
)
PRESETS = {"beit": "finetune", "cohen": "gaussian", "salman": "smoothadv"}  # which objective each is of


@click.command()
@click.argument("objective", type=click.Choice(OBJECTIVES))
@click.option("--name", required=True, help="Name of the model's files.")
@click.option(
    "--dataset",
    default="cifar10",
    show_default=True,
    help="What it is trained on: cifar10, or one that was added with `datasets add`.",
)
@click.option(
    "--sigma",
    type=click.FloatRange(0),
    default=0.25,
    show_default=True,
    help="Noise that the network is trained under; 0 is plain training.",
)
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Budget in minutes.")
@click.option("--steps", type=click.IntRange(1), help="Budget in steps.")
@click.option("--epochs", type=click.IntRange(1), help="Budget in passes over the pictures.")
@click.option("--batch", type=click.IntRange(1), help="Pictures a step.  [default: the objective's own]")
@click.option(
    "--from",
    "start",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Weights (.safetensors) of a network of the same shape to fine-tune.",
)
@click.option(
    "--width",
    type=click.Choice(["full", "small"]),
    default="full",
    show_default=True,
    help="Size of a classifier: 2.0M or 0.65M parameters.",
)
@click.option(
    "--epsilon",
    type=click.FloatRange(0, min_open=True),
    help="smoothadv: L2 radius of the attack.  [default: sigma]",
)
@click.option(
    "--attack",
    type=click.Choice(["pgd", "ddn"]),
    default="pgd",
    show_default=True,
    help="smoothadv: the attack.",
)
@click.option("--attack-steps", type=click.IntRange(1), help="smoothadv, smoothmix: gradient steps.")
@click.option("--copies", type=click.IntRange(1), help="Noisy copies of a picture in the objective.")
@click.option("--lam", type=click.FloatRange(0), help="macer, consistency: weight of the regulariser.")
@click.option("--self-training", "teacher", help="Classifier whose classes replace every second label.")
@click.option(
    "--self-training-weight",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="Weight of the examples that the teacher labelled.",
)
@click.option("--purify-with", help="Train on pictures that this denoiser purified at --purify-sigma.")
@click.option(
    "--purify-sigma",
    type=click.FloatRange(0, min_open=True),
    default=0.5,
    show_default=True,
    help="Noise before purification.",
)
@click.option("--timm", help="finetune: timm's name of the network.")
@click.option("--pretrained", is_flag=True, help="finetune: start from timm's weights, from the Hub.")
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    help="Published settings for a GPU: beit (finetune, BEiT-L on ImageNet), cohen (gaussian) and "
    "salman (smoothadv), both a ResNet-110 at --sigma .12, .25, .5 or 1.",
)
@click.option("--member", "members", multiple=True, help="ensemble: a classifier's name; give it for each.")
@click.option(
    "--consensus",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="ensemble: K, members that have to agree for the rest not to be asked.",
)
@click.option("--stability-of", help="denoised: train for the stability of this classifier.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Fixes data order and noise."
)
@click.option("--threads", type=click.IntRange(1), help="CPU threads.  [default: all]")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option(
    "--compile/--no-compile", "compiled", default=False, help="Use torch.compile; needs a C++ compiler."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("models"),
    show_default=True,
    help="Folder of the checkpoint, the weights and the card.",
)
def train(
    objective: str,
    name: str,
    dataset: str,
    sigma: float,
    minutes: float | None,
    steps: int | None,
    epochs: int | None,
    batch: int | None,
    start: Path | None,
    width: str,
    epsilon: float | None,
    attack: str,
    attack_steps: int | None,
    copies: int | None,
    lam: float | None,
    teacher: str | None,
    self_training_weight: float,
    purify_with: str | None,
    purify_sigma: float,
    timm: str | None,
    pretrained: bool,
    preset: str | None,
    members: tuple[str, ...],
    consensus: int,
    stability_of: str | None,
    seed: int,
    threads: int | None,
    device: str,
    compiled: bool,
    out: Path,
) -> None:
    """Train a network; the same call again resumes after an interruption."""
    import torch

    from diffsmooth_core.classifiers.compact import SMALL_WIDTHS
    from diffsmooth_core.classifiers.device import resolve_device
    from diffsmooth_core.training import classifier, denoised, denoiser, finetuning, presets
    from diffsmooth_core.training.consistency import Consistency
    from diffsmooth_core.training.gaussian import Gaussian
    from diffsmooth_core.training.loop import Budget
    from diffsmooth_core.training.macer import Macer
    from diffsmooth_core.training.recipes import AIRBENCH, Airbench, Recipe
    from diffsmooth_core.training.smoothadv import SmoothAdv
    from diffsmooth_core.training.smoothmix import SmoothMix
    from diffsmooth_core.zoo.load import load_classifier, load_denoiser

    if objective == "ensemble":
        from diffsmooth_core.training.ensemble import combine

        out.mkdir(parents=True, exist_ok=True)
        click.echo(f"wrote {combine(out, name, members, consensus)}")
        return
    if threads:
        torch.set_num_threads(threads)
    if preset and objective != PRESETS[preset]:
        raise InputError(f"--preset {preset} is of objective {PRESETS[preset]!r}, got {objective!r}")
    recipe: Recipe = Airbench(SMALL_WIDTHS) if width == "small" else AIRBENCH
    if preset == "cohen":
        recipe = presets.COHEN
    elif preset == "salman":
        recipe = presets.published(sigma).recipe
    if steps is None and minutes is None and epochs is None:
        epochs = recipe.epochs
    budget = Budget(steps=steps, minutes=minutes, epochs=epochs)
    where = str(resolve_device(device))
    if objective != "gaussian" and not sigma > 0:
        raise InputError(f"objective {objective!r} trains under noise and needs sigma above 0, got {sigma:g}")
    if objective == "denoiser":
        card = denoiser.train(
            out,
            name,
            budget,
            seed=seed,
            device=where,
            compiled=compiled,
            batch=batch or denoiser.BATCH,
            dataset=dataset,
        )
    elif objective == "denoised":
        card = denoised.train(
            out,
            name,
            sigma,
            budget,
            start=start,
            seed=seed,
            device=where,
            batch=batch or denoised.BATCH,
            classifier=load_classifier(stability_of, where) if stability_of else None,
            classifier_name=stability_of or "",
            dataset=dataset,
        )
    elif objective == "finetune":
        if (timm is None) == (preset is None):
            raise InputError("finetune needs a network: give --timm NAME or --preset beit, one of them")
        examples = classifier.Examples.labelled(dataset=dataset)
        small = finetuning.Recipe(
            timm or "", examples.normalisation, lr=1e-3, weight_decay=0.01, batch=batch or 128
        )
        card = finetuning.train(
            out,
            name,
            finetuning.BEIT if preset else small,
            sigma,
            budget,
            examples,
            classifier.Examples.labelled(dataset=dataset, split="test"),
            pretrained=pretrained,
            seed=seed,
            device=where,
        )
    else:
        given = {
            "attack_steps": attack_steps,
            "m": copies,
            "lam": lam,
            "epsilon": epsilon or sigma,
            "attack": attack,
        }
        kinds: dict[str, Any] = {
            "gaussian": Gaussian,
            "smoothadv": SmoothAdv,
            "macer": Macer,
            "consistency": Consistency,
            "smoothmix": SmoothMix,
        }
        kind = kinds[objective]
        known = {f.name: given[f.name] for f in fields(kind) if given.get(f.name) is not None}
        settings = kind(sigma=sigma, **known)
        if preset == "salman":
            settings = presets.published(sigma).objective(sigma)
        examples = classifier.Examples.labelled(dataset=dataset)
        if teacher:
            examples = examples.half_unlabelled(load_classifier(teacher, "cpu"), self_training_weight)
        if purify_with:
            examples = examples.purified(load_denoiser(purify_with, "cpu").purify, purify_sigma, seed)
        card = classifier.train(
            out,
            name,
            settings,
            budget,
            examples=examples,
            start=start,
            seed=seed,
            device=where,
            recipe=recipe,
            batch=batch,
            compiled=compiled,
        )
    click.echo(f"wrote {card} and {card.with_suffix('.safetensors')}")
