"""`train`: how the bundled networks are made."""

from __future__ import annotations

from pathlib import Path

import click

OBJECTIVES = ("denoiser", "gaussian")


@click.command()
@click.argument("objective", type=click.Choice(OBJECTIVES))
@click.option("--name", required=True, help="Name of the model's files.")
@click.option("--sigma", type=click.FloatRange(0), default=0.25, show_default=True,
              help="Noise that a classifier is trained under; 0 is plain training.")  # fmt: skip
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Budget in minutes.")
@click.option("--steps", type=click.IntRange(1), help="Budget in steps.")
@click.option("--batch", type=click.IntRange(1), help="Pictures a step.  [default: the objective's own]")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Fixes data order and noise."
)
@click.option("--threads", type=click.IntRange(1), help="CPU threads.  [default: all]")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option(
    "--compile/--no-compile", "compiled", default=False, help="Use torch.compile; needs a C++ compiler."
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("models"),
              show_default=True, help="Folder of the checkpoint, the weights and the card.")  # fmt: skip
def train(
    objective: str, name: str, sigma: float, minutes: float | None, steps: int | None,
    batch: int | None, seed: int, threads: int | None, device: str, compiled: bool, out: Path,
) -> None:  # fmt: skip
    """Train a network on CIFAR-10's train split; the same call again resumes after an interruption."""
    import torch

    from diffsmooth_core.classifiers.base import resolve_device
    from diffsmooth_core.training import denoiser, gaussian
    from diffsmooth_core.training.loop import Budget

    if threads:
        torch.set_num_threads(threads)
    budget = Budget(steps=steps, minutes=minutes)
    where = str(resolve_device(device))
    if objective == "denoiser":
        card = denoiser.train(
            out, name, budget, seed=seed, device=where, compiled=compiled, batch=batch or denoiser.BATCH
        )
    else:
        card = gaussian.train(
            out, name, sigma, budget, seed=seed, device=where, compiled=compiled,
            batch=batch or gaussian.BATCH,
        )  # fmt: skip
    click.echo(f"wrote {card} and {card.with_suffix('.safetensors')}")
