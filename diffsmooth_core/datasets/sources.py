"""Where a picture comes from: a spec such as `cifar10:123`, `photo:cat` or a path; or an upload."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from diffsmooth_core.config import DATASETS, InputError
from diffsmooth_core.datasets import cifar10, custom, fitting, gallery, imagenet, photographs
from diffsmooth_core.datasets.decoding import Pixels, decode, read

if TYPE_CHECKING:
    from torch import Tensor

NO_CLASS = (
    "It belongs to none of the data set's classes: a certificate promises that the answer stays the "
    "same, not that it is right."
)
UNKNOWN_CLASS = "Its true class is not known here."
TRAINED_ON = "The bundled networks were trained on this picture."

SHOWN = 320  # pixels a side of a picture as a person looks at it

_PREFIXED = re.compile(r"([A-Za-z][A-Za-z0-9-]+):(.*)", re.DOTALL)
_INDEX = re.compile(r"[0-9]{1,9}")
_NAMES = {"cifar10": "CIFAR-10", "imagenet": "ImageNet"}
_SPLITS = {"cifar10": "CIFAR-10 test", "imagenet": "ImageNet validation"}
_ENDINGS = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture ready to be certified; its arrays are read-only.

    pixels: uint8 (side,side,3), what the network sees, with side 32 for CIFAR-10 and 224 for ImageNet. shown:
    uint8 (s,s,3), the central square for a person to look at, s at most SHOWN; what was decoded may be a
    hundred times as large and is not kept. label: class index in `dataset`, None where it is unknown or the
    picture shows none of the classes. source: the spec from which `resolve` makes the picture again, a path
    as it was given, or "upload:NAME". note: a sentence on how it was made or why it has no label, or "".
    fits: of an upload, which nothing makes again, what the networks of each data set see.
    """

    shown: Pixels
    pixels: Pixels
    dataset: str
    label: int | None
    title: str
    source: str
    note: str = ""
    fits: Mapping[str, Pixels] = field(default_factory=dict)

    @property
    def tensor(self) -> Tensor:
        """The picture as float32 (3,h,w) in [0,1], the input of `certify`."""
        return fitting.to_tensor(self.pixels)

    @property
    def sha256(self) -> str:
        """The hash of the pixels by which noise and certificates identify the picture."""
        return fitting.sha256(self.pixels)


@dataclass(frozen=True)
class Choice:
    """One named picture of a group; `label` is its class index in the catalogue's data set."""

    spec: str
    title: str
    label: int | None


@dataclass(frozen=True)
class Group:
    """Pictures of one kind that can be picked now.

    Named pictures are listed in `choices`. Of indexed ones `choices` is empty and the specs are
    f"{kind}:{index}" with 0 <= index < size. Where `size` is 0, `reason` says why and what to do.
    """

    kind: str
    title: str
    size: int
    choices: tuple[Choice, ...] = ()
    reason: str | None = None


def class_names(dataset: str) -> tuple[str, ...]:
    """Names of the data set's classes by index. Raises InputError for an unknown data set."""
    if dataset == "cifar10":
        return cifar10.CLASSES
    return imagenet.class_names() if dataset == "imagenet" else custom.get(dataset).classes


def datasets() -> tuple[str, ...]:
    """The names of all data sets: CIFAR-10, ImageNet, and those that were added on this machine."""
    return (*DATASETS, *custom.added())


def resolve(spec: str, dataset: str, *, paths: bool = True) -> Picture:
    """The picture that `spec` names, as the network of `dataset` sees it.

    A spec is `cifar10:123` (test index), `cifar10-train:5`, `photo:cat`, `gallery:NAME`,
    `imagenet:3` (index into the validation folder), `NAME:3` or `NAME-train:3` of an added data set
    or, unless `paths` is False, a path. A text with a prefix before ":" is never taken for a path, except
    where the prefix has a separator ("./a:b.png"). A spec that came from a URL must be resolved with
    `paths=False`, so that it cannot read files. Raises InputError.
    """
    fitting.geometry(dataset)
    if prefixed := _PREFIXED.fullmatch(spec):
        kind, name = prefixed.groups()
        if kind in _KINDS:
            return _KINDS[kind](name, dataset)
        if (owner := kind.removesuffix("-train")) in custom.added():
            return _custom(name, dataset, custom.get(owner), "test" if owner == kind else "train")
    elif paths and _is_path(spec):
        return _picture(read(spec), dataset, Path(spec).name, spec)
    named = [choice.spec for group in catalogue(dataset) for choice in group.choices]
    meant = [known for known in named if known.partition(":")[2] == spec.rpartition(":")[2]]
    forms = "cifar10:123, photo:cat, gallery:NAME or imagenet:3" + (" or the path of a file" if paths else "")
    remedy = f"did you mean {meant[0]}?" if meant else f"give a picture as {forms}"
    raise InputError(f"there is no picture {spec!r}; {remedy}")


def from_upload(data: bytes, filename: str, dataset: str) -> Picture:
    """The picture in an uploaded file's data. Of the file name only letters, digits and ._-() are kept, and
    it is only displayed. Raises InputError where the data cannot be decoded."""
    fitting.geometry(dataset)
    name = re.split(r"[/\\]", filename)[-1]
    harmless = "".join(c if c.isalnum() or c in "._-()" else "_" for c in name).strip("._")[-60:]
    title = harmless or "picture"
    original = decode(data)
    fits = {name: _read_only(fitting.fit(original, name)) for name in datasets()}
    return replace(_picture(original, dataset, title, f"upload:{title}"), fits=fits)


def refitted(picture: Picture, dataset: str) -> Picture:
    """An uploaded picture as the network of another data set sees it. Raises InputError where that was added
    after the upload."""
    if dataset not in picture.fits:
        raise InputError(f"{picture.title} was uploaded before {dataset} was added; upload it again")
    return replace(picture, pixels=picture.fits[dataset], dataset=dataset)


def catalogue(dataset: str) -> tuple[Group, ...]:
    """The groups of pictures to choose from. Reads only the local disk and decodes no picture."""
    fitting.geometry(dataset)
    photos = _group("photo", "Photographs", lambda: _named(_photo_choices(dataset)))
    indexed = _group(dataset, _SPLITS.get(dataset, dataset), lambda: (test_size(dataset), ()))
    if dataset not in DATASETS:
        return (indexed, photos)
    drawn = _group("gallery", "Gallery", lambda: _named(_gallery_choices(dataset)))
    return (drawn, photos, indexed)


def test_size(dataset: str) -> int:
    """How many labelled test pictures a data set has on this machine. Raises InputError."""
    if dataset == "cifar10":
        return cifar10.size()
    return len(imagenet.photographs()) if dataset == "imagenet" else custom.get(dataset).size("test")


def labelled_pictures(dataset: str, count: int) -> tuple[tuple[Picture, ...], str]:
    """Up to `count` labelled pictures spread evenly over the data set's test pictures, and a description of
    them. Where CIFAR-10 or ImageNet is not on this machine, the gallery's drawings are used. Raises
    InputError."""
    try:
        size = test_size(dataset)
        specs = [f"{dataset}:{i}" for i in range(0, size, max(1, size // count))][:count]
        what = f"{len(specs)} test pictures"
    except InputError:
        if dataset not in DATASETS:
            raise
        specs = [f"gallery:{drawing.name}" for drawing in gallery.drawings(dataset)][:count]
        what = f"{len(specs)} drawings of the gallery, {_NAMES[dataset]} not being here"
    return tuple(resolve(spec, dataset) for spec in specs), what


def load_split(dataset: str, split: custom.Split) -> tuple[Pixels, npt.NDArray[np.int64]]:
    """A whole split as the data set's networks see it: (n,side,side,3) uint8 and labels (n,)."""
    if dataset == "imagenet":
        raise InputError(
            "imagenet has no train split here; add its folders with `datasets add` to train on it"
        )
    own = None if dataset == "cifar10" else custom.get(dataset)
    size = own.size(split) if own else cifar10.size(split)
    rows = (own.picture(i, split) if own else cifar10.picture(i, split) for i in range(size))
    pictures, labels = zip(*((fitting.fit(pixels, dataset), label) for pixels, label in rows), strict=True)
    return np.stack(pictures), np.array(labels, np.int64)


def _group(kind: str, title: str, find: Callable[[], tuple[int, tuple[Choice, ...]]]) -> Group:
    try:
        size, choices = find()
    except InputError as error:
        return Group(kind, title, 0, reason=str(error))
    return Group(kind, title, size, choices)


def _named(choices: tuple[Choice, ...]) -> tuple[int, tuple[Choice, ...]]:
    return len(choices), choices


def _photo_choices(dataset: str) -> tuple[Choice, ...]:
    photos = photographs.PHOTOGRAPHS
    return tuple(
        Choice(f"photo:{name}", photos[name].title, photos[name].labels.get(dataset))
        for name in photographs.available()
    )


def _gallery_choices(dataset: str) -> tuple[Choice, ...]:
    drawn = gallery.drawings(dataset)
    return tuple(Choice(f"gallery:{d.name}", d.title, d.labels[dataset]) for d in drawn)


def _cifar10(name: str, dataset: str, split: cifar10.Split) -> Picture:
    kind = "cifar10" if split == "test" else "cifar10-train"
    index = _index(name, kind)
    original, label = cifar10.picture(index, split)
    note = "" if split == "test" else TRAINED_ON
    title = f"CIFAR-10 {split} picture {index}"
    return _picture(original, dataset, title, f"{kind}:{index}", note, {"cifar10": label})


def _imagenet(name: str, dataset: str) -> Picture:
    index = _index(name, "imagenet")
    original, label = imagenet.picture(index)
    title = f"ImageNet validation picture {index}"
    return _picture(original, dataset, title, f"imagenet:{index}", labels={"imagenet": label})


def _custom(name: str, dataset: str, owner: custom.DataSet, split: custom.Split) -> Picture:
    kind = owner.name if split == "test" else f"{owner.name}-train"
    index = _index(name, kind)
    original, label = owner.picture(index, split)
    title = f"{owner.name} {split} picture {index}"
    return _picture(original, dataset, title, f"{kind}:{index}", labels={owner.name: label})


def _photograph(name: str, dataset: str) -> Picture:
    original, photo = photographs.picture(name)
    note = f"Photograph: {photo.origin}."
    if photo.labels.get(dataset, 0) is None:
        note = f"{note} {NO_CLASS}"
    return _picture(original, dataset, photo.title, f"photo:{name}", note, photo.labels)


def _drawing(name: str, dataset: str) -> Picture:
    original, drawing = gallery.picture(name)
    source, note = f"gallery:{name}", drawing.made_by
    return _picture(original, dataset, drawing.title, source, note, drawing.labels, borders=True)


def _picture(
    original: Pixels,
    dataset: str,
    title: str,
    source: str,
    note: str = "",
    labels: Mapping[str, int | None] = {},
    borders: bool = False,
) -> Picture:
    """`labels` maps each data set for which the picture's class is known to the class index, or to None where
    it shows no class of that data set."""
    if dataset not in labels:
        note = f"{note} {UNKNOWN_CLASS}".lstrip()
    shown = _read_only(fitting.central_square(original, SHOWN))
    pixels = _read_only(fitting.fit(original, dataset, borders))
    return Picture(shown, pixels, dataset, labels.get(dataset), title, source, note)


def _read_only(pixels: Pixels) -> Pixels:
    pixels.setflags(write=False)
    return pixels


def _index(name: str, kind: str) -> int:
    if not _INDEX.fullmatch(name):
        raise InputError(f"'{kind}:{name}' needs a whole number after the colon, such as {kind}:0")
    return int(name)


def _is_path(spec: str) -> bool:
    return "/" in spec or "\\" in spec or spec.lower().endswith(_ENDINGS) or os.path.exists(spec)


_KINDS: dict[str, Callable[[str, str], Picture]] = {
    "cifar10": lambda name, dataset: _cifar10(name, dataset, "test"),
    "cifar10-train": lambda name, dataset: _cifar10(name, dataset, "train"),
    "photo": _photograph,
    "gallery": _drawing,
    "imagenet": _imagenet,
}
