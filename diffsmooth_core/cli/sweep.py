"""`sweep IMAGE`: certify one picture under a grid of settings that share their noisy copies."""

from __future__ import annotations

import json
from typing import Any

import click
from tqdm import tqdm

from diffsmooth_core.cli.options import config_options, json_option
from diffsmooth_core.cli.output import say
from diffsmooth_core.config import ABSTAIN, SmoothingConfig
from diffsmooth_core.wording import down


@click.command()
@click.argument("image")
@click.option(
    "--over",
    default="sigma_local",
    show_default=True,
    help="What is swept around the other settings: sigma_local (at each sigma), m, shift (a little "
    "more sigma_local) or budget (n times m constant).",
)
@config_options
@json_option("Print the result as JSON.")
def sweep(image: str, over: str, as_json: bool, **settings: Any) -> None:
    """Certify IMAGE under many settings; each noisy copy is purified once for all of them."""
    config = SmoothingConfig(**settings)

    # Loading torch takes seconds: settings are checked before it.
    from diffsmooth_core import SmoothedClassifier
    from diffsmooth_core.datasets import class_names, resolve
    from diffsmooth_core.experiments import grid, sweep_stream

    configs = grid(over, config)
    picture = resolve(image, config.dataset)
    base = SmoothedClassifier.load(config).base
    with tqdm(unit="copy", smoothing=0.1, delay=0.5) as bar:
        for found in sweep_stream(base, picture.tensor, configs):
            bar.total = found.total
            bar.update(found.done - bar.n)
    cells = [(cell.config, cell, cell.decision) for cell in found.cells]
    best = found.best(picture.label)
    if as_json:
        rows = [
            {
                "sigma": c.sigma,
                "sigma_local": c.sigma_local,
                "m": c.m,
                "n": c.n,
                "label": d.label,
                "radius": d.radius,
                "p_a_lower": d.p_a_lower,
                "counts0": cell.counts0,
                "counts": cell.counts,
            }
            for c, cell, d in cells
        ]
        chosen = None
        if best is not None:
            chosen = {
                "cell": best[0],
                "label": best[1].label,
                "radius": best[1].radius,
                "p_a_lower": best[1].p_a_lower,
                "alpha": config.alpha / len(cells),
            }
        result = {"image": image, "over": over, "config": config.as_dict(), "cells": rows, "best": chosen}
        say(json.dumps(result))
        return
    names = class_names(config.dataset)
    for c, cell, d in cells:
        answer = "ABSTAIN" if d.label == ABSTAIN else names[d.label]
        say(
            f"sigma {c.sigma:<5g} sigma_local {c.sigma_local:<5g} m {c.m:<3} n {c.n:<7,} {answer:<12} "
            f"{max(cell.counts):,} votes, radius {down(d.radius, 4)}"
        )
    which = f"the best of {len(cells)}" + ("" if picture.label is None else f" for {names[picture.label]}")
    if best is None:
        say(f"{which}, picked afterwards, needs a radius at alpha/{len(cells)}, and none has one")
    else:
        say(
            f"{which}, picked afterwards, holds at alpha/{len(cells)}: sigma_local "
            f"{configs[best[0]].sigma_local:g}, sigma {configs[best[0]].sigma:g}, m {configs[best[0]].m}, "
            f"{names[best[1].label]}, radius {down(best[1].radius, 4)}"
        )
