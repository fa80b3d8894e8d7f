"""Numbers in words, without powers of ten: a bound or a radius is rounded down, a confidence never up, a time
as coarse as it is."""

from __future__ import annotations

import math
from decimal import Decimal


def written(value: float, digits: int | None = 6) -> str:
    """A number as people write it, with so many digits where it is not whole (None: with all of them), and no
    power of ten where it can be read without: "1,000,000", "0.000001"."""
    if isinstance(value, int) or (abs(value) < 1e16 and value == int(value)):
        return f"{int(value):,}"
    short = str(value) if digits is None else f"{value:.{digits}g}"
    return f"{Decimal(short):,f}" if 1e-9 < abs(value) < 1e16 else short


def down(value: float, digits: int) -> str:
    """A bound or a radius, rounded down: what is shown is never more than what is certified."""
    return f"{math.floor(value * 10**digits) / 10**digits:.{digits}f}"


def length(radius: float) -> str:
    """A radius, rounded down to two decimals, or to two significant digits where it is smaller."""
    return down(radius, max(2, 1 - math.floor(math.log10(radius))) if radius > 0 else 2)


def confidence(alpha: float) -> str:
    """1 - alpha in percent with all its digits, so never rounded up: "99.9 %"."""
    return f"{(100 * (1 - Decimal(repr(alpha)))).normalize():f} %"


def percent(share: float, digits: int = 1) -> str:
    """A share of 1 in percent, with so many decimals."""
    return f"{100 * share:.{digits}f} %"


def duration(seconds: float) -> str:
    """A time left or taken, as coarse as it is uncertain: "8 s", "3 min", "2 h 10 min"."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
