"""Options that several `theory` commands share, and how their values are parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from diffsmooth_core.config import USUAL, InputError, SmoothingConfig

if TYPE_CHECKING:
    from diffsmooth_core.purification.denoiser import Denoiser

sigma_option = click.option(
    "--sigma", type=float, default=0.5, show_default=True, help="Smoothing noise, std in [0,1] pixel units."
)
eta_option = click.option(
    "--eta", type=float, default=0.01, show_default=True, help="Probability that Theorem 1's bound may fail."
)
seed_option = click.option("--seed", type=int, default=0, show_default=True, help="Seed of all noise.")
SCALES = {"pixel": 0.5, "model": 1.0}  # factors from lengths in the model's [-1,1] units
unit_option = click.option(
    "--unit",
    type=click.Choice(list(SCALES)),
    default="model",
    show_default=True,
    help="Lengths in [0,1] pixel units or in the model's [-1,1].",
)
eps_error_option = click.option(
    "--eps-error",
    type=float,
    default=0.0,
    show_default=True,
    help="Error added to the predicted noise, root mean square.",
)
dataset_option = click.option(
    "--dataset",
    default="cifar10",
    show_default=True,
    help="cifar10, imagenet, or one that was added with `datasets add`.",
)
scheme_option = click.option(
    "--scheme",
    default="multistep",
    show_default=True,
    help="Solver of the reverse SDE: multistep (second order) or euler-maruyama (first).",
)
denoiser_option = click.option(
    "--denoiser", help="The diffusion model.  [default: the usual one of the data set]"
)

world_option = click.option("--world", default="clusters", show_default=True, help="clusters, narrow or far.")
dimension_option = click.option("--dimension", type=int, default=2, show_default=True, help="From 1 to 3072.")
noise_option = click.option(
    "--noise/--no-noise", default=True, show_default=True, help="Smoothing noise in x_rs."
)
sigmas_option = click.option(
    "--sigmas", default="0.12,0.25,0.5,1", show_default=True, help="Comma-separated, [0,1] units."
)


def numbers(option: str, text: str) -> list[float]:
    """The numbers in an option's text such as "0.25,0.5". Raises InputError for any other text."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{option} must be numbers with commas between them, got {text!r}") from None


def diffusion_model(name: str | None, dataset: str, device: str) -> Denoiser:
    """Load a diffusion model by name or by a checkpoint's path, without a name the data set's usual one.
    Raises InputError where it is for another data set; of a checkpoint this is not checked."""
    from diffsmooth_core import load_denoiser
    from diffsmooth_core.purification.denoiser import Denoiser
    from diffsmooth_core.zoo.cards import every, names
    from diffsmooth_core.zoo.download import here

    name = name or USUAL.get(dataset, {}).get("denoiser", SmoothingConfig.denoiser)
    if name in every() and every()[name].dataset != dataset:
        at_hand = names("denoiser", dataset, "unet", "diffusers") + here(dataset)
        fetch = "models download 256x256_diffusion_uncond"
        if dataset != "imagenet":
            fetch = f"train denoiser --dataset {dataset} --name NAME --minutes 30"
        remedy = f"run: python -m diffsmooth_core {fetch}, and name it with --denoiser"
        if at_hand:
            remedy = f"take --denoiser {at_hand[0]}"
        raise InputError(f"{name!r} is for {every()[name].dataset}, the picture is for {dataset}; {remedy}")
    denoiser = load_denoiser(name, device)
    if not isinstance(denoiser, Denoiser):
        raise InputError(f"the theorems speak of diffusion models, which {name!r} is not; take 'bundled'")
    return denoiser
