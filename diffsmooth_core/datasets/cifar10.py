"""CIFAR-10 in the layout of the Hub's `uoft-cs/cifar10`: two parquet files of encoded pictures."""

from __future__ import annotations

import io
import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from diffsmooth_core.config import InputError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
HUB_ID = "uoft-cs/cifar10"
Split = Literal["train", "test"]


def _file(split: Split) -> str:
    return f"plain_text/{split}-00000-of-00001.parquet"


def local_path(split: Split) -> Path | None:
    """Where the split already lies on this machine: under DIFFSMOOTH_DATA or in the Hub's cache."""
    data = os.environ.get("DIFFSMOOTH_DATA")
    if data and (path := Path(data, "cifar10", _file(split))).is_file():
        return path
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(HUB_ID, _file(split), repo_type="dataset")
    return Path(cached) if isinstance(cached, str) else None


def download(split: Split) -> Path:
    """Fetch the split from the Hub into its cache, resuming an interrupted download."""
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(HUB_ID, _file(split), repo_type="dataset"))
    except Exception as error:
        raise InputError(
            f"CIFAR-10's {split} split could not be downloaded from the Hub "
            f"({type(error).__name__}); go online or set DIFFSMOOTH_DATA to a folder that has it"
        ) from error


@lru_cache(maxsize=2)
def _table(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path, columns=["img", "label"])


def _split_table(split: Split) -> pd.DataFrame:
    path = local_path(split)
    if path is None:
        raise InputError(
            f"CIFAR-10's {split} split is not on this machine; set DIFFSMOOTH_DATA to a folder "
            "that has it, or download it on the Models page or with 'models download cifar10'"
        )
    return _table(path)


def _decode(record: dict[str, bytes]) -> npt.NDArray[np.uint8]:
    with Image.open(io.BytesIO(record["bytes"])) as image:
        return np.asarray(image.convert("RGB"))


def picture(index: int, split: Split = "test") -> tuple[npt.NDArray[np.uint8], int]:
    """Picture `index` of a split in the official order: (32,32,3) uint8 and its label."""
    table = _split_table(split)
    if not 0 <= index < len(table):
        raise InputError(f"CIFAR-10's {split} split has indices 0 to {len(table) - 1}, got {index}")
    row = table.iloc[index]
    return _decode(row["img"]), int(row["label"])


def load_split(split: Split) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """A whole split: pictures (n,32,32,3) uint8 and labels (n,)."""
    table = _split_table(split)
    pictures = np.stack([_decode(record) for record in table["img"]])
    return pictures, table["label"].to_numpy(np.int64)
