"""The cells of a certification log as text, however they are written: with tabs, commas or semicolons, in
UTF-8 or UTF-16, or as Parquet."""

from __future__ import annotations

import codecs
import io
import re
from pathlib import Path

from diffsmooth_core.config import InputError
from diffsmooth_core.runs.reading import MOST_PICTURES

MOST_BYTES = 100_000_000
COLUMNS = ("idx", "label", "predict", "radius", "correct", "time")
PARQUET = b"PAR1"  # what such a file begins with
Row = tuple[int, list[str]]  # its line, from 1, and its cells


def read(path: Path) -> tuple[list[str], list[Row]]:
    """The column names and the rows of a log. Raises InputError where it cannot be read as one."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path} has more than {MOST_BYTES // 10**6} MB; it is no certification log")
        data = path.read_bytes()
        if data.startswith(PARQUET):
            return _of_parquet(data, path)
        text = _text(data)
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


def _of_parquet(data: bytes, path: Path) -> tuple[list[str], list[Row]]:
    """A table of Parquet; a line is a row there, after the one of the names."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(data))
        rows = file.metadata.num_rows
        if rows > MOST_PICTURES:
            raise InputError(f"{path} has {rows:,} rows; up to {MOST_PICTURES:,} are read")
        header = list(file.schema_arrow.names)
        kinds = dict(zip(header, file.schema_arrow.types, strict=True))
        for name, kind in kinds.items():
            if not (
                pa.types.is_primitive(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
            ):
                raise InputError(f"{path}: column {name[:40]!r} holds {kind}; a log has numbers and words")
        columns = [_cells_of(column.to_pylist()) for column in file.read().columns]
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is a damaged Parquet file; fetch it again") from None
    return header, [(i, list(cells)) for i, cells in enumerate(zip(*columns, strict=True), 2)]


def _cells_of(values: list[object]) -> list[str]:
    return ["" if value is None else str(value) for value in values]


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
