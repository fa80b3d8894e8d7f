"""What a certified radius looks like: a random perturbation of exactly that length."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

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
