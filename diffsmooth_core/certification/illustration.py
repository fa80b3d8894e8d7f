"""What a certified radius looks like: a perturbation of that length, and familiar changes beside it."""

from __future__ import annotations

import io
import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from diffsmooth_core.config import InputError

ONE_PIXEL = math.sqrt(3)  # the L2 length of turning one RGB pixel from black to white


def perturbation(shape: tuple[int, ...], radius: float, seed: int = 0) -> npt.NDArray[np.float64]:
    """A perturbation of this shape with L2 norm `radius`, [0,1] pixel units, in a uniformly random direction.

    The picture that it is added to is not clamped, because a certificate covers every point within the
    radius, also those outside [0,1]. Raises InputError for a radius that is negative or not finite.
    """
    if not math.isfinite(radius) or radius < 0:
        raise InputError(f"radius must be a finite number from 0 up, got {radius:g}")
    direction = np.random.default_rng(seed).standard_normal(shape)
    return direction * (radius / float(np.linalg.norm(direction)))


def implied(radius: float, values: int) -> tuple[float, float]:
    """What an L2 radius over so many pixel values implies for two other norms: the radii of the largest balls
    within it, L-infinity radius/sqrt(values) and L1 radius.

    Every delta has |delta|_2 <= sqrt(values) |delta|_inf and |delta|_2 <= |delta|_1.
    """
    return radius / math.sqrt(values), radius


def familiar_changes(pixels: npt.NDArray[np.uint8]) -> dict[str, float]:
    """The L2 length, in [0,1] pixel units, of changes of a picture (h,w,3) that everybody knows.

    They are illustrations: a radius above a length covers that change, and every other one as long.
    """
    x = pixels.astype(np.float64) / 255
    shifted = np.concatenate([x[:, :1], x[:, :-1]], axis=1)  # the first column stands twice
    saved = io.BytesIO()
    Image.fromarray(pixels).save(saved, "JPEG", quality=90)
    jpeg = np.asarray(Image.open(saved).convert("RGB"), dtype=np.float64) / 255
    changed = {
        "every value by one of 255 grey levels": np.full_like(x, 1 / 255),
        "one pixel from black to white": np.full(3, ONE_PIXEL / math.sqrt(3)),
        "saved as a JPEG of quality 90": jpeg - x,
        "moved by one pixel to the right": shifted - x,
        "a tenth less contrast": 0.1 * (x - x.mean((0, 1))),
    }
    return {words: float(np.linalg.norm(change)) for words, change in changed.items()}
