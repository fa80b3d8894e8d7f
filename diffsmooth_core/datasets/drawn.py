"""A picture that somebody drew on: its pixels as a browser sends them, and as a file."""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from diffsmooth_core.config import InputError
from diffsmooth_core.datasets.decoding import Pixels
from diffsmooth_core.datasets.sources import Picture

FILE = "changed.png"  # what the file of a changed picture is called
_SHOWN = 40  # letters of what is wrong


def redrawn(picture: Picture, data: object) -> Picture:
    """`picture` with the pixels in `data`: the base64 of as many bytes as it has values, uint8 (h,w,3) row by
    row. `data` may be anything; it is decoded only where it has that length. Raises InputError."""
    shape, size = picture.pixels.shape, picture.pixels.size
    wanted = f"a drawing on this picture is the base64 of its {size:,} values; draw again"
    if not isinstance(data, str) or len(data) != 4 * -(-size // 3):
        given = f"{len(data):,} characters" if isinstance(data, str) else f"{data!r:.{_SHOWN}}"
        raise InputError(f"{given} were sent, and {wanted}")
    try:
        values = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"{data[:_SHOWN]!r} was sent, and {wanted}") from error
    if len(values) != size:
        raise InputError(f"{len(values):,} bytes were sent, and {wanted}")
    return with_pixels(picture, np.frombuffer(values, np.uint8).reshape(shape))


def with_pixels(picture: Picture, pixels: Pixels) -> Picture:
    """`picture` with these pixels in the place of its own, as the file FILE would be read."""
    return replace(picture, pixels=pixels, shown=pixels, source=FILE, fits={})


def values(picture: Picture) -> str:
    """The pixels of a picture as `redrawn` takes them."""
    return base64.b64encode(np.ascontiguousarray(picture.pixels).tobytes()).decode()


def file(picture: Picture) -> bytes:
    """The pixels of a picture as a PNG, of which `resolve` makes the same tensor."""
    out = io.BytesIO()
    Image.fromarray(picture.pixels).save(out, "PNG")
    return out.getvalue()


def from_file(picture: Picture, path: Path) -> Picture:
    """`picture` as it was changed in a file of our own, of its size."""
    with Image.open(path) as image:
        return with_pixels(picture, np.array(image.convert("RGB")))
