"""The bundled gallery: pictures drawn for this project, described by assets/gallery/gallery.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets.cifar10 import CLASSES
from diffsmooth_core.datasets.decoding import Pixels, read
from diffsmooth_core.paths import ASSETS

FOLDER = ASSETS / "gallery"


@dataclass(frozen=True)
class Drawing:
    """`label` is the CIFAR-10 class; `made_by` says how the picture was made."""

    name: str
    file: str
    label: int
    title: str
    made_by: str


def drawings(folder: Path = FOLDER) -> tuple[Drawing, ...]:
    """The gallery in its order, without drawings whose file is missing. Raises InputError when empty."""
    listing = folder / "gallery.json"
    try:
        entries = json.loads(listing.read_text(encoding="utf-8"))
        listed = [Drawing(**{**entry, "label": CLASSES.index(entry["label"])}) for entry in entries]
    except OSError as error:
        raise InputError(f"the gallery's list '{listing}' is missing; restore that folder") from error
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"'{listing}' is not a gallery list ({error}); restore it") from error
    found = tuple(drawing for drawing in listed if (folder / drawing.file).is_file())
    if not found:
        raise InputError(f"the gallery's pictures are missing from '{folder}'; restore that folder")
    return found


def picture(name: str, folder: Path = FOLDER) -> tuple[Pixels, Drawing]:
    """The drawing `name` as uint8 (h,w,3) in its own size, and its description."""
    found = {drawing.name: drawing for drawing in drawings(folder)}
    if name not in found:
        raise InputError(f"the gallery has no picture {name!r}; choose one of {', '.join(found)}")
    return read(folder / found[name].file), found[name]
