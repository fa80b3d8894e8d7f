"""What a diffusion network predicts for a noisy image, and how to convert one kind of prediction to another.

With a = sqrt(alpha_bar) and b = sqrt(1 - alpha_bar), a^2 + b^2 = 1,

    x_t = a x_0 + b eps              (Ho et al. 2020, equation 4),
    v   = a eps - b x_0              (Salimans and Ho 2022, appendix D),
    edm = (x_0 - skip x_t) / scale   (Karras et al. 2022, table 1, with x_t / a as its noisy picture).

Given x_t, each of the image x_0, the noise eps, the velocity v and EDM's residual determines the others.
"""

from __future__ import annotations

import math
from typing import Literal, TypeVar, get_args

from torch import Tensor

Prediction = Literal["eps", "x0", "v", "edm"]
PREDICTIONS: tuple[Prediction, ...] = get_args(Prediction)
PICTURES_STD = 0.5  # standard deviation of images in [-1,1] that EDM assumes
Number = TypeVar("Number", float, Tensor)


def edm_parts(alpha_bar: Number) -> tuple[Number, Number]:
    """The factors (skip, scale) of x_0 = skip x_t + scale edm, chosen so that edm has unit variance at any
    noise.

    alpha_bar lies strictly between 0 and 1; for a tensor, both factors have its shape.
    """
    a, b = alpha_bar**0.5, (1 - alpha_bar) ** 0.5
    variance = b**2 + (a * PICTURES_STD) ** 2  # of x_t
    return a * PICTURES_STD**2 / variance, b * PICTURES_STD / variance**0.5


def convert(value: Tensor, x_t: Tensor, alpha_bar: float, given: Prediction, wanted: Prediction) -> Tensor:
    """Convert a prediction at x_t from kind `given` to kind `wanted`; both (b,c,h,w), in [-1,1] units.

    alpha_bar lies strictly between 0 and 1. Nothing is clamped.
    """
    if given == wanted:
        return value
    a, b = math.sqrt(alpha_bar), math.sqrt(1 - alpha_bar)
    match given, wanted:
        case "eps", "x0":
            return (x_t - b * value) / a
        case "v", "x0":
            return a * x_t - b * value
        case "x0", "eps":
            return (x_t - a * value) / b
        case "v", "eps":
            return b * x_t + a * value
        case "eps", "v":
            return (value - b * x_t) / a
        case "x0", "v":
            return (a * x_t - value) / b
        case "edm", "x0":
            skip, scale = edm_parts(alpha_bar)
            return skip * x_t + scale * value
        case "x0", "edm":
            skip, scale = edm_parts(alpha_bar)
            return (value - skip * x_t) / scale
        case _:  # EDM's residual and the noise or the velocity: by way of the picture
            x_0 = convert(value, x_t, alpha_bar, given, "x0")
            return convert(x_0, x_t, alpha_bar, "x0", wanted)
