"""Options that several commands of `train` share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from diffsmooth_core.cli.options import combined, device_option

name_option = click.option("--name", required=True, help="Name of the model's files.")
out_option = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("models"),
    show_default=True,
    help="Folder of the checkpoint, the weights and the card.",
)
run_options = combined(
    name_option,
    click.option(
        "--dataset",
        default="cifar10",
        show_default=True,
        help="What it is trained on: cifar10, one added with `datasets add`, or imagenet for a denoiser.",
    ),
    click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Budget in minutes."),
    click.option("--steps", type=click.IntRange(1), help="Budget in steps."),
    click.option("--epochs", type=click.IntRange(1), help="Budget in passes over the pictures."),
    click.option("--batch", type=click.IntRange(1), help="Pictures a step.  [default: the objective's own]"),
    click.option(
        "--seed", type=click.IntRange(0), default=0, show_default=True, help="Fixes data order and noise."
    ),
    click.option("--threads", type=click.IntRange(1), help="CPU threads.  [default: all]"),
    device_option,
    out_option,
)
sigma_option = click.option(
    "--sigma",
    type=click.FloatRange(0),
    default=0.25,
    show_default=True,
    help="Noise that the network is trained under; 0 is plain training.",
)
start_option = click.option(
    "--from",
    "start",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Weights (.safetensors) of a network of the same shape to fine-tune.",
)
compile_option = click.option(
    "--compile/--no-compile", "compiled", default=False, help="Use torch.compile; needs a C++ compiler."
)
copies_option = click.option("--copies", "m", type=click.IntRange(1), help="Noisy copies of a picture.")
attack_steps_option = click.option(
    "--attack-steps", type=click.IntRange(1), help="Gradient steps of the attack."
)
lam_option = click.option("--lam", type=click.FloatRange(0), help="Weight of the regulariser.")
classifier_options = combined(
    run_options,
    sigma_option,
    start_option,
    click.option(
        "--width",
        type=click.Choice(["full", "small"]),
        default="full",
        show_default=True,
        help="Size of the classifier: 2.0M or 0.65M parameters.",
    ),
    click.option("--self-training", "teacher", help="Classifier whose classes replace every second label."),
    click.option(
        "--self-training-weight",
        "teacher_weight",
        type=click.FloatRange(0),
        default=1.0,
        show_default=True,
        help="Weight of the examples that the teacher labelled.",
    ),
    click.option("--purify-with", help="Train on pictures that this denoiser purified at --purify-sigma."),
    click.option(
        "--purify-sigma",
        type=click.FloatRange(0, min_open=True),
        default=0.5,
        show_default=True,
        help="Noise before purification.",
    ),
    compile_option,
)


def preset_option(help: str, *names: str) -> Callable[[Any], Any]:
    return click.option("--preset", type=click.Choice(names), help=help)
