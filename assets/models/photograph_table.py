"""What do ImageNet's bundled networks do with noisy photographs? PSNR after denoising, and accuracy.

    DIFFSMOOTH_DATA=... python assets/models/photograph_table.py [--pictures COUNT] [--bm3d]

Takes the central squares of photographs in DIFFSMOOTH_DATA/imagenet/val under one noise draw for each sigma,
runs the networks in bfloat16, and prints two Markdown tables. `--bm3d` adds BM3D for colour (Dabov et al.
2007), which needs the package bm3d, no dependency of the project, and 15 seconds a picture and sigma.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import click
import torch
from torch import Tensor
from tqdm import tqdm

from diffsmooth_core.classifiers.device import autocast
from diffsmooth_core.datasets import imagenet
from diffsmooth_core.training.crops import TESTED, held_out
from diffsmooth_core.training.metrics import SIGMAS
from diffsmooth_core.zoo import cards
from diffsmooth_core.zoo.load import load_classifier, load_denoiser

CLASSIFIER = "efficientnet-lite0"
LOCAL = (0.06, 0.12, 0.25)  # sigma_local
COPIES = 2  # local copies whose softmax is averaged, as ImageNet's default m
AT_ONCE = 4  # pictures that a network takes at a time


def output(network: Callable[..., Tensor], x: Tensor, *more: float) -> Tensor:
    """What a network makes of pictures (n,3,224,224), a few at a time, in bfloat16."""
    with torch.inference_mode(), autocast(x.device, torch.bfloat16):
        return torch.cat([network(part, *more).float() for part in tqdm(x.split(AT_ONCE), leave=False)])


def bm3d(noisy: Tensor, sigma: float) -> Tensor:
    from bm3d import bm3d_rgb

    denoised = [bm3d_rgb(x.permute(1, 2, 0).double().numpy(), sigma) for x in tqdm(noisy, leave=False)]
    return torch.stack([torch.tensor(x).permute(2, 0, 1).float() for x in denoised]).clamp(0, 1)


def denoised(noisy: dict[float, Tensor]) -> Iterator[tuple[str, dict[float, Tensor]]]:
    """Each bundled denoiser's name and, for every sigma that it was made for, its pictures."""
    for name in cards.names("denoiser", "imagenet"):
        purify, only = load_denoiser(name, "cpu").purify, cards.card(name, "denoiser").training.get("sigma")
        yield f"`{name}`", {s: output(purify, x, s) for s, x in noisy.items() if only in (None, s)}


def table(title: str, rows: dict[str, dict[float, str]]) -> None:
    print(f"\n| {title} | " + " | ".join(f"σ = {sigma:g}" for sigma in SIGMAS) + " |")
    print("|---|" + "---|" * len(SIGMAS))
    for name, cells in rows.items():
        print(f"| {name} | " + " | ".join(cells.get(sigma, "") for sigma in SIGMAS) + " |")


@click.command()
@click.option("--pictures", "count", type=click.IntRange(1, TESTED), default=TESTED, show_default=True)
@click.option("--bm3d", "with_bm3d", is_flag=True, help="Denoise the pictures by BM3D, too.")
def main(count: int, with_bm3d: bool) -> None:
    imagenet.photographs()  # raises InputError where there are none: drawings are not to be measured
    clean, labels = (part[:: max(1, len(part) // count)][:count] for part in held_out())
    classify = load_classifier(CLASSIFIER, "cpu")

    def decibels(x: Tensor) -> str:
        """PSNR over all pictures together, and the mean of each picture's."""
        errors = (x.clamp(0, 1) - clean).square().mean((1, 2, 3))
        return f"{-10 * errors.mean().log10():.2f} ({-10 * errors.log10().mean():.2f})"

    def right(x: Tensor, sigma_local: float = 0.0) -> str:
        """The share of pictures whose class is that of the mean softmax of their local copies."""
        noise = torch.randn((COPIES, *x.shape), generator=torch.Generator().manual_seed(1))
        copies = x + sigma_local * noise if sigma_local else x[None]
        softmax = torch.stack([output(classify, copy).softmax(1) for copy in copies]).mean(0)
        return f"{100 * (softmax.argmax(1) == labels).float().mean():.0f}"

    noisy = {
        sigma: clean + sigma * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
        for sigma in SIGMAS
    }
    seen = {"noisy": noisy} | dict(denoised(noisy))
    if with_bm3d:
        seen["BM3D"] = {sigma: bm3d(x, sigma) for sigma, x in noisy.items()}
    psnr = {name: {sigma: decibels(x) for sigma, x in made.items()} for name, made in seen.items()}
    table(f"PSNR in dB, {len(clean)} photographs", psnr)
    accuracy = {name: {sigma: right(x) for sigma, x in made.items()} for name, made in seen.items()}
    accuracy |= {
        f"{name}, σ′ = {local:g}": {sigma: right(x, local) for sigma, x in made.items()}
        for name, made in seen.items()
        if name != "noisy"
        for local in LOCAL
    }
    table(f"percent right of `{CLASSIFIER}`, {right(clean)} without noise", accuracy)


if __name__ == "__main__":
    main()
