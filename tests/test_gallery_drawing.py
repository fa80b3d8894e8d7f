"""The bundled gallery: its files are whole, and its drawing script still draws them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffsmooth_core.datasets.cifar10 import CLASSES

GALLERY = Path(__file__).parent.parent / "assets" / "gallery"
ENTRIES = json.loads((GALLERY / "gallery.json").read_text(encoding="utf-8"))


def test_gallery_is_varied_and_small() -> None:
    assert len(ENTRIES) >= 20
    assert len({entry["name"] for entry in ENTRIES}) == len(ENTRIES)
    labels = {entry["label"] for entry in ENTRIES}
    assert labels <= set(CLASSES)
    assert len(labels) >= 6
    files = {entry["file"] for entry in ENTRIES}
    assert files == {path.name for path in GALLERY.glob("*.png")}, "a file without an entry, or the reverse"
    assert sum((GALLERY / name).stat().st_size for name in files) < 3_000_000


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_picture_is_rgb_and_not_flat(entry: dict[str, str]) -> None:
    with Image.open(GALLERY / entry["file"]) as picture:
        assert (picture.format, picture.size, picture.mode) == ("PNG", (256, 256), "RGB")
        assert np.asarray(picture).std() > 15
    assert entry["title"]
    assert entry["made_by"]


def test_script_draws_the_same_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(GALLERY))
    from drawing.pictures import PICTURES
    from drawing.render import render

    assert {name: p.label for name, p in PICTURES.items()} == {e["name"]: e["label"] for e in ENTRIES}
    scene = PICTURES["light-aircraft"].scene()
    again = render(scene, size=64, samples=1)
    assert np.array_equal(render(scene, size=64, samples=1), again)
    with Image.open(GALLERY / "light-aircraft.png") as picture:
        kept = np.asarray(picture.resize((64, 64), Image.Resampling.BOX))
    assert np.corrcoef(again.ravel(), kept.ravel())[0, 1] > 0.9
