"""The images of one vote as one PNG: side by side, in 8 bits a channel, to be shown without the networks."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from diffsmooth_core.certification.progress import Pixels, Samples


def to_png(samples: Samples) -> bytes:
    """The noisy copy, the purified one and the local copies of a vote, from left to right, each (h,w,3). What
    lies outside [0,1] is clipped, as on a screen. The original is left out, for who reads this has it."""
    purified = () if samples.purified is None else (samples.purified,)
    row = np.concatenate([samples.noisy, *purified, *samples.local], axis=1)
    about = PngInfo()
    about.add_text("vote", str(samples.vote))
    about.add_text("purified", str(len(purified)))
    file = io.BytesIO()
    Image.fromarray((np.clip(row, 0, 1) * 255).round().astype(np.uint8)).save(file, "PNG", pnginfo=about)
    return file.getvalue()


def from_png(data: bytes, original: Pixels) -> Samples:
    """The images that `to_png` wrote, of a vote on `original` (h,w,3)."""
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        about, row = image.text, np.divide(np.asarray(image), 255, dtype=np.float32)  # type: ignore[attr-defined]
    noisy, *others = np.split(row, row.shape[1] // original.shape[1], axis=1)
    made = int(about["purified"])
    purified = others[0] if made else None
    return Samples(original, noisy, purified, tuple(others[made:]), int(about["vote"]))
