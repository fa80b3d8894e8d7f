"""What a certified radius looks like: a random perturbation of exactly that length."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from diffsmooth_core.config import InputError

ONE_PIXEL = math.sqrt(3)  # the L2 length of turning one RGB pixel from black to white


def perturbation(x: Tensor, radius: float, seed: int = 0) -> Tensor:
    """A perturbation with L2 norm `radius` in a uniformly random direction, with the shape and dtype of x.

    x + perturbation is not clamped, because a certificate covers every point within the radius, also those
    outside [0,1]. Raises InputError for a radius that is negative or not finite.
    """
    if not math.isfinite(radius) or radius < 0:
        raise InputError(f"radius must be a finite number from 0 up, got {radius:g}")
    direction = torch.from_numpy(np.random.default_rng(seed).standard_normal(tuple(x.shape)))
    scaled: Tensor = direction * (radius / direction.norm())
    return scaled.to(x)
