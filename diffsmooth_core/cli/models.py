"""`models`: list the networks, add and examine checkpoints, download networks that are not bundled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diffsmooth_core.cli.options import json_option
from diffsmooth_core.cli.output import say
from diffsmooth_core.config import InputError
from diffsmooth_core.zoo import cards
from diffsmooth_core.zoo.download import NAMES as DOWNLOADS

if TYPE_CHECKING:
    from diffsmooth_core.datasets.cifar10 import Split


@click.group(invoke_without_command=True)
@json_option()
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """The networks: list, show, add, remove, check or download them."""
    if context.invoked_subcommand is None:
        _list(as_json)


@models.command("list")
@json_option()
def list_models(as_json: bool) -> None:
    """Every bundled and added network with what was measured of it."""
    _list(as_json)


def _list(as_json: bool) -> None:
    found = cards.every()
    if as_json:
        say(json.dumps([card.as_dict() for card in found.values()], indent=2))
        return
    width = max(map(len, found)) + 2
    for card in found.values():
        quality = card.metrics.get("psnr_db") or card.metrics.get("accuracy_under_noise") or {}
        unit = " dB" if card.kind == "denoiser" else ""
        shown = "  ".join(f"σ={sigma}: {value:g}{unit}" for sigma, value in quality.items())
        size = f"{card.parameters / 1e6:.2f}M"
        say(f"{card.name:<{width}}{card.kind:<12}{card.dataset:<10}{size}  {shown}")


@models.command()
@click.argument("name")
def show(name: str) -> None:
    """A network's card, as JSON."""
    say(json.dumps(_card(name).as_dict(), indent=2))


@models.command()
@click.argument("source")
@click.option("--name", required=True, help="What it is called from now on.")
@click.option("--sigma", type=click.FloatRange(0), help="The noise it was trained under; no file stores it.")
@click.option("--normalisation", help="Its normalising layer, where the usual one is wrong; see `check`.")
@click.option(
    "--config",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="JSON in OpenAI's names, for a diffusion model that is no published one.",
)
@click.option("--dataset", help="What it is for, where the usual is wrong.")
@click.option(
    "--offset",
    type=click.IntRange(0, 1),
    help="The output of the first class, where there is an output more than classes: 1 or 0.",
)
@click.option("--weights", metavar="KEY", help="Which weights, where a file holds several: ema, say.")
@json_option()
def add(
    source: str,
    name: str,
    sigma: float | None,
    normalisation: str | None,
    config: Path | None,
    dataset: str | None,
    offset: int | None,
    weights: str | None,
    as_json: bool,
) -> None:
    """Add a checkpoint's file, a diffusers folder, or a model of timm's from the Hub.

    Its layout is told from its keys.
    """
    from diffsmooth_core.datasets import class_names
    from diffsmooth_core.zoo import adding

    try:
        record = json.loads(config.read_text(encoding="utf-8")) if config else None
    except ValueError as error:
        raise InputError(f"{config} is not JSON ({error}); correct it") from None
    if dataset is not None:
        class_names(dataset)
    card = adding.add(
        source,
        name,
        sigma=sigma,
        normalisation=normalisation,
        dataset=dataset,
        config=record,
        offset=offset,
        weights=weights,
    )
    if as_json:
        say(json.dumps(card.as_dict(), indent=2))
        return
    say(f"added {card.name}: {card.kind} for {card.dataset}, {card.parameters / 1e6:.1f}M parameters")
    if entry := card.training.get("entry"):
        say(f"its weights are those under {entry!r}")
    if card.kind == "classifier":
        say(f"next: python -m diffsmooth_core models check {card.name}")


@models.command()
@click.argument("name")
def remove(name: str) -> None:
    """Delete an added network."""
    from diffsmooth_core.zoo import adding

    adding.remove(name)
    say(f"removed {name}")


@models.command()
@click.argument("name_or_path")
@click.option("--normalisation", help="The normalisation in question.  [default: the card's or the layout's]")
@click.option("--sigma", type=click.FloatRange(0), help="The training noise in question.")
@click.option("--images", type=click.IntRange(10), default=200, show_default=True, help="Labelled pictures.")
@json_option()
def check(
    name_or_path: str, normalisation: str | None, sigma: float | None, images: int, as_json: bool
) -> None:
    """The checkpoint doctor: a classifier under each normalisation and noise, and which of them fits."""
    import torch

    from diffsmooth_core.datasets import labelled_pictures
    from diffsmooth_core.zoo import checkpoints, dialects, doctor
    from diffsmooth_core.zoo.load import load_classifier

    if checkpoints.is_path(name_or_path):
        path = Path(name_or_path)
        usual = dialects.recognise(checkpoints.read(path), name_or_path).normalisation
        training: dict[str, Any] = {}
    else:
        card = cards.card(name_or_path, "classifier")
        usual, training = card.normalisation or "none", card.training
    declared = normalisation or usual
    classifier = load_classifier(name_or_path, "cpu", normalisation=declared)
    pictures, source = labelled_pictures(classifier.dataset, images)
    x = torch.stack([picture.tensor for picture in pictures])
    labels = torch.tensor([-1 if picture.label is None else picture.label for picture in pictures])
    found = doctor.examine(classifier, declared, x, labels, training.get("sigma") if sigma is None else sigma)
    if as_json:
        say(json.dumps(found.as_dict() | {"source": source}, indent=2))
        return
    say(f"{'normalisation':<20}" + "".join(f"σ = {s:<8g}" for s in doctor.SIGMAS))
    for name, row in found.accuracy.items():
        say(f"{name:<20}" + "".join(f"{share:<12.1%}" for share in row.values()))
    say(f"{source}. {found.sentence}")


@models.command()
@click.argument("what", type=click.Choice(["cifar10", *DOWNLOADS]))
@click.option(
    "--split", type=click.Choice(["test", "train"]), default="test", show_default=True, help="Of CIFAR-10."
)
def download(what: str, split: Split) -> None:
    """Fetch CIFAR-10 or a published diffusion model, once; an interrupted download goes on."""
    from diffsmooth_core.datasets import cifar10
    from diffsmooth_core.zoo import download

    if what == "cifar10":
        say(f"{what} {split}: {cifar10.download(split)}")
    else:
        say(f"{what}: {download.fetch(what)}")


def _card(name: str) -> cards.Card:
    found = cards.every().get(name)
    if found is None:
        raise InputError(f"there is no model {name!r}; there are {', '.join(cards.every())}")
    return found
