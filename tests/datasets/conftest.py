"""Folders that stand in for DIFFSMOOTH_DATA and for the Hub's cache."""

import io
import socket

import huggingface_hub.constants
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image


@pytest.fixture
def official_cifar10(data_dir, monkeypatch):
    """DIFFSMOOTH_DATA with the real CIFAR-10, or a skip that says why."""
    if not (data_dir / "cifar10").is_dir():
        pytest.skip(f"DIFFSMOOTH_DATA={data_dir} has no cifar10/")
    monkeypatch.setenv("DIFFSMOOTH_DATA", str(data_dir))


@pytest.fixture
def nothing_local(monkeypatch, tmp_path):
    """No DIFFSMOOTH_DATA and an empty Hub cache."""
    monkeypatch.delenv("DIFFSMOOTH_DATA", raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "empty-hub"))


@pytest.fixture
def no_network(monkeypatch):
    """Any attempt to look up or reach another machine fails the test."""

    def refuse(*args, **kwargs):
        pytest.fail(f"a network connection was attempted: {args[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def small_cifar10(monkeypatch, tmp_path, nothing_local):
    """DIFFSMOOTH_DATA with five made-up pictures a split; returns {split: (pictures, labels)}."""
    rng = np.random.default_rng(3)
    made = {}
    for split in ("train", "test"):
        pictures = rng.integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
        labels = rng.integers(0, 10, 5)
        write_split(tmp_path / "cifar10", split, pictures, labels)
        made[split] = (pictures, labels)
    monkeypatch.setenv("DIFFSMOOTH_DATA", str(tmp_path))
    return made


def write_split(folder, split, pictures, labels):
    records = []
    for index, picture in enumerate(pictures):
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, "PNG")
        records.append({"bytes": stream.getvalue(), "path": f"{index}.png"})
    path = folder / "plain_text" / f"{split}-00000-of-00001.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"img": records, "label": labels}), path)


def write_twelve(folder):
    """Twelve made-up test pictures in place of CIFAR-10, some of them smooth, some noise."""
    random = np.random.default_rng(0)
    smooth = np.linspace(30, 220, 32)[None, :, None, None] + random.integers(0, 30, (12, 32, 32, 3))
    noise = random.integers(0, 256, (12, 32, 32, 3))
    made = np.where(np.arange(12)[:, None, None, None] % 3 > 0, smooth, noise).astype(np.uint8)
    write_split(folder / "cifar10", "test", made, random.integers(0, 10, 12))
