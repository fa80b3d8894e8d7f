"""`theory gain`: how much closer to the clean picture purification comes, on one picture."""

from __future__ import annotations

import json

import click

from diffsmooth_core.cli.options import device_option, json_option
from diffsmooth_core.cli.output import say
from diffsmooth_core.cli.theory.options import (
    dataset_option,
    denoiser_option,
    diffusion_model,
    eps_error_option,
    numbers,
    seed_option,
    sigmas_option,
)


@click.command()
@click.argument("image")
@dataset_option
@denoiser_option
@sigmas_option
@eps_error_option
@click.option("--copies", type=click.IntRange(1, 10_000), default=8, show_default=True)
@seed_option
@device_option
@json_option("Print the result as JSON.")
def gain(
    image: str,
    dataset: str,
    denoiser: str | None,
    sigmas: str,
    eps_error: float,
    copies: int,
    seed: int,
    device: str,
    as_json: bool,
) -> None:
    """The distance to IMAGE before and after one-shot purification, in [0,1] units."""
    from diffsmooth_core.datasets import resolve
    from diffsmooth_core.theory import disturbed, gains

    levels = numbers("--sigmas", sigmas)
    network = disturbed(diffusion_model(denoiser, dataset, device), eps_error, seed)
    rows = [
        {
            "sigma": g.sigma,
            "alpha_bar": g.alpha_bar,
            "noisy": g.noisy,
            "purified": g.purified,
            "shortened": g.shortened,
        }
        for g in gains(resolve(image, dataset).tensor, network, levels, copies, seed)
    ]
    if as_json:
        say(json.dumps({"image": image, "eps_error": eps_error, "copies": copies, "gains": rows}))
        return
    for row in rows:
        say(
            f"sigma {row['sigma']:g}: {row['noisy']:.2f} before, {row['purified']:.2f} after purification; "
            f"nearer in {row['shortened']:.0%} of {copies} copies"
        )
