"""Fitting a picture to a network's input: cropped and resized for its data set, as uint8 and as a tensor."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from diffsmooth_core.datasets import custom
from diffsmooth_core.datasets.decoding import Pixels

if TYPE_CHECKING:
    from torch import Tensor

# data set -> (length of the shorter side after resizing, side of the central square kept)
GEOMETRY = {"cifar10": (32, 32), "imagenet": (256, 224)}


def geometry(dataset: str) -> tuple[int, int]:
    """Length of the shorter side after resizing, and of the central square kept. Raises InputError for an
    unknown data set."""
    if dataset in GEOMETRY:
        return GEOMETRY[dataset]
    side = custom.get(dataset).side
    return side, side


def fit(picture: Pixels, dataset: str, borders: bool = False) -> Pixels:
    """`picture` uint8 (h,w,3) as the network of `dataset` sees it: uint8 (32,32,3), (224,224,3), or the size
    of an added data set.

    The shorter side is resized (to 256 for ImageNet's 224) with an antialiased bicubic filter and the central
    square is kept, as torchvision's Resize and CenterCrop do. Crop and resize are one step here, so that a
    long narrow picture cannot take gigabytes of memory. A picture that already has the final size is not
    changed. With `borders` nothing is cut off along the shorter side, for a picture whose subject reaches its
    edges. Raises InputError for an unknown data set.
    """
    shorter, side = geometry(dataset)
    shorter = side if borders else shorter
    height, width, _ = picture.shape
    if height == width == side:
        return picture.copy()
    least = min(height, width)
    rows, columns = shorter * height // least, shorter * width // least
    top, left = round((rows - side) / 2), round((columns - side) / 2)
    x, y = width / columns, height / rows
    box = (left * x, top * y, (left + side) * x, (top + side) * y)
    resized = Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC, box=box)
    return np.array(resized)


def central_square(picture: Pixels, most: int) -> Pixels:
    """The central square of `picture` (h,w,3) for a person to look at, scaled down to `most` pixels a side
    where it is larger."""
    height, width, _ = picture.shape
    least = min(height, width)
    left, top = (width - least) // 2, (height - least) // 2
    square = np.ascontiguousarray(picture[top : top + least, left : left + least])
    if least <= most:
        return square.copy()
    return np.array(Image.fromarray(square).resize((most, most), Image.Resampling.LANCZOS, reducing_gap=3))


def to_tensor(picture: Pixels) -> Tensor:
    """uint8 (h,w,3) to float32 (3,h,w) in [0,1], each value k/255 correctly rounded."""
    import torch

    chw = np.ascontiguousarray(picture.transpose(2, 0, 1), dtype=np.float32)
    return torch.from_numpy(chw / np.float32(255))


def sha256(picture: Pixels) -> str:
    """The SHA-256 of the fitted pixels' bytes in (h,w,c) order, by which noise and certificates identify a
    picture."""
    return hashlib.sha256(np.ascontiguousarray(picture).tobytes()).hexdigest()
