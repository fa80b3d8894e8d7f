"""Figures that a promise is made about, rounded so that the promise still holds."""

from __future__ import annotations

from math import floor


def rounded_down(value: float) -> str:
    """A bound or a radius with four digits, never more than it is."""
    return f"{floor(value * 1e4) / 1e4:.4f}"
