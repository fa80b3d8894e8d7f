"""Encoded pictures and labels in parquet files, in the layout of data sets on the Hugging Face Hub."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets.decoding import Pixels, decode

if TYPE_CHECKING:
    import pyarrow as pa

IMAGES = ("img", "image")
MOST_CLASSES = 100_000
LABELS = ("label", "fine_label", "labels", "coarse_label")  # fine_label: CIFAR-100's


@dataclass(frozen=True, eq=False)
class ParquetPictures:
    """Encoded pictures, as {bytes, path} or plain bytes, with a whole number as the label of each."""

    images: pa.ChunkedArray
    labels: npt.NDArray[np.int64]
    names: tuple[str, ...]  # class names from the file's metadata; empty without

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Pixels, int]:
        """Picture `index` as uint8 (h,w,3) in its original size, and its label. Raises InputError."""
        cell = self.images[index].as_py()
        data = cell["bytes"] if isinstance(cell, dict) else cell
        if data is None:
            raise InputError(f"picture {index} has no bytes, at most the path of a file elsewhere; add those")
        return decode(data), int(self.labels[index])


def pictures(files: Sequence[Path]) -> ParquetPictures:
    """The rows of `files` in their order. Raises InputError where a file is damaged or has other columns."""
    return _pictures(tuple((file, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=4)
def _pictures(files: tuple[tuple[Path, int], ...]) -> ParquetPictures:
    """`files` has each file's modification time as part of the cache key."""
    import pyarrow as pa

    tables = [_table(file) for file, _ in files]
    image, label = tables[0].column_names
    try:
        joined = pa.concat_tables(tables)
    except pa.ArrowException:
        raise InputError(
            f"'{files[0][0]}' and the parquet files beside it have different columns; keep those of one data "
            "set in a folder"
        ) from None
    labels = joined[label].to_numpy().astype(np.int64)
    return ParquetPictures(joined[image], labels, _names(tables[0], label))


def _table(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    try:
        columns = pq.read_schema(path).names
        image = next(name for name in IMAGES if name in columns)
        label = next(name for name in LABELS if name in columns)
        table = pq.read_table(path, columns=[image, label])
    except (OSError, ValueError, StopIteration) as error:
        raise InputError(
            f"'{path}' is not a parquet file with the columns img or image, and label or fine_label; "
            "fetch it again"
        ) from error
    _check_types(table, image, label, path)
    return table


def _check_types(table: pa.Table, image: str, label: str, path: Path) -> None:
    """Raise InputError where the columns do not hold encoded pictures and whole numbers of classes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = table.schema.field(image).type
    if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        kind = kind.field("bytes").type
    if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
        raise InputError(
            f"'{path}': column {image} holds {str(kind)[:40]} where the bytes of PNG, JPEG or WEBP files are "
            "expected"
        )
    kind, column = table.schema.field(label).type, table[label]
    if not pa.types.is_integer(kind) or column.null_count:
        what = "nothing in some rows" if column.null_count else str(kind)[:40]
        raise InputError(
            f"'{path}': column {label} holds {what} where the number of a class is expected; number the "
            "classes from 0"
        )
    most = pc.max(column).as_py()
    if most is not None and most >= MOST_CLASSES:
        raise InputError(
            f"'{path}': column {label} holds {most}, and a data set has up to {MOST_CLASSES:,} classes; "
            "number them from 0"
        )


def _names(table: pa.Table, label: str) -> tuple[str, ...]:
    """The class names in the metadata that the Hub's library writes."""
    try:
        metadata = json.loads((table.schema.metadata or {})[b"huggingface"])
        return tuple(map(str, metadata["info"]["features"][label]["names"]))
    except (KeyError, ValueError, TypeError):
        return ()
