"""The bundled gallery: pictures drawn for this project, described by assets/gallery/gallery.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from diffsmooth_core.config import InputError, unknown
from diffsmooth_core.datasets.classes import labels
from diffsmooth_core.datasets.decoding import Pixels, read
from diffsmooth_core.paths import ASSETS

FOLDER = ASSETS / "gallery"


@dataclass(frozen=True)
class Drawing:
    """A drawing of the gallery. `labels` maps each data set that has a class for it to that class's index;
    `made_by` describes how it was made."""

    name: str
    file: str
    labels: Mapping[str, int | None]
    title: str
    made_by: str


def drawings(dataset: str, folder: Path = FOLDER) -> tuple[Drawing, ...]:
    """The gallery's drawings of the data set's classes in their order, without those whose file is missing.

    Raises InputError when there is none.
    """
    found = tuple(drawing for drawing in _all(folder) if dataset in drawing.labels)
    if not found:
        raise InputError(f"the gallery's pictures are missing from '{folder}'; restore that folder")
    return found


def _all(folder: Path) -> tuple[Drawing, ...]:
    listing = folder / "gallery.json"
    try:
        entries = json.loads(listing.read_text(encoding="utf-8"))
        listed = [Drawing(labels=labels(entry.pop("classes")), **entry) for entry in entries]
    except OSError as error:
        raise InputError(f"the gallery's list '{listing}' is missing; restore that folder") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"'{listing}' is not a gallery list ({error}); restore it") from error
    return tuple(drawing for drawing in listed if (folder / drawing.file).is_file())


def picture(name: str, folder: Path = FOLDER) -> tuple[Pixels, Drawing]:
    """The drawing `name` as uint8 (h,w,3) in its original size, and its description."""
    found = {drawing.name: drawing for drawing in _all(folder)}
    if name not in found:
        raise unknown("gallery picture", name, found)
    return read(folder / found[name].file), found[name]
