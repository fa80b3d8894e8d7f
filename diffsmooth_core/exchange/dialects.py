"""Which code wrote a certification log, recognised by its columns and cells. To support another code's
format (a dialect), add an entry to _DIALECTS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from diffsmooth_core.plugins import plugins_of

# Reads the column `correct`: for each row whether the answer was right, or None where the cell does not tell.
# Returns None in place of the list where the cells have another form.
Reading = Callable[[Sequence[str]], list[bool | None] | None]


def numbers(cells: Sequence[str]) -> list[bool | None] | None:
    """1 for right, 0 for wrong."""
    return [cell == "1" for cell in cells] if set(cells) <= {"0", "1"} else None


def words(cells: Sequence[str]) -> list[bool | None] | None:
    """True and False, as Python prints them; some scripts print 1 and 0 in other rows of the same log."""
    return [cell in ("1", "True") for cell in cells] if set(cells) <= {"0", "1", "True", "False"} else None


def running_total(cells: Sequence[str]) -> list[bool | None] | None:
    """A running count of right answers, which goes up by one where a row is right. It begins again at 0 or 1
    where several processes wrote one after the other."""
    if not all(cell.isascii() and cell.isdigit() and len(cell) <= 12 for cell in cells):
        return None
    rises = (after - before for before, after in pairwise([0, *map(int, cells)]))
    again = (int(cell) <= 1 for cell in cells)
    steps = all(rise in (0, 1) or begins for rise, begins in zip(rises, again, strict=True))
    return [None] * len(cells) if steps else None


def words_or_total(cells: Sequence[str]) -> list[bool | None] | None:
    """Either of these two."""
    said = words(cells)
    return running_total(cells) if said is None else said


@dataclass(frozen=True)
class Dialect:
    """The log format of one research group's code.

    `columns` identify its header, together with idx, label and predict; `radius` names the column of radii.
    With `only_proved`, that column holds no radii but 1 or -1: whether one given radius, the same for all
    rows, was proved.
    """

    name: str
    columns: frozenset[str]
    correct: Reading
    radius: str = "radius"
    only_proved: bool = False


_DIALECTS = (  # the first that fits
    Dialect(
        "smoothing-ensembles", frozenset({"radius proved"}), words_or_total, "radius proved", only_proved=True
    ),
    Dialect("multi-scale", frozenset({"r_neg", "stage"}), words),
    Dialect("Cohen", frozenset(), numbers),  # also SmoothAdv's, Consistency's, MACER's and DensePure's
    Dialect("FT-CADIS", frozenset(), words),
    Dialect("diffusion_denoised_smoothing", frozenset(), running_total),
)


def dialects() -> tuple[Dialect, ...]:
    """Every dialect in the order in which they are tried: those of plug-ins first, as ours fit nearly all."""
    return (*plugins_of("dialects", Dialect).values(), *_DIALECTS)


def recognise(header: Sequence[str], correct: Sequence[str]) -> tuple[Dialect, list[bool | None]] | None:
    """The dialect of a log with these columns and these cells of `correct` (empty where it has no such
    column), and what `correct` says of each row; None where no dialect fits."""
    for dialect in dialects():
        if dialect.columns <= set(header) and (flags := dialect.correct(correct)) is not None:
            return dialect, flags
    return None
