"""`theory convergence`: how the solvers' errors shrink as the number of steps grows."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from diffsmooth_core.cli.options import json_option
from diffsmooth_core.cli.output import say
from diffsmooth_core.cli.theory.options import (
    dimension_option,
    noise_option,
    seed_option,
    sigma_option,
    world_option,
)


@click.command()
@world_option
@dimension_option
@sigma_option
@noise_option
@seed_option
@json_option("Print the result as JSON.")
def convergence(world: str, dimension: int, sigma: float, as_json: bool, **settings: Any) -> None:
    """How each scheme's error in a Gaussian mixture shrinks as its steps double."""
    from diffsmooth_core.theory import convergence as run

    *_, found = run(world, dimension, sigma, **settings)
    if as_json:
        schemes = {scheme: [asdict(error) for error in errors] for scheme, errors in found.errors.items()}
        say(json.dumps({"reference": asdict(found.reference), "schemes": schemes}))
        return
    by_steps = [(scheme, error) for scheme, errors in found.errors.items() for error in reversed(errors)]
    for name, error in (("reference", found.reference), *by_steps):
        say(
            f"{name}, {error.steps} steps: mean off by {error.mean:.4f} +- {error.mean_chance:.4f} standard "
            f"deviations, variance by {error.variance:+.2%} +- {error.variance_chance:.2%}"
        )
