"""ImageNet photographs in the usual folder layout, `<root>/<wnid>/*.JPEG`."""

from __future__ import annotations

import os
import re
from collections import Counter
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Literal

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import folders
from diffsmooth_core.datasets.decoding import Pixels, read

_WNID = re.compile(r"n\d{8}")


@cache
def _classes() -> tuple[tuple[str, str], ...]:
    """The WordNet id and the synonyms of each class, in the order of the class indices.

    They are read from the lists inside timm's folder without importing timm, which takes seconds.
    """
    lists = Path(str(distribution("timm").locate_file("timm/data/_info")))
    lines = (lists / "imagenet_synset_to_lemma.txt").read_text(encoding="utf-8").splitlines()
    synonyms = dict(line.split("\t") for line in lines)
    return tuple(
        (wnid, synonyms[wnid])
        for wnid in (lists / "imagenet_synsets.txt").read_text(encoding="utf-8").split()
    )


def wnids() -> tuple[str, ...]:
    """The 1000 WordNet ids in the order of the class indices, which is sorted order."""
    return tuple(wnid for wnid, _ in _classes())


@cache
def class_names() -> tuple[str, ...]:
    """A short name for each of the 1000 classes, followed by the WordNet id where two classes share it."""
    short = [(wnid, synonyms.split(",")[0]) for wnid, synonyms in _classes()]
    times = Counter(name for _, name in short)
    return tuple(name if times[name] == 1 else f"{name} ({wnid})" for wnid, name in short)


def photographs(root: Path | None = None, part: Literal["train", "val"] = "val") -> tuple[Path, ...]:
    """The photographs under `root` sorted by path; a photograph's index is its position in this order.

    `root` is DIFFSMOOTH_DATA/imagenet/`part` unless given. Reads only the local disk. Raises InputError
    where there is no photograph.
    """
    if root is None:
        if not (data := os.environ.get("DIFFSMOOTH_DATA")):
            raise InputError(
                f"there are no ImageNet photographs; set DIFFSMOOTH_DATA to a folder that has imagenet/{part}"
            )
        root = Path(data, "imagenet", part)
    found = tuple(path for path, kind in folders.labelled(root) if _WNID.fullmatch(kind))
    if not found:
        raise InputError(f"'{root}' holds no photographs in folders such as n01440764; check the folder")
    return found


def picture(index: int, root: Path | None = None) -> tuple[Pixels, int]:
    """Photograph `index` as uint8 (h,w,3) in its original size, as published results take it, without its
    colour profile, and its class index. Raises InputError."""
    found = photographs(root)
    if not 0 <= index < len(found):
        raise InputError(f"the ImageNet folder has indices 0 to {len(found) - 1}, got {index}")
    wnid = found[index].parent.name
    if wnid not in wnids():
        raise InputError(f"folder {wnid} is none of ImageNet's 1000 classes; check the folder's name")
    return read(found[index], in_srgb=False), wnids().index(wnid)
