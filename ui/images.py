"""Arrays as images in the page: PNG data URLs in their own size, enlarged by the browser without smearing."""

from __future__ import annotations

import base64
import io

import numpy as np
import numpy.typing as npt
from PIL import Image


def amplified(change: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], float]:
    """A change (h,w,3) of a picture as a picture in [0,1], grey where nothing changes, and the factor by
    which it is amplified, chosen so that the largest value is 0.25 away from grey."""
    gain = 0.25 / max(float(np.abs(change).max()), 1e-6)
    return np.float32(0.5) + np.float32(gain) * change, gain


def data_url(picture: npt.NDArray[np.uint8] | npt.NDArray[np.float32], side: int | None = None) -> str:
    """A picture (h,w,3), uint8 or float in [0,1] units, as a PNG; what lies outside [0,1] is clipped.

    `side` scales down to a thumbnail whose shorter side has that many pixels, centre-cropped.
    """
    if picture.dtype != np.uint8:
        picture = (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
    image = Image.fromarray(picture)
    if side is not None and min(image.size) > side:
        width, height = image.size
        least = min(width, height)
        left, top = (width - least) // 2, (height - least) // 2
        box = (left, top, left + least, top + least)
        image = image.resize((side, side), Image.Resampling.LANCZOS, box=box)
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
