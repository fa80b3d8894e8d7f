"""`theory curves`: both theorems over sigma."""

from __future__ import annotations

import json
from typing import Any

import click

from diffsmooth_core.cli.options import device_option, json_option
from diffsmooth_core.cli.output import say
from diffsmooth_core.cli.theory.options import (
    SCALES,
    dataset_option,
    denoiser_option,
    diffusion_model,
    eps_error_option,
    eta_option,
    numbers,
    scheme_option,
    seed_option,
    unit_option,
)
from diffsmooth_core.cli.theory.output import theorem1_as_dict, theorem2_as_dict


@click.command()
@click.argument("image")
@dataset_option
@denoiser_option
@click.option("--sigmas", default="0.2,0.4,0.6,0.8,1", show_default=True, help="With commas, [0,1] units.")
@eta_option
@eps_error_option
@click.option("--samples", type=click.IntRange(2, 100_000), default=16, show_default=True)
@click.option("--steps", type=click.IntRange(2, 1000), default=8, show_default=True)
@scheme_option
@seed_option
@device_option
@unit_option
@json_option("Print the result as JSON.")
def curves(
    image: str,
    dataset: str,
    denoiser: str | None,
    sigmas: str,
    samples: int,
    device: str,
    unit: str,
    as_json: bool,
    **settings: Any,
) -> None:
    """Both theorems for IMAGE over sigma."""
    from diffsmooth_core.datasets import resolve
    from diffsmooth_core.theory import TheoremSetting, over_sigma

    levels, scale = numbers("--sigmas", sigmas), SCALES[unit]
    x = resolve(image, dataset).tensor
    *_, found = over_sigma(
        x, diffusion_model(denoiser, dataset, device), TheoremSetting(**settings), levels, samples
    )
    rows = [
        {
            "sigma": point.sigma,
            "timestep": point.timestep,
            "one_shot_distance": scale * point.one_shot,
            "theorem1": theorem1_as_dict(point.theorem1, scale),
            "theorem2": theorem2_as_dict(point.theorem2, scale),
        }
        for point in found.points
    ]
    if as_json:
        say(json.dumps({"image": image, "settings": settings, "unit": unit, "points": rows}))
        return
    for point in found.points:
        bounds = ", ".join(
            f"{version} {scale * point.theorem1.bound(version).mean():.4g}"
            for version in ("printed", "corrected", "pathwise", "tight", "free")
        )
        say(
            f"sigma {point.sigma:g}, t {point.timestep}: mean distance "
            f"{scale * point.theorem1.distances.mean():.4g}; bounds: {bounds}"
        )
