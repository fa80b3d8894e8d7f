"""`datasets`: list the data sets, add a data set, remove it again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from diffsmooth_core.cli.options import json_option
from diffsmooth_core.cli.output import say
from diffsmooth_core.config import InputError


@click.group()
def datasets() -> None:
    """The data sets: list them, add a folder or parquet files as one's own, or remove it."""


@datasets.command("list")
@json_option()
def list_datasets(as_json: bool) -> None:
    """Every data set and how many test pictures of it are on this machine."""
    from diffsmooth_core.datasets import class_names, test_size
    from diffsmooth_core.datasets import datasets as names
    from diffsmooth_core.datasets.fitting import geometry

    rows = []
    for name in names():
        try:
            pictures = test_size(name)
        except InputError:
            pictures = 0
        rows.append(
            {
                "name": name,
                "side": geometry(name)[1],
                "classes": len(class_names(name)),
                "test_pictures": pictures,
            }
        )
    if as_json:
        say(json.dumps(rows, indent=2))
        return
    for row in rows:
        say(
            f"{row['name']:<20}{row['side']} x {row['side']:<8}{row['classes']:>5} classes  "
            f"{row['test_pictures']:,} test pictures here"
        )


@datasets.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="What it is called from now on: small letters, digits and -.")
@click.option("--side", type=int, required=True, help="Pixels a side that its networks see: 32, 64, 224.")
@click.option("--classes", help="A text file with a class's name in each line, by index; cifar100 is known.")
@json_option()
def add(source: Path, name: str, side: int, classes: str | None, as_json: bool) -> None:
    """Add SOURCE, a folder or a parquet file; nothing is copied.

    A folder has a folder for each class, in train/ and test/ (or val/) where it is split; Tiny ImageNet's
    layout is known. Parquet files have the columns img or image, and label or fine_label (CIFAR-100).
    """
    from diffsmooth_core.datasets import custom

    made = custom.add(source, name, side, custom.known_classes(classes) if classes else ())
    if as_json:
        say(json.dumps(asdict(made), indent=2))
        return
    say(f"added {name}: {len(made.classes)} classes, {made.size('test'):,} test pictures")
    say(f"next: python -m diffsmooth_core train gaussian --dataset {name} --name {name}-gaussian-0.25")


@datasets.command()
@click.argument("name")
def remove(name: str) -> None:
    """Forget an added data set; its pictures stay where they are."""
    from diffsmooth_core.datasets import custom

    custom.remove(name)
    say(f"removed {name}")
