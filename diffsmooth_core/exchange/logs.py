"""Certification logs in the formats of published code: reading them, with the vote counts that their rounded
radii leave possible, and writing our own."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffsmooth_core.config import ABSTAIN, LARGEST_LENGTH, InputError, check_choice
from diffsmooth_core.exchange import rounding, tables
from diffsmooth_core.exchange.admission import LEAST_CONFIDENCE, check_classes, classes_of, largest_radius
from diffsmooth_core.exchange.dialects import Dialect, dialects, recognise, words
from diffsmooth_core.exchange.tables import COLUMNS
from diffsmooth_core.runs.reading import LOG_SETTINGS
from diffsmooth_core.runs.results import Result
from diffsmooth_core.wording import written

if TYPE_CHECKING:
    from diffsmooth_core.runs.records import Run
    from diffsmooth_core.runs.store import Store

VOTES = ("n", "N", "votes", "samples")  # columns that have each row's number of votes
MISCLASSIFIED = "-2"  # what some codes write where an answer is not certified because it is wrong
TIME = r"(?:([0-9]{1,6}) days?, )?([0-9]{1,6}):([0-9]{2}):([0-9]{2}(?:\.[0-9]*)?)"  # as Python prints it
FORMATS = ("cohen", "csv", "parquet")


@dataclass(frozen=True)
class Log:
    """The rows of a log, its dialect, the most votes of a row, and a sentence on each irregularity found in
    it.

    `lifted` has the rows whose radius was rounded up to a table's threshold (a multiple of 0.25) that the
    radius before rounding may not have reached; the value is True where it certainly had not.
    """

    dialect: str
    results: tuple[Result, ...]
    n: int
    lifted: dict[int, bool]
    remarks: tuple[str, ...]


def read(
    path: Path, sigma: float, n: int = 100_000, alpha: float = 0.001, target_radius: float | None = None
) -> Log:
    """Read a log of certificates at noise sigma, n votes each where it has no column of them, in any dialect
    of `dialects`, with or without its header, or a table that `encoded` made. `target_radius` is
    needed where a log says only whether that radius was proved. Raises InputError that names the line, also
    for a radius that so many votes certify at no level; those that they do not certify at level alpha, and
    those that no number of votes gives, are remarked on."""
    made = Made(sigma, n, alpha, target_radius)
    header, rows = tables.read(path)
    remarks = list[str]()
    if len(rows) > 1 and len(rows[-1][1]) < len(header):
        line, _ = rows.pop()
        remarks.append(f"line {line}, the last one, is cut off and left out")
    dialect, correct = _dialect(path, header, rows)
    if dialect.only_proved and target_radius is None:
        raise InputError(
            f"{path} only says whether a radius was proved; give that radius with --target-radius"
        )
    digits = rounding.digits_of(row[header.index(dialect.radius)] for _, row in rows)
    reader = _Rows(path, dialect, made, digits)
    results = list[Result]()
    for (line, row), logged in zip(rows, correct, strict=True):
        result = reader.result(line, dict(zip(header, row, strict=True)))
        if logged is not None and logged != (result.predict == result.label):
            remarks.append(
                f"line {line}: correct says {logged:d}, but predict {result.predict} and label {result.label}"
            )
        results.append(result)
    remarks += reader.remarks()
    first: dict[int, Result] = {}
    for result in results:
        first.setdefault(result.idx, result)
    if len(first) < len(results):
        remarks.append(
            f"{len(results) - len(first)} rows are of images that stand in it more than once; the first count"
        )
        results = list(first.values())
    steps = {b.idx - a.idx for a, b in pairwise(results)}
    if len(steps) > 1:
        remarks.append(f"its indices are not evenly spaced (steps {min(steps)} to {max(steps)})")
    votes = max((result.n for result in results if result.n), default=n)
    return Log(dialect.name, tuple(results), votes, reader.lifted, tuple(remarks))


@dataclass(frozen=True)
class Made:
    """How a log was made, which it does not say itself."""

    sigma: float
    n: int
    alpha: float
    target: float | None

    def __post_init__(self) -> None:
        for name in LOG_SETTINGS:
            value = getattr(self, name)
            if not LOG_SETTINGS[name](value):
                raise InputError(
                    f"{name} {value!r:.40} cannot be a log's; give the {name} that it was made with"
                )
        if self.target is not None and not 0 < self.target <= LARGEST_LENGTH:
            raise InputError(
                f"target radius {self.target!r:.40} cannot be a log's; give the one that was proved"
            )


@dataclass
class _Rows:
    """Makes a result of each row of a log, and counts what is odd about them."""

    path: Path
    dialect: Dialect
    made: Made
    digits: int
    lifted: dict[int, bool] = field(default_factory=dict)
    misclassified: int = 0
    beyond: int = 0  # radii that so many votes do not give at this alpha
    between: int = 0  # radii that no number of votes gives
    votes: int = 0  # of the first row that is beyond

    def result(self, line: int, cell: Mapping[str, str]) -> Result:
        """The result of a row. Raises InputError that names the line."""
        if cell["predict"] == MISCLASSIFIED:
            cell, self.misclassified = {**cell, "predict": str(ABSTAIN)}, self.misclassified + 1
        idx = _whole(self.path, line, "idx", cell["idx"], 0)
        label = _whole(self.path, line, "label", cell["label"], 0) if cell["label"] else None
        predict = _whole(self.path, line, "predict", cell["predict"], ABSTAIN)
        n = self._votes(line, cell)
        radius = _number(self.path, line, "radius", cell[self.dialect.radius])
        if self.dialect.only_proved:
            radius = float(self.made.target or 0) if radius > 0 else 0.0
            predict = predict if radius else ABSTAIN
        radius = max(0.0, radius) if predict != ABSTAIN else 0.0
        self._check(line, radius, n)
        result, lifted = self._counted(line, cell, Result(idx, label, predict, radius, n=n))
        if lifted is not None:
            self.lifted[idx] = lifted
        return _with_time(result, cell.get("time", cell.get("seconds", "")))

    def remarks(self) -> list[str]:
        found = []
        if self.misclassified:
            found.append(
                f"{self.misclassified} rows have predict {MISCLASSIFIED} (not certified); they count as "
                "abstentions"
            )
        sigma, alpha = self.made.sigma, self.made.alpha
        other = "it was made with other votes or another alpha"
        if self.beyond:
            most = largest_radius(self.votes, sigma, alpha)
            found.append(
                f"{self.beyond} radii are beyond the {most:.4g} that {self.votes:,} votes give at alpha "
                f"{written(alpha)}: {other}"
            )
        elif self.between:
            found.append(
                f"{self.between} radii are none that {self.votes:,} votes give at sigma {sigma:g} and alpha "
                f"{written(alpha)}, whatever their outcome: {other}, or with another sigma"
            )
        return found

    def _votes(self, line: int, cell: Mapping[str, str]) -> int:
        """The number of votes of a row: its own, where the log has a column of them."""
        found = next((cell[name] for name in VOTES if cell.get(name)), "")
        n = _whole(self.path, line, "n", found, 1) if found else self.made.n
        if not LOG_SETTINGS["n"](n):
            raise InputError(f"{self.path}, line {line}: n is {n:,}; no so many votes were cast")
        return n

    def _check(self, line: int, radius: float, n: int) -> None:
        """Raise InputError for a radius that n votes certify at no level, and count it where they do not at
        this one."""
        sigma, alpha = self.made.sigma, self.made.alpha
        if self.dialect.only_proved or radius <= largest_radius(n, sigma, alpha):
            return
        possible = largest_radius(n, sigma, LEAST_CONFIDENCE)
        if radius > possible:
            raise InputError(
                f"{self.path}, line {line}: radius is {radius:g}, and {n:,} votes at sigma {sigma:g} certify "
                f"{possible:.3g} at most; give the log's own --n and --sigma"
            )
        if radius - rounding.half_digit(radius, self.digits) > largest_radius(n, sigma, alpha):
            self.beyond, self.votes = self.beyond + 1, self.votes or n

    def _counted(self, line: int, cell: Mapping[str, str], result: Result) -> tuple[Result, bool | None]:
        """The result with its votes: those that a table of ours states, else those behind its radius."""
        if stated := cell.get("n_a"):
            n_a, n = _whole(self.path, line, "n_a", stated, 0), result.n or 0
            if n_a > n:
                raise InputError(f"{self.path}, line {line}: n_a is {n_a:,}, more than the {n:,} votes")
            bound = _number(self.path, line, "p_a_lower", cell.get("p_a_lower") or "nan")
            return replace(result, p_a_lower=bound, n_a_low=n_a, n_a_high=n_a), None
        found, lifted = rounding.reconstructed(
            result, self.made.sigma, self.made.alpha, exact=self.dialect.only_proved, digits=self.digits
        )
        if (found.n_a_low or 0) > (found.n_a_high or 0):
            self.between, self.votes = self.between + 1, self.votes or found.n or 0
        return found, lifted


def _dialect(
    path: Path, header: Sequence[str], rows: Sequence[tuple[int, list[str]]]
) -> tuple[Dialect, list[bool | None]]:
    """The log's dialect, and for each row whether its column `correct` says that the answer was right. Raises
    InputError where the columns are not those of a log, or a row has other cells than the columns."""
    if "linf_radius" in header or "prob_lb" in header:
        raise InputError(
            f"{path} is a log of adaptive randomized smoothing (ARS: linf_radius, prob_lb): its radii are of "
            "another norm and smoothing, and cannot be read as a certification log of this kind"
        )
    missing = [name for name in COLUMNS[:3] if name not in header]
    if missing or not any(dialect.radius in header for dialect in dialects()):
        raise InputError(
            f"{path}, line 1: no column {(missing or ['radius'])[0]!r}; a certification log begins with "
            f"{' '.join(COLUMNS[:5])}, separated by tabs"
        )
    for line, row in rows:
        if len(row) != len(header):
            raise InputError(
                f"{path}, line {line}: {len(row)} columns where {len(header)} are expected "
                f"({' '.join(header)[:80]})"
            )
    place = header.index("correct") if "correct" in header else None
    cells = [] if place is None else [row[place] for _, row in rows]
    if found := recognise(header, cells):
        dialect, correct = found
        return dialect, correct or [None] * len(rows)
    line, cell = next(
        ((line, cell) for (line, _), cell in zip(rows, cells, strict=True) if words([cell]) is None),
        (rows[0][0], cells[0]),
    )
    raise InputError(
        f"{path}, line {line}: correct is {cell[:40]!r}; 0, 1, True, False or a running total are expected"
    )


def _with_time(result: Result, cell: str) -> Result:
    if match := re.fullmatch(TIME, cell):
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        took = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
        return replace(result, seconds=took)
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]*)?(e-[0-9]{1,2})?", cell):
        return replace(result, seconds=float(cell))
    return result


def _whole(path: Path, line: int, name: str, cell: str, least: int) -> int:
    cell = re.sub(r"\.0+$", "", cell)  # 3.0, as float tensors print
    if not re.fullmatch(r"-?[0-9]{1,9}", cell) or int(cell) < least:
        raise InputError(
            f"{path}, line {line}: {name} is {cell[:40]!r} where a whole number from {least} is expected"
        )
    return int(cell)


def _number(path: Path, line: int, name: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{path}, line {line}: {name} is {cell[:40]!r} where a number is expected")
    return value


def add_to_store(store: Store, log: Log, name: str, dataset: str, settings: dict[str, Any]) -> Run:
    """Store a log as a run; `settings` has its sigma, n, alpha and file name. Raises InputError where the
    name is taken, or a class is not among the data set's."""
    classes = classes_of(dataset)
    for result in log.results:
        check_classes(result, classes)
    indices = [result.idx for result in log.results]
    return store.create(name, log.dialect, dataset, settings, indices, {}, log.results)


def encoded(results: Sequence[Result], form: str) -> bytes:
    """Results in Cohen's dialect, as CSV or as Parquet.

    Radii keep all their digits; in Cohen's dialect they are rounded down to six, so that no radius is
    overstated. Raises InputError for an unknown format.
    """
    check_choice("format", form, FORMATS)
    if form == "cohen":
        lines = ["\t".join(COLUMNS)]
        lines += [
            f"{r.idx}\t{'' if r.label is None else r.label}\t{r.predict}\t"
            f"{math.floor(r.radius * 1e6) / 1e6:.6f}\t{int(r.correct)}\t"
            f"{timedelta(seconds=round(r.seconds or 0, 6))}"
            for r in results
        ]
        return ("\n".join(lines) + "\n").encode()
    names = ("idx", "label", "predict", "radius", "correct", "p_a_lower", "n", "n_a", "seconds")
    rows = [
        (
            r.idx,
            r.label,
            r.predict,
            r.radius,
            int(r.correct),
            r.p_a_lower,
            r.n,
            r.n_a_low if r.n_a_low == r.n_a_high else None,
            r.seconds,
        )
        for r in results
    ]
    if form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([names, *rows])
        return text.getvalue().encode()
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}), file)
    return file.getvalue()


def write_file(data: bytes, path: Path) -> None:
    """Write a file. Raises InputError where that is not possible."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); check the folder") from None
