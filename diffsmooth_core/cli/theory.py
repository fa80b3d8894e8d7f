"""`theory WHAT`: the theorems on a picture, in the exact world, and what purification gains."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from diffsmooth_core.cli.certify import config_options
from diffsmooth_core.config import InputError, SmoothingConfig

if TYPE_CHECKING:
    from diffsmooth_core.purification.denoiser import Denoiser
    from diffsmooth_core.theory import Theorem1, Theorem2

_sigma = click.option(
    "--sigma", type=float, default=0.5, show_default=True, help="Smoothing noise, std in [0,1] pixel units."
)
_eta = click.option(
    "--eta", type=float, default=0.01, show_default=True, help="Probability that Theorem 1's bound may fail."
)
_seed = click.option("--seed", type=int, default=0, show_default=True, help="Seed of all noise.")
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
SCALES = {"pixel": 0.5, "model": 1.0}  # from the model's [-1,1]
_unit = click.option(
    "--unit",
    type=click.Choice(list(SCALES)),
    default="model",
    show_default=True,
    help="Lengths in [0,1] pixel units or in the model's [-1,1].",
)
_eps_error = click.option(
    "--eps-error",
    type=float,
    default=0.0,
    show_default=True,
    help="Error added to the predicted noise, root mean square.",
)
_dataset = click.option(
    "--dataset",
    default="cifar10",
    show_default=True,
    help="cifar10, imagenet, or one that was added with `datasets add`.",
)
_scheme = click.option(
    "--scheme",
    default="multistep",
    show_default=True,
    help="Solver of the reverse SDE: multistep (second order) or euler-maruyama (first).",
)
_denoiser = click.option("--denoiser", default="bundled", show_default=True, help="The diffusion model.")
_device = click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")

_world = click.option("--world", default="clusters", show_default=True, help="clusters, narrow or far.")
_dimension = click.option("--dimension", type=int, default=2, show_default=True, help="From 1 to 3072.")


@click.group()
def theory() -> None:
    """Check Theorems 1 and 2, as printed and corrected."""


@theory.command()
@click.argument("image")
@_dataset
@_denoiser
@_sigma
@click.option(
    "--perturbation",
    type=click.Choice(["none", "random", "adversarial"]),
    default="none",
    show_default=True,
    help="delta, part of x_rs.",
)
@click.option("--radius", type=float, default=0.5, show_default=True, help="L2 norm of delta, [0,1] units.")
@click.option("--noise/--no-noise", default=True, show_default=True, help="Smoothing noise in x_rs.")
@_eta
@_eps_error
@click.option("--samples", type=click.IntRange(2, 100_000), default=16, show_default=True)
@click.option("--steps", type=click.IntRange(2, 1000), default=8, show_default=True)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="What the network computes in.",
)
@_scheme
@_seed
@_device
@_unit
@_json
def image(
    image: str,
    dataset: str,
    denoiser: str,
    samples: int,
    device: str,
    unit: str,
    as_json: bool,
    **settings: Any,
) -> None:
    """Both theorems for IMAGE: a path, cifar10:INDEX, photo:NAME or gallery:NAME."""
    from tqdm import tqdm

    from diffsmooth_core.datasets import resolve
    from diffsmooth_core.theory import Setting, sampling

    x = resolve(image, dataset).tensor
    with tqdm(total=samples, unit="sample", delay=0.5) as bar:
        for found in sampling(x, _diffusion(denoiser, dataset, device), Setting(**settings), samples):
            bar.update(min(samples, found.count) - bar.n)
    begun = found.begun
    scale = SCALES[unit]
    result = {
        "image": image,
        "settings": settings,
        "alpha_bar": begun.alpha_bar,
        "unit": unit,
        "theorem1": _theorem1(found.theorem1, scale),
        "theorem2": _theorem2(found.theorem2, scale),
        "one_shot_distance": scale * begun.one_shot_distance,
        "doubling_error": scale * found.doubling_error,
    }
    _tell(result, as_json)


@theory.command()
@_world
@_dimension
@_sigma
@_eta
@_eps_error
@click.option("--noise/--no-noise", default=True, show_default=True, help="Smoothing noise in x_rs.")
@click.option("--samples", type=int, default=256, show_default=True)
@click.option("--steps", type=int, default=64, show_default=True)
@_scheme
@_seed
@_unit
@_json
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
        "theorem1": _theorem1(found.theorem1, scale),
        "theorem2": _theorem2(found.theorem2, scale),
        "one_shot_distance": scale * float((found.one_shot - found.clean).norm()),
        "doubling_error": scale * found.doubling_error,
    }
    _tell(result, as_json)


@theory.command()
@_world
@_dimension
@_sigma
@click.option("--noise/--no-noise", default=True, show_default=True, help="Smoothing noise in x_rs.")
@_seed
@_json
def convergence(world: str, dimension: int, sigma: float, as_json: bool, **settings: Any) -> None:
    """How each scheme's error in a Gaussian mixture shrinks as its steps double."""
    from diffsmooth_core.theory import convergence as run

    *_, found = run(world, dimension, sigma, **settings)
    if as_json:
        schemes = {scheme: [asdict(error) for error in errors] for scheme, errors in found.errors.items()}
        click.echo(json.dumps({"reference": asdict(found.reference), "schemes": schemes}))
        return
    by_steps = [(scheme, error) for scheme, errors in found.errors.items() for error in reversed(errors)]
    for name, error in (("reference", found.reference), *by_steps):
        click.echo(
            f"{name}, {error.steps} steps: mean off by {error.mean:.4f} +- {error.mean_chance:.4f} standard "
            f"deviations, variance by {error.variance:+.2%} +- {error.variance_chance:.2%}"
        )


@theory.command()
@click.argument("image")
@_dataset
@_denoiser
@click.option("--sigmas", default="0.12,0.25,0.5,1", show_default=True, help="Comma-separated, [0,1] units.")
@_eps_error
@click.option("--copies", type=click.IntRange(1, 10_000), default=8, show_default=True)
@_seed
@_device
@_json
def gain(
    image: str,
    dataset: str,
    denoiser: str,
    sigmas: str,
    eps_error: float,
    copies: int,
    seed: int,
    device: str,
    as_json: bool,
) -> None:
    """The distance to IMAGE before and after one-shot purification, in [0,1] units."""
    from diffsmooth_core.datasets import resolve
    from diffsmooth_core.theory import disturbed, gains

    levels = _numbers("--sigmas", sigmas)
    network = disturbed(_diffusion(denoiser, dataset, device), eps_error, seed)
    rows = [
        {
            "sigma": g.sigma,
            "alpha_bar": g.alpha_bar,
            "noisy": g.noisy,
            "purified": g.purified,
            "shortened": g.shortened,
        }
        for g in gains(resolve(image, dataset).tensor, network, levels, copies, seed)
    ]
    if as_json:
        click.echo(json.dumps({"image": image, "eps_error": eps_error, "copies": copies, "gains": rows}))
        return
    for row in rows:
        click.echo(
            f"sigma {row['sigma']:g}: {row['noisy']:.2f} before, {row['purified']:.2f} after purification; "
            f"nearer in {row['shortened']:.0%} of {copies} copies"
        )


@theory.command()
@click.option(
    "--count",
    type=click.IntRange(1, 10_000),
    default=48,
    show_default=True,
    help="Pictures, spread over the test set.",
)
@_dataset
@_denoiser
@click.option("--sigmas", default="0.12,0.25,0.5,1", show_default=True, help="Comma-separated, [0,1] units.")
@_eps_error
@_seed
@_device
@_json
def compare(
    count: int,
    dataset: str,
    denoiser: str,
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

    levels = _numbers("--sigmas", sigmas)
    network = disturbed(_diffusion(denoiser, dataset, device), eps_error, seed)
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
        click.echo(json.dumps({"pictures": what, "eps_error": eps_error, "sigmas": rows}))
        return
    for row in rows:
        low, high = row["interval"]
        click.echo(
            f"sigma {row['sigma']:g}: {row['nearer']} of {row['count']} nearer, 95 % interval {low:.3f} to "
            f"{high:.3f}; mean distance {row['noisy']:.2f} before, {row['purified']:.2f} after"
        )


@theory.command()
@click.argument("image")
@_dataset
@_denoiser
@click.option("--sigmas", default="0.2,0.4,0.6,0.8,1", show_default=True, help="With commas, [0,1] units.")
@_eta
@_eps_error
@click.option("--samples", type=click.IntRange(2, 100_000), default=16, show_default=True)
@click.option("--steps", type=click.IntRange(2, 1000), default=8, show_default=True)
@_scheme
@_seed
@_device
@_unit
@_json
def curves(
    image: str,
    dataset: str,
    denoiser: str,
    sigmas: str,
    samples: int,
    device: str,
    unit: str,
    as_json: bool,
    **settings: Any,
) -> None:
    """Both theorems for IMAGE over sigma."""
    from diffsmooth_core.datasets import resolve
    from diffsmooth_core.theory import Setting, over_sigma

    levels, scale = _numbers("--sigmas", sigmas), SCALES[unit]
    x = resolve(image, dataset).tensor
    *_, found = over_sigma(x, _diffusion(denoiser, dataset, device), Setting(**settings), levels, samples)
    rows = [
        {
            "sigma": point.sigma,
            "timestep": point.timestep,
            "one_shot_distance": scale * point.one_shot,
            "theorem1": _theorem1(point.theorem1, scale),
            "theorem2": _theorem2(point.theorem2, scale),
        }
        for point in found.points
    ]
    if as_json:
        click.echo(json.dumps({"image": image, "settings": settings, "unit": unit, "points": rows}))
        return
    for point in found.points:
        bounds = ", ".join(
            f"{version} {scale * point.theorem1.bound(version).mean():.4g}"
            for version in ("printed", "corrected", "pathwise", "tight", "free")
        )
        click.echo(
            f"sigma {point.sigma:g}, t {point.timestep}: mean distance "
            f"{scale * point.theorem1.distances.mean():.4g}; bounds: {bounds}"
        )


@theory.command()
@click.argument("image")
@config_options
@click.option("--errors", default="0,0.05,0.1,0.2", show_default=True, help="Root mean squares, with commas.")
@_json
def error(image: str, errors: str, as_json: bool, **settings: Any) -> None:
    """What an error in the predicted noise does to IMAGE's distance, votes and radius."""
    config = SmoothingConfig(**settings)
    sizes = _numbers("--errors", errors)

    from diffsmooth_core import load_classifier
    from diffsmooth_core.datasets import resolve
    from diffsmooth_core.theory import consequences

    picture = resolve(image, config.dataset)
    classifier = load_classifier(config.classifier, config.device)
    denoiser = _diffusion(config.denoiser, config.dataset, config.device)
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
        click.echo(json.dumps({"image": image, "sigma": config.sigma, "errors": rows}))
        return
    for one in found:
        votes = max(one.certificate.counts)
        click.echo(
            f"error {one.eps_error:g}: purified {one.purified:.2f} from the picture, class "
            f"{one.certificate.label}, {votes} of {config.n} votes, radius {one.certificate.radius:.4f}"
        )


def _numbers(option: str, text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{option} must be numbers with commas between them, got {text!r}") from None


def _diffusion(name: str, dataset: str, device: str) -> Denoiser:
    """A diffusion model for the data set; a checkpoint's path is taken at its word."""
    from diffsmooth_core import load_denoiser
    from diffsmooth_core.purification.denoiser import Denoiser
    from diffsmooth_core.zoo.cards import every, names
    from diffsmooth_core.zoo.download import here

    if name in every() and every()[name].dataset != dataset:
        at_hand = names("denoiser", dataset, "unet", "diffusers") + here(dataset)
        fetch = "models download 256x256_diffusion_uncond"
        if dataset != "imagenet":
            fetch = f"train denoiser --dataset {dataset} --name NAME --minutes 30"
        remedy = (
            f"take --denoiser {at_hand[0]}"
            if at_hand
            else (f"run: python -m diffsmooth_core {fetch}, and name it with --denoiser")
        )
        raise InputError(f"{name!r} is for {every()[name].dataset}, the picture is for {dataset}; {remedy}")
    denoiser = load_denoiser(name, device)
    if not isinstance(denoiser, Denoiser):
        raise InputError(f"the theorems speak of diffusion models, which {name!r} is not; take 'bundled'")
    return denoiser


def _theorem1(found: Theorem1, scale: float) -> dict[str, Any]:
    from diffsmooth_core.theory import VERSIONS

    return {
        "dimension": found.dimension,
        "eta": found.eta,
        "tau": found.tau,
        "C_estimate": found.c / scale,  # a score is an inverse length
        "distances": (scale * found.distances).tolist(),
        "shift": scale * found.shift,
        "noise": scale * found.noise,
        "quantile": scale * found.quantile,
        "versions": {
            version: {
                "score_term_mean": scale * float(found.score_term(version).mean()),
                "bound_mean": scale * float(found.bound(version).mean()),
                "inside": share.k,
                "count": share.n,
                "interval": [share.low, share.high],
            }
            for version, share in ((version, found.share(version)) for version in VERSIONS)
        },
    }


def _theorem2(found: Theorem2, scale: float) -> dict[str, float]:
    return {
        "distance": scale * found.distance,
        "monte_carlo": scale * found.monte_carlo,
        "printed": scale * found.printed,
        "corrected": scale * found.corrected,
        "identity": scale * found.identity,
        "squared_eps_error": found.error,
    }


def _tell(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(result))
        return
    one, two = result["theorem1"], result["theorem2"]
    unit = "[0,1]" if result["unit"] == "pixel" else "[-1,1]"
    mean = sum(one["distances"]) / len(one["distances"])
    click.echo(
        f"Theorem 1, {unit} units: reverse-SDE samples lie {mean:.4g} from the clean point, on average"
    )
    for version, row in one["versions"].items():
        low, high = row["interval"]
        click.echo(
            f"  {version:9} bound {row['bound_mean']:.4g}: {row['inside']} of {row['count']} samples inside, "
            f"95 % interval {low:.3f} to {high:.3f}, promised {1 - one['eta']:g}"
        )
    click.echo(
        f"  C is an estimate from these paths; halving the steps moves the ends by "
        f"{result['doubling_error']:.3g}"
    )
    error = f" +- {two['monte_carlo']:.2g}" if two["monte_carlo"] else ""
    click.echo(
        f"Theorem 2: the one-shot output lies {two['distance']:.4g}{error} from the posterior mean; "
        f"printed bound {two['printed']:.4g}, corrected {two['corrected']:.4g}, "
        f"identity {two['identity']:.4g}"
    )
