"""An ImageNet validation folder: order, classes, and what does not belong."""

import numpy as np
import pytest
from PIL import Image
from timm.data.imagenet_info import ImageNetInfo

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import imagenet


@pytest.fixture
def root(tmp_path):
    colours = {"n02123045/b.JPEG": 10, "n02123045/a.JPEG": 20, "n01440764/z.png": 30, "n01443537/c.jpg": 40}
    for name, value in colours.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (40, 30), (value,) * 3).save(tmp_path / name)
    (tmp_path / "n01440764" / "notes.txt").write_text("no picture")
    (tmp_path / "other").mkdir()
    Image.new("RGB", (40, 30)).save(tmp_path / "other" / "x.png")
    return tmp_path


def test_sorted_by_path_with_the_classes_of_the_folders(root):
    found = [imagenet.picture(index, root) for index in range(4)]
    assert [int(picture.mean().round()) for picture, _ in found] == [30, 40, 20, 10]
    assert [label for _, label in found] == [0, 1, 281, 281]
    assert len(imagenet.photographs(root)) == 4


def test_order_is_not_the_disks(tmp_path):
    folders = [f"n{number:08d}" for number in np.random.default_rng(0).permutation(50)]
    for folder in folders:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.JPEG").touch()
    assert [path.parent.name for path in imagenet.photographs(tmp_path)] == sorted(folders)


@pytest.mark.parametrize("index", [-1, 4])
def test_index_outside_the_folder(root, index):
    with pytest.raises(InputError, match=f"indices 0 to 3, got {index}"):
        imagenet.picture(index, root)


def test_a_new_class_folder_is_noticed(root):
    assert len(imagenet.photographs(root)) == 4
    (root / "n01484850").mkdir()
    Image.new("RGB", (40, 30)).save(root / "n01484850" / "a.JPEG")
    assert len(imagenet.photographs(root)) == 5


def test_a_folder_that_is_no_class(root):
    (root / "n00000001").mkdir()
    Image.new("RGB", (40, 30)).save(root / "n00000001" / "a.JPEG")
    with pytest.raises(InputError, match="n00000001 is none of ImageNet's 1000 classes"):
        imagenet.picture(0, root)


def test_nothing_to_pick(monkeypatch, tmp_path):
    monkeypatch.delenv("DIFFSMOOTH_DATA", raising=False)
    with pytest.raises(InputError, match="set DIFFSMOOTH_DATA"):
        imagenet.photographs()
    with pytest.raises(InputError, match="holds no photographs"):
        imagenet.photographs(tmp_path)
    with pytest.raises(InputError, match="cannot be listed"):
        imagenet.photographs(tmp_path / "none")


def test_class_names_are_the_standard_thousand():
    names, wnids = imagenet.class_names(), imagenet.wnids()
    assert len(set(names)) == len(set(wnids)) == 1000
    assert list(wnids) == sorted(wnids)
    assert (names[0], names[281], names[999]) == ("tench", "tabby", "toilet tissue")
    assert (names[134], names[517]) == ("crane (n02012849)", "crane (n03126707)")


def test_the_classes_are_timms():
    """They are read from its lists; its own reader knows the same ones."""
    told = ImageNetInfo()
    assert list(imagenet.wnids()) == told.label_names()
    assert [name.split(" (")[0] for name in imagenet.class_names()] == [
        synonyms.split(",")[0] for synonyms in told.label_descriptions()
    ]


def test_photographs_of_the_data_folder(data_dir, monkeypatch):
    """Its files carry the class in their name, so the label can be checked against it."""
    if not (data_dir / "imagenet" / "val").is_dir():
        pytest.skip(f"DIFFSMOOTH_DATA={data_dir} has no imagenet/val")
    monkeypatch.setenv("DIFFSMOOTH_DATA", str(data_dir))
    for index, path in list(enumerate(imagenet.photographs()))[::10]:
        picture, label = imagenet.picture(index)
        assert picture.dtype == np.uint8
        assert imagenet.wnids()[label] == path.parent.name
