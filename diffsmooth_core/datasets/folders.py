"""Pictures in one folder per class, and in the layout of Tiny ImageNet."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from diffsmooth_core.config import InputError

ENDINGS = (".jpeg", ".jpg", ".png", ".webp")
ANNOTATIONS = "val_annotations.txt"  # Tiny ImageNet's validation pictures lie in one folder


def labelled(root: Path) -> tuple[tuple[Path, str], ...]:
    """The pictures under `root`, sorted by path, each with the name of its class's folder.

    A class's pictures are in its folder or, as in Tiny ImageNet, in `images` inside it. Where there is a file
    `val_annotations.txt`, it assigns the classes instead. Raises InputError where `root` cannot be listed.
    """
    try:
        return _labelled(root, root.stat().st_mtime_ns)
    except OSError as error:
        raise InputError(f"'{root}' cannot be listed ({error.strerror}); check the folder") from error


@lru_cache(maxsize=4)
def _labelled(root: Path, modified: int) -> tuple[tuple[Path, str], ...]:
    """`modified` is part of the cache key, so that a class folder added while the app runs is noticed."""
    if (root / ANNOTATIONS).is_file():
        lines = (root / ANNOTATIONS).read_text(encoding="utf-8").splitlines()
        pairs = sorted(line.split("\t")[:2] for line in lines if "\t" in line)
        return tuple((root / "images" / name, wnid) for name, wnid in pairs)
    return tuple(
        (folder / name, kind.name)
        for kind in sorted(root.iterdir(), key=lambda kind: kind.name)  # paths on Windows have no case
        if kind.is_dir()
        for folder in (kind / "images" if (kind / "images").is_dir() else kind,)
        for name in sorted(os.listdir(folder))
        if name.lower().endswith(ENDINGS)
    )


def words(root: Path) -> dict[str, str]:
    """Folder name -> class name as listed in `words.txt`; empty without that file."""
    file = root / "words.txt"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else ()
    return {wnid: synonyms.split(",")[0] for wnid, _, synonyms in (line.partition("\t") for line in lines)}
