"""Rounding bounds and radii for print so that what is printed is still guaranteed."""

from __future__ import annotations

from math import floor


def rounded_down(value: float) -> str:
    """A lower bound or a radius, rounded down to four digits."""
    return f"{floor(value * 1e4) / 1e4:.4f}"
