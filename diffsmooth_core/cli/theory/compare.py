"""`theory compare`: how much closer to the clean picture purification comes, over many pictures."""

from __future__ import annotations

import json
from typing import Any

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
@click.option(
    "--count",
    type=click.IntRange(1, 10_000),
    default=48,
    show_default=True,
    help="Pictures, spread over the test set.",
)
@dataset_option
@denoiser_option
@sigmas_option
@eps_error_option
@seed_option
@device_option
@json_option("Print the result as JSON.")
def compare(
    count: int,
    dataset: str,
    denoiser: str | None,
    sigmas: str,
    eps_error: float,
    seed: int,
    device: str,
    as_json: bool,
) -> None:
    """How many test pictures one-shot purification brings nearer, in [0,1] units."""
    from tqdm import tqdm

    from diffsmooth_core.datasets import labelled_pictures
    from diffsmooth_core.theory import compare as run
    from diffsmooth_core.theory import disturbed

    levels = numbers("--sigmas", sigmas)
    network = disturbed(diffusion_model(denoiser, dataset, device), eps_error, seed)
    pictures, what = labelled_pictures(dataset, count)
    with tqdm(total=len(pictures) * len(levels), unit="picture", delay=0.5) as bar:
        for found in run([picture.tensor for picture in pictures], network, levels, seed):
            bar.update(sum(map(len, found.noisy)) - bar.n)
    rows: list[dict[str, Any]] = [
        {
            "sigma": sigma,
            "noisy": sum(noisy) / len(noisy),
            "purified": sum(purified) / len(purified),
            "nearer": share.k,
            "count": share.n,
            "interval": [share.low, share.high],
        }
        for sigma, noisy, purified, share in zip(
            levels, found.noisy, found.purified, map(found.nearer, levels), strict=True
        )
    ]
    if as_json:
        say(json.dumps({"pictures": what, "eps_error": eps_error, "sigmas": rows}))
        return
    for row in rows:
        low, high = row["interval"]
        say(
            f"sigma {row['sigma']:g}: {row['nearer']} of {row['count']} nearer, 95 % interval {low:.3f} to "
            f"{high:.3f}; mean distance {row['noisy']:.2f} before, {row['purified']:.2f} after"
        )
