"""The images of some votes as one PNG: a row a vote, 8 bits a channel, to be shown without the networks."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from diffsmooth_core.certification.progress import Pixels, Samples, Stage

Shown = tuple[Stage, Samples]


def to_png(shown: Sequence[Shown]) -> bytes:
    """The noisy copy, the purified one and the local copies of each vote, from left to right, each (h,w,3):
    of all votes equally many. What lies outside [0,1] is clipped, as on a screen. The original is left out,
    for who reads this has it."""
    rows = []
    for _, samples in shown:
        purified = () if samples.purified is None else (samples.purified,)
        rows.append(np.concatenate([samples.noisy, *purified, *samples.local], axis=1))
    about = PngInfo()
    about.add_text("votes", json.dumps([(stage, one.index, one.vote) for stage, one in shown]))
    about.add_text("purified", str(int(shown[0][1].purified is not None)))
    file = io.BytesIO()
    sheet = (np.clip(np.concatenate(rows), 0, 1) * 255).round().astype(np.uint8)
    Image.fromarray(sheet).save(file, "PNG", pnginfo=about, optimize=True)
    return file.getvalue()


def from_png(data: bytes, original: Pixels) -> tuple[Shown, ...]:
    """The votes that `to_png` wrote, all on `original` (h,w,3)."""
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        about, sheet = image.text, np.divide(np.asarray(image), 255, dtype=np.float32)  # type: ignore[attr-defined]
    votes, made = json.loads(about["votes"]), int(about["purified"])
    shown = []
    for (stage, index, vote), row in zip(votes, np.split(sheet, len(votes)), strict=True):
        noisy, *others = np.split(row, row.shape[1] // original.shape[1], axis=1)
        purified = others[0] if made else None
        shown.append((stage, Samples(original, noisy, purified, tuple(others[made:]), vote, index)))
    return tuple(shown)
