"""The bundled gallery: its files are whole, and its drawing script still draws them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from diffsmooth_core.datasets import class_names

GALLERY = Path(__file__).parent.parent / "assets" / "gallery"
ENTRIES = json.loads((GALLERY / "gallery.json").read_text(encoding="utf-8"))


def listed(dataset: str) -> list[dict[str, Any]]:
    return [entry for entry in ENTRIES if dataset in entry["classes"]]


@pytest.mark.parametrize("dataset", ["cifar10", "imagenet"])
def test_gallery_is_varied_and_small(dataset: str) -> None:
    assert len(listed(dataset)) >= 20
    labels = {entry["classes"][dataset] for entry in listed(dataset)}
    assert labels <= set(class_names(dataset))
    assert len(labels) >= 6
    assert sum((GALLERY / entry["file"]).stat().st_size for entry in listed(dataset)) < 3_000_000


def test_every_file_has_one_entry() -> None:
    assert len({entry["name"] for entry in ENTRIES}) == len(ENTRIES)
    files = {entry["file"] for entry in ENTRIES}
    assert files == {path.name for path in GALLERY.glob("*.webp")}, "a file without an entry, or the reverse"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_picture_is_rgb_and_not_flat(entry: dict[str, Any]) -> None:
    side = 256 if "cifar10" in entry["classes"] else 224
    with Image.open(GALLERY / entry["file"]) as picture:
        assert (picture.format, picture.size, picture.mode) == ("WEBP", (side, side), "RGB")
        assert np.asarray(picture).std() > 15
    assert entry["title"]
    assert entry["made_by"]


@pytest.mark.parametrize("name", ["light-aircraft", "hot-air-balloon", "traffic-light"])
def test_script_draws_the_same_picture(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(GALLERY))
    from draw import classes
    from drawing.pictures import PICTURES
    from drawing.render import render

    assert {name: classes(p) for name, p in PICTURES.items()} == {e["name"]: e["classes"] for e in ENTRIES}
    scene = PICTURES[name].scene()
    again = render(scene, size=64, samples=1)
    assert np.array_equal(render(scene, size=64, samples=1), again)
    with Image.open(GALLERY / f"{name}.webp") as picture:
        kept = np.asarray(picture.resize((64, 64), Image.Resampling.BOX))
    assert np.corrcoef(again.ravel(), kept.ravel())[0, 1] > 0.9
