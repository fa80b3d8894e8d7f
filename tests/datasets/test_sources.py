"""Specs, uploads and the catalogue that the page shows."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from diffsmooth_core.caching import size
from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import (
    catalogue,
    cifar10,
    class_names,
    fit,
    from_upload,
    gallery,
    imagenet,
    labelled_pictures,
    photographs,
    resolve,
    sha256,
)
from diffsmooth_core.datasets.sources import refitted

PIXELS = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)


@pytest.fixture
def png(tmp_path):
    path = tmp_path / "some.png"
    Image.fromarray(PIXELS).save(path)
    return path


def encoded(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def test_a_photograph_as_the_network_sees_it(no_network):
    cat = resolve("photo:cat", "cifar10")
    original = photographs.picture("cat")[0]
    assert original.shape == (300, 451, 3)
    assert np.array_equal(cat.pixels, fit(original, "cifar10"))
    assert np.array_equal(cat.shown, original[:, 75:375]), "its central square"
    assert (cat.label, cat.source, cat.title) == (3, "photo:cat", "Chelsea the cat")
    assert cat.tensor.shape == (3, 32, 32)
    assert cat.tensor.dtype == torch.float32
    assert cat.sha256 == sha256(cat.pixels)


def test_arrays_cannot_be_changed_afterwards(no_network):
    cat = resolve("photo:cat", "cifar10")
    for array in (cat.shown, cat.pixels):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 0
    cat.tensor[:] = 0  # a copy of its own
    assert cat.tensor.max() > 0


def test_a_photograph_of_no_class_says_what_that_means(no_network):
    for spec, dataset in (("photo:coffee", "cifar10"), ("photo:moon", "imagenet")):
        picture = resolve(spec, dataset)
        assert picture.label is None
        assert "stays the same, not that it is right" in picture.note


def test_cifar10_specs(small_cifar10, no_network):
    for split, kind in (("test", "cifar10"), ("train", "cifar10-train")):
        picture = resolve(f"{kind}:2", "cifar10")
        assert np.array_equal(picture.pixels, small_cifar10[split][0][2])
        assert picture.label == small_cifar10[split][1][2]
        assert picture.source == f"{kind}:2"
    assert "trained on this picture" in resolve("cifar10-train:2", "cifar10").note
    assert resolve("cifar10:007"[:-1], "cifar10").source == "cifar10:0"


def test_a_label_counts_only_in_its_own_dataset(small_cifar10):
    for spec in ("gallery:beagle", "cifar10:2"):
        picture = resolve(spec, "imagenet")
        assert picture.pixels.shape == (224, 224, 3)
        assert picture.label is None
        assert "true class is not known" in picture.note


def test_a_picture_of_classes_in_two_datasets(no_network):
    """The whole of a drawing is shown; of a photograph ImageNet's usual centre."""
    names = class_names("imagenet")
    airliner, cat = resolve("gallery:airliner-in-flight", "imagenet"), resolve("photo:cat", "imagenet")
    assert (names[airliner.label], names[cat.label]) == ("airliner", "tabby")
    assert resolve("gallery:airliner-in-flight", "cifar10").label == 0
    drawing = gallery.picture("airliner-in-flight")[0]
    assert np.array_equal(airliner.pixels, fit(drawing, "imagenet", borders=True))
    assert np.array_equal(cat.pixels, fit(photographs.picture("cat")[0], "imagenet"))


def test_a_drawing_for_imagenet_is_what_the_network_sees(no_network):
    lemons = resolve("gallery:lemons", "imagenet")
    assert np.array_equal(lemons.pixels, gallery.picture("lemons")[0])
    assert class_names("imagenet")[lemons.label] == "lemon"
    other = resolve("gallery:lemons", "cifar10")
    assert other.label is None
    assert "true class is not known" in other.note


def test_imagenet_spec(monkeypatch, tmp_path):
    folder = tmp_path / "imagenet" / "val" / "n02123045"
    folder.mkdir(parents=True)
    Image.new("RGB", (300, 400)).save(folder / "a.JPEG")
    monkeypatch.setenv("DIFFSMOOTH_DATA", str(tmp_path))
    assert resolve("imagenet:0", "imagenet").label == 281
    assert resolve("imagenet:0", "cifar10").label is None
    group = next(group for group in catalogue("imagenet") if group.kind == "imagenet")
    assert (group.size, group.reason) == (1, None)


def test_a_path(png):
    picture = resolve(str(png), "cifar10")
    assert np.array_equal(picture.pixels, PIXELS)
    assert (picture.label, picture.title, picture.source) == (None, "some.png", str(png))


def test_a_prefix_is_never_a_path(png, monkeypatch):
    """A file of that name changes nothing; its path can still be asked for as one."""
    monkeypatch.chdir(png.parent)
    for name, problem in (
        ("photo:dog", "photograph 'dog' is unknown"),
        ("other:cat.png", "there is no picture 'other:cat.png'"),
    ):
        png.with_name(name).write_bytes(png.read_bytes())
        with pytest.raises(InputError, match=problem):
            resolve(name, "cifar10")
        assert np.array_equal(resolve(f"./{name}", "cifar10").pixels, PIXELS)
    plain = png.with_name("plain")
    plain.write_bytes(png.read_bytes())
    assert np.array_equal(resolve("plain", "cifar10").pixels, PIXELS)


def test_paths_can_be_shut_out(png):
    with pytest.raises(InputError, match="give a picture as") as caught:
        resolve(str(png), "cifar10", paths=False)
    assert not str(caught.value).endswith("path of a file")
    assert resolve("photo:cat", "cifar10", paths=False).label == 3


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("cat", "did you mean photo:cat"),
        ("foto:cat", "did you mean photo:cat"),
        ("photo:dog", "choose one of cat, coffee"),
        ("cifar10:x", "needs a whole number after the colon"),
        ("cifar10:-1", "needs a whole number after the colon"),
        ("cifar10:٣", "needs a whole number after the colon"),
        ("cifar10:5", "indices 0 to 4, got 5"),
        ("https://example.org/cat.png", "give a picture as"),
        ("", "give a picture as"),
        ("nosuch.png", "there is no file 'nosuch.png'"),
        ("/", "is not a file"),
        ("x" * 5000, "give a picture as"),
        ("a\0.png", "there is no file"),
    ],
)
def test_specs_that_name_nothing(small_cifar10, no_network, spec, message):
    with pytest.raises(InputError, match=message):
        resolve(spec, "cifar10")


@pytest.mark.parametrize(
    "use", [class_names, catalogue, lambda d: resolve("photo:cat", d), lambda d: from_upload(b"", "", d)]
)
def test_unknown_dataset(use):
    with pytest.raises(InputError, match="data set 'mnist' is unknown"):
        use("mnist")


@pytest.mark.parametrize(
    ("filename", "shown"),
    [
        ("holiday.png", "holiday.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\Bär 1.jpg", "Bär_1.jpg"),
        ("<img src=x onerror=alert(1)>.png", "img_src_x_onerror_alert(1)_.png"),
        ("[a](javascript:b)`$x$`*.png", "a_(javascript_b)__x___.png"),
        ("evil\u202egnp.exe\n", "evil_gnp.exe"),
        ("..", "picture"),
        ("", "picture"),
        ("a" * 500 + ".png", "a" * 56 + ".png"),
    ],
)
def test_upload_names_are_only_shown_and_cleaned(filename, shown):
    picture = from_upload(encoded(PIXELS), filename, "cifar10")
    assert (picture.title, picture.source) == (shown, f"upload:{shown}")
    assert np.array_equal(picture.pixels, PIXELS)
    assert picture.label is None


def test_of_a_large_upload_a_small_copy_is_kept_that_serves_every_data_set():
    large = np.random.default_rng(2).integers(0, 256, (1500, 2400, 3), dtype=np.uint8)
    picture = from_upload(encoded(large), "large.png", "cifar10")
    assert picture.shown.shape == (320, 320, 3)
    assert size(picture) < large.nbytes // 10
    other = refitted(picture, "imagenet")
    assert np.array_equal(other.pixels, fit(large, "imagenet")), "not of the small copy"
    assert (other.dataset, other.source) == ("imagenet", picture.source)
    assert np.array_equal(refitted(other, "cifar10").pixels, picture.pixels)
    with pytest.raises(InputError, match=r"large\.png was uploaded before pets was added; upload it again"):
        refitted(picture, "pets")


def test_an_upload_that_is_no_picture():
    with pytest.raises(InputError, match="not a PNG, JPEG or WEBP picture"):
        from_upload(b"GIF89a" + bytes(99), "cat.png", "cifar10")


@pytest.mark.parametrize("dataset", ["cifar10", "imagenet"])
def test_every_choice_of_the_catalogue_resolves(small_cifar10, no_network, dataset):
    groups = {group.kind: group for group in catalogue(dataset)}
    assert set(groups) == {"gallery", "photo", dataset}
    assert groups["photo"].size == len(photographs.PHOTOGRAPHS)
    for group in groups.values():
        assert (group.size == 0) == (group.reason is not None)
        specs = [choice.spec for choice in group.choices] or [f"{group.kind}:{i}" for i in range(group.size)]
        assert len(specs) == group.size
        for spec in specs:
            assert resolve(spec, dataset).source == spec
        for choice in group.choices:
            assert resolve(choice.spec, dataset).label == choice.label


@pytest.mark.parametrize(("dataset", "name"), [("cifar10", "CIFAR-10"), ("imagenet", "ImageNet")])
def test_drawings_stand_in_for_test_pictures(nothing_local, no_network, dataset, name):
    pictures, what = labelled_pictures(dataset, 12)
    assert what == f"12 drawings of the gallery, {name} not being here"
    assert all(picture.label is not None for picture in pictures)


def test_the_catalogue_without_any_data_says_why(nothing_local, no_network):
    """Nothing here, nothing downloaded: a reason for each group, and the photographs remain."""
    groups = {group.kind: group for group in (*catalogue("cifar10"), *catalogue("imagenet"))}
    assert groups["cifar10"].size == groups["imagenet"].size == 0
    assert "set DIFFSMOOTH_DATA" in groups["cifar10"].reason
    assert "set DIFFSMOOTH_DATA" in groups["imagenet"].reason
    assert groups["photo"].size > 0


def test_class_names():
    assert class_names("cifar10") == cifar10.CLASSES
    assert class_names("imagenet") == imagenet.class_names()
