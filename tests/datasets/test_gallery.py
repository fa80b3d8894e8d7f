"""The bundled gallery, and galleries that are not as they should be."""

import json

import numpy as np
import pytest
from PIL import Image

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import cifar10, gallery

SHIP = {"name": "ship", "file": "ship.png", "label": "ship", "title": "A ship", "made_by": "Drawn by hand."}


@pytest.fixture
def folder(tmp_path):
    Image.new("RGB", (64, 64), (1, 2, 3)).save(tmp_path / "ship.png")
    (tmp_path / "gallery.json").write_text(json.dumps([SHIP, SHIP | {"name": "lost", "file": "lost.png"}]))
    return tmp_path


def test_drawings_and_their_labels(folder):
    picture, drawing = gallery.picture("ship", folder)
    assert np.array_equal(picture, np.full((64, 64, 3), (1, 2, 3), np.uint8))
    assert (drawing.label, drawing.title, drawing.made_by) == (8, "A ship", "Drawn by hand.")


def test_a_missing_file_is_left_out(folder):
    assert [drawing.name for drawing in gallery.drawings(folder)] == ["ship"]
    with pytest.raises(InputError, match="no picture 'lost'; choose one of ship"):
        gallery.picture("lost", folder)


def test_empty_galleries(folder, tmp_path):
    with pytest.raises(InputError, match="list .* is missing"):
        gallery.drawings(tmp_path / "elsewhere")
    (folder / "ship.png").unlink()
    with pytest.raises(InputError, match="pictures are missing"):
        gallery.drawings(folder)


@pytest.mark.parametrize(
    "listing",
    [
        "{",
        "[1]",
        "{}x",
        '[{"name": "a"}]',
        json.dumps([SHIP | {"label": "zebra"}]),
        json.dumps([SHIP | {"x": 1}]),
    ],
)
def test_a_damaged_list(folder, listing):
    (folder / "gallery.json").write_text(listing)
    with pytest.raises(InputError, match="is not a gallery list"):
        gallery.drawings(folder)


def test_the_bundled_gallery():
    """At least twenty pictures of at least six classes; every listed file is there and can be read."""
    listed = json.loads((gallery.FOLDER / "gallery.json").read_text())
    drawings = gallery.drawings()
    assert len(drawings) == len(listed) >= 20
    assert len({drawing.name for drawing in drawings}) == len(drawings)
    assert len({cifar10.CLASSES[drawing.label] for drawing in drawings}) >= 6
    for drawing in drawings:
        assert min(gallery.picture(drawing.name)[0].shape[:2]) >= 32
        assert drawing.title
        assert drawing.made_by
