"""`theory image`: both theorems on a picture."""

from __future__ import annotations

from typing import Any

import click

from diffsmooth_core.cli.options import device_option, json_option
from diffsmooth_core.cli.theory.options import (
    SCALES,
    dataset_option,
    denoiser_option,
    diffusion_model,
    eps_error_option,
    eta_option,
    noise_option,
    scheme_option,
    seed_option,
    sigma_option,
    unit_option,
)
from diffsmooth_core.cli.theory.output import show, theorem1_as_dict, theorem2_as_dict


@click.command()
@click.argument("image")
@dataset_option
@denoiser_option
@sigma_option
@click.option(
    "--perturbation",
    type=click.Choice(["none", "random", "adversarial"]),
    default="none",
    show_default=True,
    help="delta, part of x_rs.",
)
@click.option("--radius", type=float, default=0.5, show_default=True, help="L2 norm of delta, [0,1] units.")
@noise_option
@eta_option
@eps_error_option
@click.option("--samples", type=click.IntRange(2, 100_000), default=16, show_default=True)
@click.option("--steps", type=click.IntRange(2, 1000), default=8, show_default=True)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="What the network computes in.",
)
@scheme_option
@seed_option
@device_option
@unit_option
@json_option("Print the result as JSON.")
def image(
    image: str,
    dataset: str,
    denoiser: str | None,
    samples: int,
    device: str,
    unit: str,
    as_json: bool,
    **settings: Any,
) -> None:
    """Both theorems for IMAGE: a path, cifar10:INDEX, imagenet:INDEX, photo:NAME or gallery:NAME."""
    from tqdm import tqdm

    from diffsmooth_core.datasets import resolve
    from diffsmooth_core.theory import TheoremSetting, sampling

    x = resolve(image, dataset).tensor
    with tqdm(total=samples, unit="sample", delay=0.5) as bar:
        for found in sampling(
            x, diffusion_model(denoiser, dataset, device), TheoremSetting(**settings), samples
        ):
            bar.update(min(samples, found.count) - bar.n)
    begun = found.begun
    scale = SCALES[unit]
    result = {
        "image": image,
        "settings": settings,
        "alpha_bar": begun.alpha_bar,
        "unit": unit,
        "theorem1": theorem1_as_dict(found.theorem1, scale),
        "theorem2": theorem2_as_dict(found.theorem2, scale),
        "one_shot_distance": scale * begun.one_shot_distance,
        "doubling_error": scale * found.doubling_error,
    }
    show(result, as_json)
