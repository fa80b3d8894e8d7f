"""Published certified accuracies as data: CSV files with one number a line and the table that it is from.

Bundled in assets/published are the numbers of the paper's Tables 1 to 8, 11 and 12, with its slips as notes
at the values that they concern, and the lists of Salman et al. 2019. An operator adds other tables in the
folder that DIFFSMOOTH_PUBLISHED names; a visitor uploads them.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from diffsmooth_core.config import InputError, check_choice
from diffsmooth_core.paths import ASSETS, user_folder

BUNDLED = ASSETS / "published"
CERTIFIED, ACR, BENIGN = KINDS = ("certified accuracy", "ACR", "benign")
MOST_BYTES, MOST_LETTERS = 2_000_000, 500

SLIPS = (  # inconsistencies of the paper that concern no single number
    "The introduction compares with seven baselines, the abstract with eight.",
    "The released logs round radii to three digits, up as well as down: a radius of 1.7451 is printed as "
    "1.75 and counts at a threshold that it has not reached.",
)


@dataclass(frozen=True)
class MeasuredSetting:
    """The setting that a published number was measured with. What the source does not state is "" or None.

    sigma and sigma_local are in [0,1] pixel units, m is the number of local copies of a vote, n the number of
    estimation votes for each picture, `images` the number of pictures.
    """

    source: str
    table: str = ""
    dataset: str = ""
    method: str = ""
    classifier: str = ""
    sigma: float | None = None
    sigma_local: float | None = None
    m: int | None = None
    n: int | None = None
    images: int | None = None


@dataclass(frozen=True)
class Value:
    """A published number of one of KINDS.

    CERTIFIED and BENIGN are percentages of pictures, CERTIFIED at a radius (L2, pixel values from 0 to 1),
    and ACR is a radius. `note` is a caution to read with the number.
    """

    setting: MeasuredSetting
    kind: str
    value: float
    radius: float | None = None
    note: str = ""


COLUMNS = (*(field.name for field in fields(MeasuredSetting)), "radius", "value", "kind", "note")
NEEDED = ("source", "dataset", "value", "kind")
SPANS = {  # setting -> type, smallest and largest value
    "sigma": (float, 0.0, 10.0),
    "sigma_local": (float, 0.0, 10.0),
    "m": (int, 1, 10**6),
    "n": (int, 1, 10**12),
    "images": (int, 1, 10**9),
    "radius": (float, 0.0, 100.0),
    "value": (float, 0.0, 100.0),
}


def files() -> tuple[Path, ...]:
    """The bundled files and the operator's."""
    return tuple(
        sorted(path for folder in (BUNDLED, user_folder("published")) for path in folder.glob("*.csv"))
    )


def read(path: Path) -> tuple[Value, ...]:
    """The numbers of a file. Raises InputError that names line and column."""
    try:
        with path.open("rb") as file:
            return decoded(file.read(MOST_BYTES + 1), path.name)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the path") from None


@lru_cache(maxsize=32)
def decoded(data: bytes, name: str) -> tuple[Value, ...]:
    """The numbers of a CSV file called `name`: a header with COLUMNS in any order, of which only NEEDED have
    to be there, and a line for each number. Raises InputError that names line and column."""
    if len(data) > MOST_BYTES:
        raise InputError(f"{name} has more than {MOST_BYTES // 10**6} MB; split it")
    try:
        table = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        lines = [(table.line_num, row) for row in table if any(map(str.strip, row))]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{name} is no CSV in UTF-8 ({error}); save it as one") from None
    header = [cell.strip() for cell in lines[0][1]] if lines else []
    for column in NEEDED:
        if column not in header:
            raise InputError(f"{name}, line 1: no column {column!r}; the columns are {', '.join(COLUMNS)}")
    for column in header:
        if column not in COLUMNS or header.count(column) > 1:
            raise InputError(
                f"{name}, line 1: column {column[:40]!r} is unknown or there twice; the columns are "
                f"{', '.join(COLUMNS)}"
            )
    found: dict[Any, Value] = {}
    for line, row in lines[1:]:
        if len(row) != len(header):
            raise InputError(f"{name}, line {line}: {len(row)} cells where the header has {len(header)}")
        value = _value(f"{name}, line {line}", dict(zip(header, map(str.strip, row), strict=True)))
        if (place := (value.setting, value.kind, value.radius)) in found:
            raise InputError(
                f"{name}, line {line}: value is there a second time, {value.value:g} after "
                f"{found[place].value:g}; tell the two apart by another column"
            )
        found[place] = value
    return tuple(found.values())


def _value(where: str, cells: Mapping[str, str]) -> Value:
    """A line of the table. Raises InputError."""
    for column, cell in cells.items():
        if len(cell) > MOST_LETTERS:
            raise InputError(f"{where}: {column} has {len(cell)} letters; up to {MOST_LETTERS} are read")
        if column in NEEDED and not cell:
            raise InputError(f"{where}: {column} is empty; every line needs {', '.join(NEEDED)}")
    kind = cells["kind"]
    check_choice(f"{where}: kind", kind, KINDS)
    numbers = {
        column: _number(where, column, cells[column]) for column in SPANS if cells.get(column, "") != ""
    }
    if ("radius" in numbers) != (kind == CERTIFIED):
        needs = "needs one" if kind == CERTIFIED else "has none; leave it empty"
        raise InputError(
            f"{where}: radius is {cells.get('radius', '')!r}, and a number of kind {kind} {needs}"
        )
    value, radius = numbers.pop("value"), numbers.pop("radius", None)
    words = {
        field.name: cells.get(field.name, "") for field in fields(MeasuredSetting) if field.name not in SPANS
    }
    return Value(MeasuredSetting(**words | numbers), kind, value, radius, cells.get("note", ""))


def _number(where: str, column: str, cell: str) -> Any:
    number, low, high = SPANS[column]
    try:
        value = number(cell)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        kind = "whole number" if number is int else "number"
        raise InputError(f"{where}: {column} is {cell[:40]!r}; a {kind} from {low:g} to {high:g} is expected")
    return value


def encoded(values: Iterable[Value]) -> bytes:
    """Numbers as a CSV file that `decoded` reads."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    for value in values:
        cells = asdict(value)
        table.writerow(cells.pop("setting") | cells)
    return text.getvalue().encode()


def printed(dataset: str, sigma: float, training_sigma: float | None, n: int) -> tuple[Value, ...]:
    """What the paper (Tables 11 and 12) prints for a ResNet that was trained under Gaussian noise of
    training_sigma and certified at sigma with n votes; nothing where it has no such row."""
    if training_sigma is None:
        return ()
    classifiers = [f"{network}, Gaussian {training_sigma:g}" for network in ("ResNet-110", "ResNet-50")]
    return tuple(
        value
        for path in sorted(BUNDLED.glob("*.csv"))
        for value in read(path)
        if value.setting.table in ("Table 11", "Table 12")
        and value.setting.classifier in classifiers
        and (value.setting.dataset, value.setting.sigma, value.setting.n) == (dataset, sigma, n)
    )
