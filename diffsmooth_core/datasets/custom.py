"""Data sets that a person adds: a folder of pictures or parquet files, with a class list and a picture
size."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from diffsmooth_core.config import DATASETS, InputError, check_dataset_name, unknown
from diffsmooth_core.datasets import folders, imagenet, parquet
from diffsmooth_core.datasets.decoding import Pixels, read
from diffsmooth_core.paths import user_folder
from diffsmooth_core.plugins import plugins_of, with_plugins

Split = Literal["train", "test"]
FOLDERS: dict[Split, tuple[str, ...]] = {"train": ("train",), "test": ("test", "val", "validation", "valid")}
SIDES = (8, 1024)


@dataclass(frozen=True)
class DataSet:
    """An added data set: where its pictures are, the side in pixels of the square that networks see, and the
    class names by index.

    `keys` are the names of the class folders, by index; empty where the source labels pictures by number.
    """

    name: str
    root: str
    side: int
    classes: tuple[str, ...]
    keys: tuple[str, ...] = ()

    def size(self, split: Split) -> int:
        return len(self._pictures(split))

    def picture(self, index: int, split: Split) -> tuple[Pixels, int]:
        """Picture `index` of a split as uint8 (h,w,3) in its original size, and its label. Raises InputError
        where there is no such picture or it cannot be read."""
        found = self._pictures(split)
        if not 0 <= index < len(found):
            raise InputError(f"{self.name}'s {split} split has indices 0 to {len(found) - 1}, got {index}")
        if isinstance(found, parquet.ParquetPictures):
            pixels, label = found[index]
        else:
            path, key = found[index]
            if key not in self.keys:
                raise InputError(
                    f"'{path}' is of class {key!r}, which {self.name} does not have; add it again"
                )
            pixels, label = read(path), self.keys.index(key)
        if not 0 <= label < len(self.classes):
            raise InputError(
                f"picture {index} of {self.name}'s {split} split has label {label} and there are "
                f"{len(self.classes)} classes; add the data set again with all class names"
            )
        return pixels, label

    def _pictures(self, split: Split) -> parquet.ParquetPictures | tuple[tuple[Path, str], ...]:
        root = Path(self.root)
        if files := _parquet(root, split):
            return parquet.pictures(files)
        found = folders.labelled(_folder(root, split))
        if not found:
            raise InputError(f"'{_folder(root, split)}' holds no pictures in folders; check the folder")
        return found


def _parquet(root: Path, split: Split) -> list[Path]:
    """The parquet files of a split; a data set that is a single file has only a test split."""
    if root.is_file():
        return [root] if split == "test" else []
    found = sorted(root.rglob("*.parquet")) if root.is_dir() else []
    return [file for file in found if file.name.startswith(FOLDERS[split])]


def _folder(root: Path, split: Split) -> Path:
    """The folder of a split; a data set without folders for splits has only a test split."""
    known = [root / name for names in FOLDERS.values() for name in names if (root / name).is_dir()]
    mine = [folder for folder in known if folder.name in FOLDERS[split]]
    if mine:
        return mine[0]
    if known or split == "train":
        raise InputError(f"'{root}' has no {split} split; put its pictures into '{root / FOLDERS[split][0]}'")
    return root


def added() -> dict[str, DataSet]:
    """Every added data set by name, those of plug-ins too. Raises InputError for a description that cannot be
    read."""
    described = {path.stem: _described(path) for path in sorted(user_folder("datasets").glob("*.json"))}
    return with_plugins(described, "datasets", DataSet)


def _described(path: Path) -> DataSet:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        lists = {name: tuple(map(str, values[name])) for name in ("classes", "keys")}
        return DataSet(str(values["name"]), str(values["root"]), int(values["side"]), **lists)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"'{path}' does not describe a data set ({error}); remove it") from None


def get(name: str) -> DataSet:
    """An added data set. Raises InputError where there is none of that name."""
    path = user_folder("datasets") / f"{check_dataset_name(name)}.json"
    if path.is_file():
        return _described(path)
    brought: DataSet | None = plugins_of("datasets", DataSet).get(name)
    if brought is None:
        raise unknown("data set", name, (*DATASETS, *added()), ", or add it with `datasets add`")
    return brought


def add(source: Path, name: str, side: int, classes: Sequence[str] = ()) -> DataSet:
    """Add the data set at `source`, a folder or a parquet file, as `name`. Only a description is stored: the
    pictures are not copied.

    `side` is the side in pixels of the square that networks see. `classes` names the classes by index, which
    is the sorted order of the folders' names; without it the names are taken from words.txt, the folders or
    the parquet file. Raises InputError where the source, the name or the classes cannot be used.
    """
    if check_dataset_name(name) in (*DATASETS, *added()):
        raise InputError(f"there is a data set {name!r} already; choose another name or remove it first")
    if not SIDES[0] <= side <= SIDES[1]:
        raise InputError(f"side must lie between {SIDES[0]} and {SIDES[1]} pixels, got {side}")
    if not source.exists():
        raise InputError(f"there is nothing at '{source}'; check the path")
    root = source.resolve()
    bare = DataSet(name, str(root), side, ())
    split: Split = "train" if _parquet(root, "train") or (root / "train").is_dir() else "test"
    found = bare._pictures(split)
    if isinstance(found, parquet.ParquetPictures):
        most = int(found.labels.max(initial=-1)) + 1
        keys: tuple[str, ...] = ()
        names = tuple(classes) or _in_words(found.names) or tuple(f"class {i}" for i in range(most))
        count = max(most, len(names)) if not classes else most
    else:
        keys = tuple(sorted({key for _, key in found}))
        words = folders.words(root)
        names, count = tuple(classes) or _in_words([words.get(key, key) for key in keys]), len(keys)
    if not 2 <= count <= parquet.MOST_CLASSES or len(names) < count:
        raise InputError(
            f"'{source}' has {count} classes and {len(names)} names for them; "
            "at least two classes are needed and a name for each"
        )
    made = DataSet(name, str(root), side, names, keys)
    user_folder("datasets").mkdir(parents=True, exist_ok=True)
    path = user_folder("datasets") / f"{name}.json"
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(made), indent=2) + "\n", encoding="utf-8")
    os.replace(partial, path)
    return made


def _in_words(names: Sequence[str]) -> tuple[str, ...]:
    """Class names, with ImageNet's words in the place of its numbers such as n01443537, which Tiny ImageNet's
    folders and its copies in parquet have for names."""
    numbered = any(re.fullmatch("n[0-9]{8}", name) for name in names)
    words = dict(zip(imagenet.wnids(), imagenet.class_names(), strict=True)) if numbered else {}
    return tuple(words.get(name, name) for name in names)


def known_classes(names: str) -> tuple[str, ...]:
    """The class names by index in a text file, one a line, or of `cifar100`. Raises InputError where the file
    cannot be read."""
    path = Path(__file__).with_name("cifar100.txt") if names == "cifar100" else Path(names)
    try:
        return tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, UnicodeError) as error:
        raise InputError(f"'{path}' cannot be read as a list of classes ({error}); check the path") from None


def remove(name: str) -> None:
    """Remove an added data set's description; its pictures are kept. Raises InputError where there is
    none."""
    get(name)
    path = user_folder("datasets") / f"{name}.json"
    if not path.is_file():
        raise InputError(f"data set {name!r} belongs to an installed package; uninstall that")
    path.unlink()
