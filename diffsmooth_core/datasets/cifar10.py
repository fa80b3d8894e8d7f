"""CIFAR-10 in the layout of the Hub's `uoft-cs/cifar10`: two parquet files of encoded pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import parquet
from diffsmooth_core.datasets.decoding import Pixels

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
HUB_ID = "uoft-cs/cifar10"
Split = Literal["train", "test"]


def _file(split: Split) -> str:
    return f"plain_text/{split}-00000-of-00001.parquet"


def local_path(split: Split) -> Path | None:
    """The split's file on this machine, under DIFFSMOOTH_DATA or in the Hub's cache; None without it."""
    data = os.environ.get("DIFFSMOOTH_DATA")
    if data and (path := Path(data, "cifar10", _file(split))).is_file():
        return path
    from huggingface_hub import constants

    # The same look-up as in `try_to_load_from_cache`, whose module takes longer to import than a page to
    # draw.
    cache = Path(constants.HF_HUB_CACHE, f"datasets--{HUB_ID.replace('/', '--')}")
    newest = cache / "refs" / "main"
    if not newest.is_file():
        return None
    cached = cache / "snapshots" / newest.read_text(encoding="utf-8").strip() / _file(split)
    return cached if cached.is_file() else None


def download(split: Split) -> Path:
    """Fetch the split from the Hub into its cache, resuming an interrupted download.

    Without a network the Hub's library tries for half a minute before this raises InputError.
    """
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(HUB_ID, _file(split), repo_type="dataset"))
    except Exception as error:
        raise InputError(
            f"CIFAR-10's {split} split could not be downloaded from the Hub "
            f"({type(error).__name__}); go online or set DIFFSMOOTH_DATA to a folder that has it"
        ) from error


def _rows(split: Split) -> parquet.ParquetPictures:
    path = local_path(split)
    if path is None:
        raise InputError(
            f"CIFAR-10's {split} split is not on this machine; set DIFFSMOOTH_DATA to a folder "
            f"that has it, or run: python -m diffsmooth_core models download cifar10 --split {split}"
        )
    return parquet.pictures((path,))


def size(split: Split = "test") -> int:
    """How many pictures the split has. Reads only the local disk. Raises InputError where it is missing."""
    return len(_rows(split))


def picture(index: int, split: Split = "test") -> tuple[Pixels, int]:
    """Picture `index` of a split in the official order: (32,32,3) uint8 and its label."""
    rows = _rows(split)
    if not 0 <= index < len(rows):
        raise InputError(f"CIFAR-10's {split} split has indices 0 to {len(rows) - 1}, got {index}")
    return rows[index]
