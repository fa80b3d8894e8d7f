"""A picture that somebody drew on: what a browser may send, and the file that gives the same tensor."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
import torch

from diffsmooth_core import InputError
from diffsmooth_core.datasets import drawn, resolve

PICTURE = resolve("gallery:sailing-yacht", "cifar10")
NOISE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
SENT = base64.b64encode(NOISE.tobytes()).decode()


def test_what_is_sent_is_the_picture() -> None:
    changed = drawn.redrawn(PICTURE, SENT)
    np.testing.assert_array_equal(changed.pixels, NOISE)
    assert drawn.values(changed) == SENT
    assert changed.label == PICTURE.label
    assert changed.sha256 != PICTURE.sha256
    assert drawn.redrawn(changed, drawn.values(PICTURE)).sha256 == PICTURE.sha256


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "None were sent"),
        (["a"] * 9, r"\['a', 'a', 'a', .* were sent"),
        ("", "0 characters were sent"),
        (SENT + "AAAA", "4,100 characters"),
        (SENT[:-1] + "*", "was sent, and a drawing on this picture is the base64 of its 3,072 values"),
        (SENT[:-4] + "AA==", "3,070 bytes were sent"),
        ("é" * len(SENT), "was sent"),
    ],
)
def test_anything_else_is_refused_in_a_sentence(data: object, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        drawn.redrawn(PICTURE, data)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("dataset", ["cifar10", "imagenet"])
def test_the_file_gives_the_same_tensor(dataset: str, tmp_path: Path) -> None:
    picture = resolve("gallery:lighthouse", dataset)
    pixels = np.random.default_rng(1).integers(0, 256, picture.pixels.shape, np.uint8)
    changed = drawn.with_pixels(picture, pixels)
    path = tmp_path / drawn.FILE
    path.write_bytes(drawn.file(changed))
    read = resolve(str(path), dataset)
    assert torch.equal(read.tensor, changed.tensor)
    assert read.sha256 == changed.sha256
    assert drawn.from_file(picture, path).sha256 == changed.sha256
