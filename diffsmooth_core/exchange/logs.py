"""Certification logs in the formats of published code: reading them, with the vote counts that their rounded
radii leave possible, and writing our own."""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scipy.special import ndtr

from diffsmooth_core.config import ABSTAIN, LARGEST_LENGTH, InputError, check_choice
from diffsmooth_core.exchange.admission import LEAST_CONFIDENCE, check_classes, classes_of, largest_radius
from diffsmooth_core.exchange.dialects import DIALECTS, Dialect, recognise, words
from diffsmooth_core.runs.reading import LOG_SETTINGS
from diffsmooth_core.runs.results import STEP, Result
from diffsmooth_core.statistics import certified_radius, clopper_pearson_lower

if TYPE_CHECKING:
    from diffsmooth_core.runs.records import Run
    from diffsmooth_core.runs.store import Store

MISCLASSIFIED = "-2"  # what some codes write where an answer is not certified because it is wrong
DIGITS = 3  # significant digits of a radius as Cohen's code prints it
MOST_DIGITS = 5  # more tell no more of the votes, and ours are rounded down
MOST_BYTES = 100_000_000
COLUMNS = ("idx", "label", "predict", "radius", "correct", "time")
TIME = r"(?:([0-9]{1,6}) days?, )?([0-9]{1,6}):([0-9]{2}):([0-9]{2}(?:\.[0-9]*)?)"  # as Python prints it
FORMATS = ("cohen", "csv", "parquet")


@dataclass(frozen=True)
class Log:
    """The rows of a log, its dialect, and a sentence on each irregularity found in it.

    `lifted` has the rows whose radius was rounded up to a table's threshold (a multiple of 0.25) that the
    radius before rounding may not have reached; the value is True where it certainly had not.
    """

    dialect: str
    results: tuple[Result, ...]
    lifted: dict[int, bool]
    remarks: tuple[str, ...]


def read(
    path: Path, sigma: float, n: int = 100_000, alpha: float = 0.001, target_radius: float | None = None
) -> Log:
    """Read a log of certificates at noise sigma, n votes each, in any dialect of `dialects.DIALECTS`, with or
    without its header. `target_radius` is needed where a log says only whether that radius was proved.
    Raises InputError that names the line, also for a radius that n votes certify at no
    level; those that they do not certify at level alpha are remarked on."""
    for name, value in (("sigma", sigma), ("n", n), ("alpha", alpha)):
        if not LOG_SETTINGS[name](value):
            raise InputError(f"{name} {value!r:.40} cannot be a log's; give the {name} that it was made with")
    if target_radius is not None and not 0 < target_radius <= LARGEST_LENGTH:
        raise InputError(
            f"target radius {target_radius!r:.40} cannot be a log's; give the one that was proved"
        )
    header, rows = _table(path)
    remarks = list[str]()
    if len(rows) > 1 and len(rows[-1][1]) < len(header):
        line, _ = rows.pop()
        remarks.append(f"line {line}, the last one, is cut off and left out")
    dialect, correct = _dialect(path, header, rows)
    if dialect.only_proved and target_radius is None:
        raise InputError(
            f"{path} only says whether a radius was proved; give that radius with --target-radius"
        )
    results, lifted = list[Result](), dict[int, bool]()
    most, possible = largest_radius(n, sigma, alpha), largest_radius(n, sigma, LEAST_CONFIDENCE)
    beyond = misclassified = 0
    digits = _digits(row[header.index(dialect.radius)] for _, row in rows)
    for (line, row), logged in zip(rows, correct, strict=True):
        cell = dict(zip(header, row, strict=True))
        if cell["predict"] == MISCLASSIFIED:
            cell["predict"], misclassified = str(ABSTAIN), misclassified + 1
        idx, label, predict = (
            _whole(path, line, name, cell[name], least)
            for name, least in (("idx", 0), ("label", 0), ("predict", ABSTAIN))
        )
        radius = _number(path, line, "radius", cell[dialect.radius])
        if dialect.only_proved:
            radius = float(target_radius or 0) if radius > 0 else 0.0
            predict = predict if radius else ABSTAIN
        radius = max(0.0, radius) if predict != ABSTAIN else 0.0
        if not dialect.only_proved and radius > most:
            if radius > possible:
                raise InputError(
                    f"{path}, line {line}: radius is {radius:g}, and {n:,} votes at sigma {sigma:g} certify "
                    f"{possible:.3g} at most; give the log's own --n and --sigma"
                )
            beyond += radius - _half_digit(radius, digits) > most
        result, is_lifted = _reconstructed(
            idx, label, predict, radius, sigma, n, alpha, exact=dialect.only_proved, digits=digits
        )
        if is_lifted is not None:
            lifted[idx] = is_lifted
        if logged is not None and logged != (predict == label):
            remarks.append(f"line {line}: correct says {logged:d}, but predict {predict} and label {label}")
        results.append(_with_time(result, cell.get("time", cell.get("seconds", ""))))
    if misclassified:
        remarks.append(
            f"{misclassified} rows have predict {MISCLASSIFIED} (not certified); they count as abstentions"
        )
    if beyond:
        remarks.append(
            f"{beyond} radii are beyond the {most:.4g} that {n:,} votes give at alpha {alpha:g}: it was made "
            "with other votes or another alpha"
        )
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
    return Log(dialect.name, tuple(results), lifted, tuple(remarks))


def _table(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The column names, and the cells of each line with its line number."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path} has more than {MOST_BYTES // 10**6} MB; it is no certification log")
        text = _text(path.read_bytes())
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "no text"
        raise InputError(f"{path} cannot be read as a log ({reason}); check the path") from None
    lines = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise InputError(f"{path} is empty; a certification log has a line for each image")
    delimiter = next((mark for mark in "\t;" if mark in lines[0][1]), ",")
    rows = [(i, _cells(line, delimiter)) for i, line in lines]
    if re.fullmatch(r"[0-9]+", rows[0][1][0]):
        if all(len(row) == 5 for _, row in rows):
            raise InputError(
                f"{path} has five columns and no header, which do not say what they are; write "
                f"{' '.join(COLUMNS[:5])} above them, with tabs, if they are that"
            )
        return list(COLUMNS), rows
    header = rows[0][1]
    return header, [(i, row) for i, row in rows if row != header]  # a log that was gone on with has it twice


def _text(data: bytes) -> str:
    """A log's text: UTF-8, or UTF-16 where a byte order mark says so."""
    if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-8-sig")
    text = data.decode("utf-16")
    text.encode("ascii")  # whatever begins with these two bytes is UTF-16; a log has no other characters
    return text


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells of a line without quotes and spaces around them; a number written in another way is written
    in the usual one: `tensor([3])`, and 0,431 where commas do not separate cells."""
    cells = [cell.strip().strip('"').strip() for cell in line.split(delimiter)]
    if "tensor" in line:
        cells = [
            re.sub(r"tensor\(\[?(-?[0-9.]+)\]?(?:, device='[a-z0-9:]+')?\)", r"\1", cell) for cell in cells
        ]
    if delimiter != "," and "," in line:
        cells = [cell.replace(",", ".") if re.fullmatch(r"-?[0-9]+,[0-9]+", cell) else cell for cell in cells]
    return cells


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
    if missing or not any(dialect.radius in header for dialect in DIALECTS):
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
        f"{path}, line {line}: correct is {cell!r}; 0, 1, True, False or a running total are expected"
    )


def _reconstructed(
    idx: int,
    label: int,
    predict: int,
    radius: float,
    sigma: float,
    n: int,
    alpha: float,
    *,
    exact: bool,
    digits: int = DIGITS,
) -> tuple[Result, bool | None]:
    """A row's result with the vote counts that round to its radius of so many digits, and whether rounding
    lifted that radius to a threshold (True: certainly, False: possibly, None: no)."""
    if not radius:
        return Result(idx, label, predict, radius, n=n), None
    if exact:
        return Result(idx, label, predict, radius, float(ndtr(radius / sigma)), n), None
    half = _half_digit(radius, digits)

    def certified(k: int) -> float:
        return _certified(k, n, sigma, alpha)

    low = 1 + bisect_left(range(1, n + 1), radius - half, key=certified)
    high = bisect_right(range(1, n + 1), radius + half, key=certified)
    result = Result(idx, label, predict, radius, float(ndtr((radius - half) / sigma)), n, low, min(high, n))
    threshold = math.floor(radius / STEP + 1e-9) * STEP
    if high < low or not threshold or radius - half >= threshold:
        return result, None
    largest = certified(min(high, n))
    return result, largest < threshold


@lru_cache(maxsize=1 << 17)
def _certified(k: int, n: int, sigma: float, alpha: float) -> float:
    """The radius that k of n votes certify, which many rows of a log ask for."""
    return certified_radius(clopper_pearson_lower(k, n, alpha), sigma)


def _with_time(result: Result, cell: str) -> Result:
    if match := re.fullmatch(TIME, cell):
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        took = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
        return replace(result, seconds=took)
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]*)?", cell):
        return replace(result, seconds=float(cell))
    return result


def _whole(path: Path, line: int, name: str, cell: str, least: int) -> int:
    cell = re.sub(r"\.0+$", "", cell)  # 3.0, as float tensors print
    if not re.fullmatch(r"-?[0-9]{1,9}", cell) or int(cell) < least:
        raise InputError(
            f"{path}, line {line}: {name} is {cell[:40]!r} where a whole number from {least} is expected"
        )
    return int(cell)


def _digits(cells: Iterable[str]) -> int:
    """The significant digits that a log prints a radius with: those of its longest one."""
    written = (re.sub(r"[eE].*", "", cell).replace(".", "").lstrip("+-0") for cell in cells)
    return min(max(map(len, written), default=0) or DIGITS, MOST_DIGITS)


def _half_digit(radius: float, digits: int) -> float:
    """By how much rounding to so many digits can have changed a radius."""
    return 0.5 * 10.0 ** (math.floor(math.log10(radius)) - digits + 1)


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
