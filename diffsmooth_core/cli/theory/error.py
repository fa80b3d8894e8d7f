"""`theory error`: how an error in the predicted noise affects distance, votes and radius."""

from __future__ import annotations

import json
from typing import Any

import click

from diffsmooth_core.cli.options import config_options, json_option
from diffsmooth_core.cli.output import say
from diffsmooth_core.cli.theory.options import diffusion_model, numbers
from diffsmooth_core.config import SmoothingConfig


@click.command()
@click.argument("image")
@config_options
@click.option("--errors", default="0,0.05,0.1,0.2", show_default=True, help="Root mean squares, with commas.")
@json_option("Print the result as JSON.")
def error(image: str, errors: str, as_json: bool, **settings: Any) -> None:
    """What an error in the predicted noise does to IMAGE's distance, votes and radius."""
    config = SmoothingConfig(**settings)
    sizes = numbers("--errors", errors)

    from diffsmooth_core import load_classifier
    from diffsmooth_core.datasets import resolve
    from diffsmooth_core.theory import consequences

    picture = resolve(image, config.dataset)
    classifier = load_classifier(config.classifier, config.device)
    denoiser = diffusion_model(config.denoiser, config.dataset, config.device)
    found = list(consequences(picture.tensor, classifier, denoiser, config, sizes))
    if as_json:
        rows = [
            {
                "eps_error": one.eps_error,
                "purified": one.purified,
                "label": one.certificate.label,
                "counts": list(one.certificate.counts),
                "p_a_lower": one.certificate.p_a_lower,
                "radius": one.certificate.radius,
            }
            for one in found
        ]
        say(json.dumps({"image": image, "sigma": config.sigma, "errors": rows}))
        return
    for one in found:
        votes = max(one.certificate.counts)
        say(
            f"error {one.eps_error:g}: purified {one.purified:.2f} from the picture, class "
            f"{one.certificate.label}, {votes} of {config.n} votes, radius {one.certificate.radius:.4f}"
        )
