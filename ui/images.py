"""Arrays as images in the page: data URLs in their own size, enlarged by the browser without smearing."""

from __future__ import annotations

import base64
import io

import numpy as np
import numpy.typing as npt
from PIL import Image

Picture = npt.NDArray[np.uint8] | npt.NDArray[np.float32]


def amplified(change: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], float]:
    """A change (h,w,3) of a picture as a picture in [0,1], grey where nothing changes, and the factor by
    which it is amplified, chosen so that the largest value is 0.25 away from grey."""
    gain = 0.25 / max(float(np.abs(change).max()), 1e-6)
    return np.float32(0.5) + np.float32(gain) * change, gain


def data_url(picture: Picture, side: int | None = None, lossy: bool = False) -> str:
    """A picture (h,w,3), uint8 or float in [0,1] units, as a PNG, or as a `lossy` WebP, which is smaller;
    what lies outside [0,1] is clipped. `side` scales it down as `shrunk` does."""
    picture = _clipped(picture) if side is None else shrunk(picture, side)
    file = io.BytesIO()
    if lossy:
        Image.fromarray(picture).save(file, "WEBP", quality=80, method=1)
    else:
        Image.fromarray(picture).save(file, "PNG", compress_level=1)
    kind = "webp" if lossy else "png"
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"


def shrunk(picture: Picture, side: int) -> npt.NDArray[np.uint8]:
    """A picture as `data_url` takes it, as a thumbnail whose shorter side has at most `side` pixels,
    centre-cropped where it has more."""
    picture = _clipped(picture)
    height, width, _ = picture.shape
    least = min(width, height)
    if least <= side:
        return picture
    left, top = (width - least) // 2, (height - least) // 2
    box = (left, top, left + least, top + least)
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS, box=box))


def _clipped(picture: Picture) -> npt.NDArray[np.uint8]:
    if picture.dtype == np.uint8:
        return picture  # type: ignore[return-value]
    return (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
