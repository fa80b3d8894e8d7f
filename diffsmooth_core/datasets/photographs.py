"""Photographs that are included in scikit-image's wheel, so that they are available offline.

They are read from the installed package's folder and never through `skimage.data`, whose loaders may
download files. Titles and origins are those of its documentation.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from diffsmooth_core.config import InputError, unknown
from diffsmooth_core.datasets.classes import labels
from diffsmooth_core.datasets.decoding import Pixels, decode


@dataclass(frozen=True)
class Photograph:
    """`origin` is author and licence; `cifar10` and `imagenet` are its class names there, None where it shows
    no class of that data set."""

    file: str
    title: str
    origin: str
    cifar10: str | None = None
    imagenet: str | None = None

    @property
    def labels(self) -> dict[str, int | None]:
        """Its class index in each of the two data sets."""
        return labels({"cifar10": self.cifar10, "imagenet": self.imagenet})


PHOTOGRAPHS = {
    "cat": Photograph("chelsea.png", "Chelsea the cat", "Stéfan van der Walt, CC0", "cat", "tabby"),
    "coffee": Photograph(
        "coffee.png", "A cup of coffee", "Rachel Michetti, Pikolo Espresso Bar, CC0", imagenet="espresso"
    ),
    "rocket": Photograph("rocket.jpg", "Falcon 9 at its launch pad", "SpaceX, public domain"),
    "astronaut": Photograph("astronaut.png", "The astronaut Eileen Collins", "NASA, public domain"),
    "motorcycle": Photograph(
        "motorcycle_left.png", "A motorcycle", "Middlebury stereo benchmark 2014, Scharstein et al."
    ),
    "horse": Photograph("horse.png", "The outline of a horse", "Andreas Preuss, CC0", "horse"),
    "camera": Photograph("camera.png", "A photographer", "Lav Varshney, CC0"),
    "coins": Photograph("coins.png", "Greek coins from Pompeii", "Brooklyn Museum, no known restrictions"),
    "moon": Photograph("moon.png", "The surface of the moon", "scikit-image's sample data"),
    "galaxies": Photograph("hubble_deep_field.jpg", "Hubble's extreme deep field", "NASA, public domain"),
    "retina": Photograph("retina.jpg", "The retina of an eye", "Mikael Häggström, CC0"),
    "bricks": Photograph("brick.png", "A brick wall", "CC0Textures, CC0"),
}


@cache
def available() -> tuple[str, ...]:
    """Names of the photographs that the installed scikit-image contains, in the order above.

    Raises InputError where there is none.
    """
    folder = _folder()
    found = tuple(name for name, photo in PHOTOGRAPHS.items() if folder and (folder / photo.file).is_file())
    if not found:
        raise InputError("scikit-image's photographs are not installed; run 'pip install scikit-image'")
    return found


def _folder() -> Path | None:
    """Where scikit-image keeps its photographs, which is found without importing it; None where it is not
    installed."""
    found = importlib.util.find_spec("skimage")
    return Path(found.origin).parent / "data" if found and found.origin else None


def picture(name: str) -> tuple[Pixels, Photograph]:
    """The photograph `name` as uint8 (h,w,3) in its original size, and its description. Raises InputError."""
    if name not in available():
        raise unknown("photograph", name, available())
    folder, photo = _folder(), PHOTOGRAPHS[name]
    assert folder is not None
    return decode((folder / photo.file).read_bytes(), in_srgb=False), photo
