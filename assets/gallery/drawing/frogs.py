"""Frogs, nose towards +x, and a leaf for them."""

from __future__ import annotations

import numpy as np

from .creature import creature, eyes, limb, over
from .shapes import Array, Part, ball, colour, ellipsoid, fractal, mirrored, plain, smoothstep


def frog(
    skin: str = "#4f9a2a", pale: str = "#d9dfa0", spot: str | None = "#2c5c18", iris: str = "#d8a51f"
) -> list[Part]:
    """A sitting frog, about 1 long."""
    limbs = [
        limb(
            skin, (-0.42, 0.2, 0, 0.14), (-0.1, 0.3, 0, 0.24), (0.15, 0.37, 0, 0.25), squeeze=(1, 1.1, 0.85)
        ),
        limb(skin, (0.2, 0.42, 0, 0.22), (0.42, 0.4, 0, 0.14), squeeze=(1, 1.25, 0.75)),
        limb(skin, (0.27, 0.55, 0.17, 0.085), (0.28, 0.56, 0.175, 0.085), pair=True),
        limb(skin, (-0.38, 0.22, 0.2, 0.14), (0.0, 0.24, 0.4, 0.11), pair=True),
        limb(skin, (0.0, 0.2, 0.42, 0.09), (-0.38, 0.09, 0.44, 0.06), pair=True),
        limb(skin, (-0.38, 0.06, 0.44, 0.055), (-0.08, 0.045, 0.56, 0.04), pair=True),
        limb(skin, (0.22, 0.26, 0.2, 0.09), (0.2, 0.15, 0.33, 0.06), (0.36, 0.05, 0.32, 0.045), pair=True),
    ]
    for angle in (-45, -5, 35):
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        limbs.append(
            limb(
                skin,
                (0.36, 0.045, 0.32, 0.028),
                (0.36 + 0.14 * c, 0.03, 0.32 + 0.14 * s, 0.024),
                (0.36 + 0.16 * c, 0.03, 0.32 + 0.16 * s, 0.032),
                pair=True,
            )
        )
        limbs.append(
            limb(
                skin,
                (-0.1, 0.045, 0.56, 0.03),
                (-0.1 + 0.2 * c, 0.028, 0.56 + 0.2 * s, 0.024),
                (-0.1 + 0.22 * c, 0.028, 0.56 + 0.22 * s, 0.032),
                pair=True,
            )
        )

    def marks(p: Array, n: Array, tone: Array) -> Array:
        mouth = 0.385 - 0.06 * np.abs(p[:, 2]) * 2
        under = (
            smoothstep(mouth + 0.01, mouth - 0.05, p[:, 1])
            * (p[:, 0] > 0.05)
            * (np.abs(p[:, 2]) < 0.3)
            * smoothstep(0.3, -0.1, n[:, 1])
        )
        if spot:
            tone = over(
                tone,
                smoothstep(0.58, 0.66, fractal(p * 6 + 3, 2)) * smoothstep(0.0, 0.5, n[:, 1]) * 0.8,
                spot,
            )
        tone = over(tone, under, pale)
        return over(tone, (np.abs(p[:, 1] - mouth) < 0.009) * (p[:, 0] > 0.22) * (n[:, 1] < 0.5), "#22330f")

    return [
        creature(limbs, 0.05, marks, 0.3, 0.018),
        eyes((0.3, 0.585, 0.205), 0.082, iris, (0.75, 0.15, 0.8), 0.5),
        Part(mirrored(ball((0.555, 0.44, 0.05), 0.011)), plain("#1c2a0c"), radius=3.0),
    ]


def leaf() -> Part:
    """A broad leaf for a frog to sit on."""

    def veins(p: Array, n: Array) -> Array:
        side = np.abs(p[:, 2])
        line = (side < 0.018) | (np.abs((p[:, 0] - side * 0.8) % 0.34 - 0.17) < 0.011)
        green = colour("#33591d") + (colour("#6f9a3a") - colour("#33591d")) * fractal(p * 4, 4)[:, None]
        return np.where(line[:, None], colour("#9dbb62"), green).astype(np.float32)

    return Part(ellipsoid((0, -0.04, 0), (1.9, 0.05, 1.15)), veins, radius=3.0)
