"""Photographs out of scikit-image's wheel, without a network."""

import numpy as np
import pytest
import skimage.data

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import class_names, photographs


def test_all_are_in_the_installed_wheel(no_network):
    assert photographs.available() == tuple(photographs.PHOTOGRAPHS)
    for name in photographs.available():
        picture, photo = photographs.picture(name)
        assert min(picture.shape[:2]) >= 224
        assert photo.title
        assert photo.origin


@pytest.mark.parametrize(
    ("name", "original"), [("cat", "chelsea"), ("coffee", "coffee"), ("rocket", "rocket")]
)
def test_the_pixels_are_scikit_images(name, original):
    assert np.array_equal(photographs.picture(name)[0], getattr(skimage.data, original)())


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [("cifar10", {"cat": "cat", "horse": "horse"}), ("imagenet", {"cat": "tabby", "coffee": "espresso"})],
)
def test_which_belong_to_a_class(dataset, expected):
    found = {name: photo.labels[dataset] for name, photo in photographs.PHOTOGRAPHS.items()}
    names = class_names(dataset)
    assert {name: names[label] for name, label in found.items() if label is not None} == expected


def test_the_horse_stands_on_white():
    """Its file is transparent around the outline."""
    assert photographs.picture("horse")[0][2, 2].tolist() == [255, 255, 255]


def test_unknown_photograph():
    with pytest.raises(InputError, match="photograph 'dog' is unknown; choose one of cat, coffee"):
        photographs.picture("dog")


def test_without_scikit_image(monkeypatch):
    monkeypatch.setattr(photographs.importlib.util, "find_spec", lambda package: None)
    photographs.available.cache_clear()
    with pytest.raises(InputError, match="pip install scikit-image"):
        photographs.available()
    photographs.available.cache_clear()
