"""CIFAR-10 from a folder, from the Hub and from nowhere."""

import hashlib
import http.server
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets import cifar10, load_split

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("split", ["train", "test"])
def test_pictures_and_labels_in_order(small_cifar10, no_network, split):
    pictures, labels = small_cifar10[split]
    assert cifar10.size(split) == 5
    for index in range(5):
        picture, label = cifar10.picture(index, split)
        assert np.array_equal(picture, pictures[index])
        assert label == labels[index]
    loaded, loaded_labels = load_split("cifar10", split)
    assert np.array_equal(loaded, pictures)
    assert loaded_labels.dtype == np.int64
    assert np.array_equal(loaded_labels, labels)


@pytest.mark.parametrize("index", [-1, 5])
def test_index_outside_the_split(small_cifar10, index):
    with pytest.raises(InputError, match=f"indices 0 to 4, got {index}"):
        cifar10.picture(index)


def test_missing_split_says_what_to_do(nothing_local, no_network):
    for use in (cifar10.size, lambda: cifar10.picture(0), lambda: load_split("cifar10", "test")):
        with pytest.raises(InputError, match="not on this machine; set DIFFSMOOTH_DATA"):
            use()


@pytest.mark.parametrize("content", [b"", b"not parquet at all", b"PAR1" + bytes(50) + b"PAR1"])
def test_a_damaged_file(monkeypatch, tmp_path, content):
    file = tmp_path / "cifar10" / "plain_text" / "test-00000-of-00001.parquet"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    monkeypatch.setenv("DIFFSMOOTH_DATA", str(tmp_path))
    with pytest.raises(InputError, match="is not a parquet file"):
        cifar10.picture(0)


@pytest.mark.parametrize("columns", [{"text": [b""], "label": [0]}, {"img": [{"bytes": b""}]}])
def test_a_foreign_parquet_file(monkeypatch, tmp_path, columns):
    file = tmp_path / "cifar10" / "plain_text" / "test-00000-of-00001.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), file)
    monkeypatch.setenv("DIFFSMOOTH_DATA", str(tmp_path))
    with pytest.raises(InputError, match="is not a parquet file with the columns img or image, and label"):
        cifar10.picture(0)


def test_the_official_test_split(official_cifar10):
    assert [cifar10.CLASSES[cifar10.picture(index)[1]] for index in range(4)] == [
        "cat",
        "ship",
        "ship",
        "airplane",
    ]
    assert cifar10.size("test") == 10_000
    assert cifar10.size("train") == 50_000
    assert cifar10.picture(9999)[0].shape == (32, 32, 3)


def test_picking_one_picture_decodes_one(official_cifar10):
    cifar10.picture(0)
    start = time.perf_counter()
    for index in range(0, 10_000, 500):
        cifar10.picture(index)
    assert (time.perf_counter() - start) / 20 < 0.01


class HubStandIn(http.server.BaseHTTPRequestHandler):
    """As much of the Hub as a download needs: one dataset file with its commit and ETag."""

    protocol_version = "HTTP/1.1"
    content = b""

    def do_HEAD(self):
        found = self.path == f"/datasets/{cifar10.HUB_ID}/resolve/main/plain_text/test-00000-of-00001.parquet"
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(self.content) if found else 0))
        self.send_header("ETag", f'"{hashlib.sha256(self.content).hexdigest()}"')
        self.send_header("X-Repo-Commit", "0123456789abcdef0123456789abcdef01234567")
        if not found:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.end_headers()
        return found

    def do_GET(self):
        if self.do_HEAD():
            self.wfile.write(self.content)

    def log_message(self, *args):
        pass


@pytest.fixture
def hub(small_cifar10):
    file = cifar10.local_path("test")
    handler = type("Handler", (HubStandIn,), {"content": file.read_bytes()})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_download_from_the_hub_then_offline(hub, small_cifar10, tmp_path, monkeypatch, no_network):
    """A real download, over HTTP from a stand-in; afterwards the cache serves without any network.

    It runs in a process of its own, because huggingface_hub reads its environment when imported.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "DIFFSMOOTH_"))}
    cache = tmp_path / "cache"
    environment = kept | {"HF_HUB_CACHE": str(cache), "HF_ENDPOINT": hub, "NO_PROXY": "127.0.0.1"}
    code = (
        "from diffsmooth_core.datasets import cifar10, load_split\n"
        "print(cifar10.local_path('test'))\n"
        "print(cifar10.download('test'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    before, downloaded = done.stdout.splitlines()
    assert before == "None"
    assert Path(downloaded).read_bytes() == cifar10.local_path("test").read_bytes()

    monkeypatch.delenv("DIFFSMOOTH_DATA")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    assert cifar10.local_path("test") == Path(downloaded)
    picture, label = cifar10.picture(3)
    assert np.array_equal(picture, small_cifar10["test"][0][3])
    assert label == small_cifar10["test"][1][3]


def test_a_failed_download_is_one_sentence(nothing_local):
    """The tests run with the Hub switched off."""
    with pytest.raises(InputError) as caught:
        cifar10.download("test")
    assert str(caught.value).startswith("CIFAR-10's test split could not be downloaded from the Hub (")
    assert str(caught.value).endswith("go online or set DIFFSMOOTH_DATA to a folder that has it")
