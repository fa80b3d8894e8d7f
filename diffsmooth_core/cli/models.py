"""`models`: which networks there are, and fetching what is not bundled."""

from __future__ import annotations

import json

import click

from diffsmooth_core.datasets import cifar10
from diffsmooth_core.zoo import cards


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print every card as JSON.")
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """List the bundled networks with what was measured of them, or download a data set."""
    if context.invoked_subcommand:
        return
    found = cards.bundled()
    if as_json:
        click.echo(json.dumps([card.as_dict() for card in found.values()], indent=2))
        return
    for card in found.values():
        quality = card.metrics.get("psnr_db") or card.metrics.get("accuracy_under_noise") or {}
        unit = " dB" if card.kind == "denoiser" else ""
        shown = "  ".join(f"σ={sigma}: {value:g}{unit}" for sigma, value in quality.items())
        click.echo(f"{card.name:<16}{card.kind:<12}{card.dataset:<10}{card.parameters / 1e6:.1f}M  {shown}")


@models.command()
@click.argument("what", type=click.Choice(["cifar10"]))
@click.option("--split", type=click.Choice(["test", "train"]), default="test", show_default=True)
def download(what: str, split: cifar10.Split) -> None:
    """Fetch a split of CIFAR-10 from the Hub, once; an interrupted download goes on."""
    click.echo(f"{what} {split}: {cifar10.download(split)}")
