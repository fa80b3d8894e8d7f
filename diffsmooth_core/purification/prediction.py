"""What a diffusion network predicts of a noisy picture, and how one prediction becomes another.

With a = sqrt(alpha_bar) and b = sqrt(1 - alpha_bar), a^2 + b^2 = 1,

    x_t = a x_0 + b eps    (Ho et al. 2020, equation 4),
    v   = a eps - b x_0    (Salimans and Ho 2022, appendix D).

Given x_t, each of the picture x_0, the noise eps and the velocity v says what the other two are.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

from torch import Tensor

Prediction = Literal["eps", "x0", "v"]
PREDICTIONS: tuple[Prediction, ...] = get_args(Prediction)


def convert(value: Tensor, x_t: Tensor, alpha_bar: float, given: Prediction, wanted: Prediction) -> Tensor:
    """A prediction of `given` at x_t as the prediction of `wanted`: both (b,c,h,w), in [-1,1] units.

    alpha_bar lies strictly between 0 and 1. Nothing is clamped.
    """
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
        case _:  # given and wanted are the same
            return value
