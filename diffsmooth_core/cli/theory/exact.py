"""`theory exact`: both theorems in a Gaussian mixture."""

from __future__ import annotations

from typing import Any

import click

from diffsmooth_core.cli.options import json_option
from diffsmooth_core.cli.theory.options import (
    SCALES,
    dimension_option,
    eps_error_option,
    eta_option,
    noise_option,
    scheme_option,
    seed_option,
    sigma_option,
    unit_option,
    world_option,
)
from diffsmooth_core.cli.theory.output import show, theorem1_as_dict, theorem2_as_dict


@click.command()
@world_option
@dimension_option
@sigma_option
@eta_option
@eps_error_option
@noise_option
@click.option("--samples", type=int, default=256, show_default=True)
@click.option("--steps", type=int, default=64, show_default=True)
@scheme_option
@seed_option
@unit_option
@json_option("Print the result as JSON.")
def exact(world: str, dimension: int, sigma: float, unit: str, as_json: bool, **settings: Any) -> None:
    """Both theorems in a Gaussian mixture, where every term is known."""
    from diffsmooth_core.theory import exact as run

    found = run(world, dimension, sigma, **settings)
    scale = SCALES[unit]
    result = {
        "world": world,
        "dimension": dimension,
        "sigma": sigma,
        "settings": settings,
        "alpha_bar": found.alpha_bar,
        "unit": unit,
        "theorem1": theorem1_as_dict(found.theorem1, scale),
        "theorem2": theorem2_as_dict(found.theorem2, scale),
        "one_shot_distance": scale * float((found.one_shot - found.clean).norm()),
        "doubling_error": scale * found.doubling_error,
    }
    show(result, as_json)
