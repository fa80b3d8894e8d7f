"""`models`: which networks there are."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from diffsmooth_core.zoo import cards


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print every card as JSON.")
def models(as_json: bool) -> None:
    """List the bundled networks with what was measured of them."""
    found = cards.bundled()
    if as_json:
        click.echo(json.dumps([asdict(card) for card in found.values()], indent=2))
        return
    for card in found.values():
        quality = card.metrics.get("psnr_db") or card.metrics.get("accuracy_under_noise") or {}
        unit = " dB" if card.kind == "denoiser" else ""
        shown = "  ".join(f"σ={sigma}: {value:g}{unit}" for sigma, value in quality.items())
        click.echo(f"{card.name:<16}{card.kind:<12}{card.dataset:<10}{card.parameters / 1e6:.1f}M  {shown}")
