"""The bundled gallery, and galleries that are not as they should be."""

import json

import numpy as np
import pytest
from PIL import Image

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import gallery

SHIP = {
    "name": "ship",
    "file": "ship.png",
    "classes": {"cifar10": "ship", "imagenet": "yawl"},
    "title": "A ship",
    "made_by": "Drawn by hand.",
}


@pytest.fixture
def folder(tmp_path):
    Image.new("RGB", (64, 64), (1, 2, 3)).save(tmp_path / "ship.png")
    (tmp_path / "gallery.json").write_text(json.dumps([SHIP, SHIP | {"name": "lost", "file": "lost.png"}]))
    return tmp_path


def test_drawings_and_their_labels(folder):
    picture, drawing = gallery.picture("ship", folder)
    assert np.array_equal(picture, np.full((64, 64, 3), (1, 2, 3), np.uint8))
    assert (drawing.labels, drawing.title) == ({"cifar10": 8, "imagenet": 914}, "A ship")
    assert drawing.made_by == "Drawn by hand."


def test_a_missing_file_is_left_out(folder):
    assert [drawing.name for drawing in gallery.drawings("cifar10", folder)] == ["ship"]
    with pytest.raises(InputError, match="gallery picture 'lost' is unknown; choose one of ship"):
        gallery.picture("lost", folder)


def test_a_drawing_is_offered_where_it_has_a_class(folder):
    lemon = SHIP | {"name": "lemon", "classes": {"imagenet": "lemon"}}
    (folder / "gallery.json").write_text(json.dumps([SHIP, lemon]))
    assert [drawing.name for drawing in gallery.drawings("cifar10", folder)] == ["ship"]
    assert [drawing.name for drawing in gallery.drawings("imagenet", folder)] == ["ship", "lemon"]
    assert gallery.picture("lemon", folder)[1].labels == {"imagenet": 951}


def test_empty_galleries(folder, tmp_path):
    with pytest.raises(InputError, match="list .* is missing"):
        gallery.drawings("cifar10", tmp_path / "elsewhere")
    (folder / "ship.png").unlink()
    with pytest.raises(InputError, match="pictures are missing"):
        gallery.drawings("cifar10", folder)


@pytest.mark.parametrize(
    "listing",
    [
        "{",
        "[1]",
        "{}x",
        '[{"name": "a"}]',
        json.dumps([SHIP | {"classes": {"cifar10": "zebra"}}]),
        json.dumps([SHIP | {"classes": {"mnist": "seven"}}]),
        json.dumps([SHIP | {"classes": "ship"}]),
        json.dumps([SHIP | {"x": 1}]),
    ],
)
def test_a_damaged_list(folder, listing):
    (folder / "gallery.json").write_text(listing)
    with pytest.raises(InputError, match="is not a gallery list"):
        gallery.drawings("cifar10", folder)


@pytest.mark.parametrize(("dataset", "side"), [("cifar10", 32), ("imagenet", 224)])
def test_the_bundled_gallery(dataset, side):
    """At least twenty pictures of at least six classes, which hold what the network sees and can be read."""
    listed = json.loads((gallery.FOLDER / "gallery.json").read_text())
    drawings = gallery.drawings(dataset)
    assert len(drawings) == sum(dataset in entry["classes"] for entry in listed) >= 20
    assert len({drawing.name for drawing in drawings}) == len(drawings)
    assert len({drawing.labels[dataset] for drawing in drawings}) >= 6
    for drawing in drawings:
        assert min(gallery.picture(drawing.name)[0].shape[:2]) >= side
        assert drawing.title
        assert drawing.made_by
