"""What the rounding of a printed radius hides: the vote counts that it may stand for."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from scipy.special import ndtr

from diffsmooth_core.runs.results import STEP, Result
from diffsmooth_core.statistics import certified_radius, clopper_pearson_lower

DIGITS = 3  # significant digits of a radius as Cohen's code prints it
MOST_DIGITS = 5  # more tell no more of the votes, and ours are rounded down


def digits_of(cells: Iterable[str]) -> int:
    """The significant digits that a log prints a radius with: those of its longest one."""
    written = (re.sub(r"[eE].*", "", cell).replace(".", "").lstrip("+-0") for cell in cells)
    return min(max(map(len, written), default=0) or DIGITS, MOST_DIGITS)


def half_digit(radius: float, digits: int) -> float:
    """By how much rounding to so many digits can have changed a radius."""
    return 0.5 * 10.0 ** (math.floor(math.log10(radius)) - digits + 1)


def reconstructed(
    result: Result, sigma: float, alpha: float, *, exact: bool, digits: int = DIGITS
) -> tuple[Result, bool | None]:
    """A row's result with the vote counts that round to its radius of so many digits, and whether rounding
    lifted that radius to a threshold (True: certainly, False: possibly, None: no)."""
    radius, n = result.radius, result.n or 1
    if not radius:
        return result, None
    if exact:
        return replace(result, p_a_lower=float(ndtr(radius / sigma))), None
    half = half_digit(radius, digits)

    def certified(k: int) -> float:
        return _certified(k, n, sigma, alpha)

    low = 1 + bisect_left(range(1, n + 1), radius - half, key=certified)
    high = bisect_right(range(1, n + 1), radius + half, key=certified)
    bound = float(ndtr((radius - half) / sigma))
    result = replace(result, p_a_lower=bound, n_a_low=low, n_a_high=min(high, n))
    threshold = math.floor(radius / STEP + 1e-9) * STEP
    if high < low or not threshold or radius - half >= threshold:
        return result, None
    return result, certified(min(high, n)) < threshold


@lru_cache(maxsize=1 << 17)
def _certified(k: int, n: int, sigma: float, alpha: float) -> float:
    """The radius that k of n votes certify, which many rows of a log ask for."""
    return certified_radius(clopper_pearson_lower(k, n, alpha), sigma)
