"""Birds, beak towards +x."""

from __future__ import annotations

import numpy as np

from .creature import creature, eyes, limb, over, part
from .shapes import (
    Array,
    Part,
    ball,
    colour,
    ellipsoid,
    fractal,
    layered,
    length,
    mirrored,
    plain,
    rod,
    slab,
    smoothstep,
    union,
)


def songbird(
    back: str = "#5a4632",
    breast: str = "#d9642a",
    belly: str = "#e8e2d6",
    cap: str | None = None,
    beak: str = "#3a3128",
) -> list[Part]:
    """A small bird on a branch at y = 0."""
    head = cap or back
    limbs = [
        limb(back, (-0.3, 0.62, 0, 0.24), (0.05, 0.75, 0, 0.32), (0.2, 0.95, 0, 0.27)),
        limb(head, (0.27, 1.2, 0, 0.235), (0.32, 1.22, 0, 0.225)),
        limb(
            back, (-0.45, 0.52, 0, 0.14), (-0.75, 0.33, 0, 0.1), (-1.2, 0.08, 0, 0.07), squeeze=(1, 1.3, 0.7)
        ),
    ]

    def marks(p: Array, n: Array, tone: Array) -> Array:
        low = smoothstep(0.78, 0.66, p[:, 1] - 0.25 * p[:, 0]) * (p[:, 0] > -0.5)
        front = smoothstep(0.02, 0.14, p[:, 0] * 0.9 - (p[:, 1] - 1.05) * 0.25) * (
            p[:, 1] < 1.24 + 0.1 * (p[:, 0] - 0.3)
        )
        tone = over(over(tone, low, belly), front * (p[:, 1] > 0.6), breast)
        feather = np.sin(p[:, 0] * 60 + np.sin(p[:, 1] * 50) * 1.5) * 0.06
        return tone * (1 + feather[:, None])

    wing = [
        limb(
            back,
            (0.08, 0.86, 0.24, 0.13),
            (-0.3, 0.66, 0.25, 0.15),
            (-0.85, 0.34, 0.1, 0.03),
            pair=True,
            squeeze=(1, 1, 1.6),
        )
    ]

    def quills(p: Array, n: Array, tone: Array) -> Array:
        along, across = p[:, 0] * 0.85 + p[:, 1] * 0.5, -p[:, 0] * 0.5 + p[:, 1] * 0.85
        line = smoothstep(0.35, 0.95, np.abs(np.sin(across * 34 + along * 2)))
        scale = np.where(
            along > 0.22, smoothstep(0.4, 0.9, np.sin(along * 40 + 3 * np.sin(across * 22))), line
        )
        return over(over(tone, scale * 0.5, "#0d0b0a"), (np.abs(along - 0.2) < 0.025) * 0.7, belly)

    legs = [
        rod((0.08, 0.5, 0.1), (0.14, 0.16, 0.12), 0.028),
        *(
            rod((0.14, 0.16, 0.12), (0.14 + dx, 0.05, 0.12 + dz), 0.026, 0.018)
            for dx, dz in ((0.2, 0.05), (0.2, -0.05), (-0.14, 0))
        ),
    ]
    return [
        creature(limbs, 0.1, marks, 0.15),
        creature(wing, 0.05, quills, 0.15),
        part(mirrored(union(*legs)), "#6b4a3a"),
        part(rod((0.5, 1.215, 0), (0.74, 1.18, 0), 0.075, 0.012), beak, 0.04),
        eyes((0.405, 1.27, 0.175), 0.043, "#1a0f08", (0.4, 0.1, 1), 0.9),
    ]


def branch() -> Part:
    def bark(p: Array, n: Array) -> Array:
        ridges = fractal(p * np.float32([3, 14, 14]), 4)[:, None]
        return colour("#3b2a1c") + (colour("#8a7458") - colour("#3b2a1c")) * np.clip(ridges * 1.6 - 0.4, 0, 1)

    wood = union(
        rod((-5, -0.35, -0.6), (0.2, -0.1, 0), 0.15, 0.12),
        rod((0.2, -0.1, 0), (5, -0.1, 0.5), 0.12, 0.09),
        rod((0.9, -0.1, 0), (2.4, 0.9, -0.6), 0.07, 0.03),
        smooth=0.1,
    )
    return Part(wood, bark, radius=6)


def ostrich() -> list[Part]:
    """An ostrich, about 2.3 tall."""
    plume, skin = "#191615", "#b79682"
    limbs = [
        limb(plume, (-0.35, 1.22, 0, 0.3), (0.0, 1.15, 0, 0.36), (0.28, 1.2, 0, 0.26)),
        limb("#e5ded2", (-0.6, 1.28, 0, 0.15), (-0.82, 1.12, 0, 0.14), (-0.88, 0.98, 0, 0.08)),
        limb("#e5ded2", (-0.2, 1.05, 0.3, 0.1), (-0.5, 1.05, 0.22, 0.06), pair=True),
        limb(skin, (0.4, 1.28, 0, 0.13), (0.58, 1.5, 0, 0.075), (0.55, 1.85, 0, 0.055), (0.6, 2.2, 0, 0.05)),
        limb(skin, (0.61, 2.25, 0, 0.085), (0.7, 2.24, 0, 0.07)),
        limb("#a8793f", (0.74, 2.23, 0, 0.05), (0.88, 2.19, 0, 0.03), squeeze=(1, 1.5, 1)),
    ]
    for z, step in ((0.14, -0.12), (-0.14, 0.3)):
        limbs += [
            limb(
                skin, (0.02, 1.0, z, 0.17), (0.08 + step * 0.5, 0.72, z, 0.09), (step - 0.06, 0.45, z, 0.05)
            ),
            limb(skin, (step - 0.06, 0.45, z, 0.048), (step, 0.08, z, 0.035), (step + 0.16, 0.03, z, 0.04)),
        ]
    return [creature(limbs, 0.06, None, 0.35), eyes((0.68, 2.275, 0.065), 0.03, "#2a170c", (0.3, 0, 1), 0.8)]


def swan() -> list[Part]:
    """A swan afloat, the water at y = 0."""
    white = "#f3f2ee"
    limbs = [
        limb(white, (-0.75, 0.28, 0, 0.28), (-0.2, 0.22, 0, 0.4), (0.35, 0.2, 0, 0.32), squeeze=(1, 1, 0.95)),
        limb(white, (-0.8, 0.36, 0, 0.2), (-1.2, 0.52, 0, 0.05)),
        limb(
            white,
            (0.5, 0.28, 0, 0.22),
            (0.72, 0.55, 0, 0.13),
            (0.62, 0.85, 0, 0.1),
            (0.55, 1.12, 0, 0.09),
            (0.64, 1.33, 0, 0.09),
            (0.8, 1.38, 0, 0.1),
        ),
        limb(white, (0.8, 1.38, 0, 0.1), (0.93, 1.34, 0, 0.075)),
    ]
    wing = [
        limb(
            white,
            (0.3, 0.45, 0.24, 0.16),
            (-0.3, 0.55, 0.27, 0.2),
            (-0.95, 0.66, 0.12, 0.05),
            pair=True,
            squeeze=(1, 1, 1.5),
        ),
        limb(
            white,
            (0.1, 0.3, 0.3, 0.14),
            (-0.5, 0.38, 0.28, 0.14),
            (-1.15, 0.5, 0.08, 0.04),
            pair=True,
            squeeze=(1, 1, 1.5),
        ),
    ]

    def quills(p: Array, n: Array, tone: Array) -> Array:
        across = p[:, 1] - 0.14 * p[:, 0] * -1
        lines = smoothstep(0.75, 1.0, np.sin(across * 52 + p[:, 0] * 3)) * (p[:, 0] < 0.05)
        return over(tone, lines * 0.45, "#8f959d")

    return [
        creature(limbs, 0.07, None, 0.05),
        creature(wing, 0.05, quills, 0.05),
        part(rod((0.98, 1.32, 0), (1.2, 1.22, 0), 0.055, 0.03), "#dc6a18", 0.04),
        part(
            union(ball((1.0, 1.37, 0), 0.045), mirrored(ellipsoid((0.95, 1.365, 0.05), (0.06, 0.03, 0.02)))),
            "#0f0d0d",
            0.04,
        ),
    ]


def gull(
    back: str = "#9aa3ab", tip: str = "#1b1c1f", body: str = "#f4f4f1", beak: str = "#e0a21a"
) -> list[Part]:
    """A bird in flight with its wings spread, span about 4."""
    limbs = [
        limb(
            body,
            (-0.5, 0, 0, 0.12),
            (-0.1, 0, 0, 0.21),
            (0.3, 0.04, 0, 0.17),
            (0.55, 0.1, 0, 0.14),
            (0.66, 0.11, 0, 0.125),
        )
    ]
    outline = [
        (0.42, 0.0),
        (0.5, 0.6),
        (0.42, 1.0),
        (0.0, 1.7),
        (-0.35, 2.15),
        (-0.42, 2.1),
        (-0.3, 1.75),
        (-0.42, 1.7),
        (-0.34, 1.45),
        (-0.42, 1.2),
        (-0.36, 0.9),
        (-0.42, 0.6),
        (-0.38, 0.3),
        (-0.34, 0.0),
    ]
    flat = slab(outline, "xz", 1.0)

    def wing(p: Array) -> Array:
        z = np.abs(p[:, 2])
        rise = 0.04 + 0.42 * smoothstep(0, 1.1, z) - 0.25 * np.maximum(z - 1.0, 0)
        plan = flat(np.column_stack([p[:, 0], np.zeros(len(p)), z]).astype(np.float32))
        thick = 0.055 * np.clip(1.2 - z / 2, 0.2, 1)
        camber = 0.1 * (p[:, 0] - 0.1) ** 2
        return (np.maximum(plan, np.abs(p[:, 1] - rise + camber) - thick) * 0.75).astype(np.float32)

    feather = layered(
        plain(back),
        (lambda p, n: (p[:, 0] < -0.05) & (np.sin(p[:, 2] * 32) > 0.8), colour("#6d747b")),
        (lambda p, n: n[:, 1] < 0, colour(body)),
        (lambda p, n: np.abs(p[:, 2]) > 1.62, colour(tip)),
        (lambda p, n: (p[:, 0] < -0.33) & (np.abs(p[:, 2]) < 1.5), colour(body)),
    )
    tail = slab(
        [(-0.45, -0.1), (-0.45, 0.1), (-0.95, 0.3), (-1.0, 0.1), (-1.0, -0.1), (-0.95, -0.3)],
        "xz",
        0.03,
        0.02,
    )
    return [
        creature(limbs, 0.06, None, 0.05),
        Part(wing, feather, radius=3),
        part(tail, body),
        part(rod((0.76, 0.1, 0), (0.96, 0.05, 0), 0.05, 0.012), beak, 0.04),
        part(mirrored(ball((0.69, 0.145, 0.105), 0.026)), "#0a0a0a", 0.08),
    ]


def flamingo() -> list[Part]:
    """A flamingo standing in shallow water, about 1.4 tall."""
    pink, deep = "#e58a86", "#d2483f"
    limbs = [
        limb(pink, (-0.3, 0.83, 0, 0.1), (-0.05, 0.86, 0, 0.16), (0.17, 0.88, 0, 0.12)),
        limb(deep, (-0.1, 0.87, 0.12, 0.09), (-0.42, 0.76, 0.04, 0.05), pair=True),
        limb(
            pink,
            (0.2, 0.9, 0, 0.09),
            (0.36, 0.92, 0, 0.05),
            (0.43, 1.05, 0, 0.036),
            (0.33, 1.2, 0, 0.032),
            (0.25, 1.33, 0, 0.032),
            (0.3, 1.45, 0, 0.036),
            (0.38, 1.46, 0, 0.05),
        ),
        limb("#f0cfc4", (0.42, 1.45, 0, 0.04), (0.5, 1.4, 0, 0.028)),
        limb("#15110f", (0.5, 1.4, 0, 0.028), (0.5, 1.32, 0, 0.008)),
        limb(pink, (0.02, 0.76, 0.05, 0.06), (0.03, 0.6, 0.05, 0.02)),
        limb(pink, (0.02, 0.76, -0.05, 0.06), (0.03, 0.6, -0.05, 0.02)),
    ]
    legs = union(
        *(rod((0.03, 0.7, z), (-0.03 + lean, 0.42, z), 0.016) for z, lean in ((0.05, 0), (-0.05, 0.06))),
        *(
            rod((-0.03 + lean, 0.42, z), (0.02 + lean, -0.2, z), 0.015)
            for z, lean in ((0.05, 0), (-0.05, 0.06))
        ),
        *(ball((-0.03 + lean, 0.42, z), 0.024) for z, lean in ((0.05, 0), (-0.05, 0.06))),
    )
    return [
        creature(limbs, 0.035, None, 0.3),
        part(legs, "#d98a84", 0.02),
        eyes((0.385, 1.475, 0.042), 0.014, "#e8d44a", (0.3, 0, 1), 0.5),
    ]


def penguin() -> list[Part]:
    """A king penguin, about 0.95 tall, upright and looking along +x."""
    black, slate = "#16181c", "#3a4450"
    limbs = [
        limb(slate, (-0.02, 0.16, 0, 0.15), (0.0, 0.4, 0, 0.185), (0.0, 0.62, 0, 0.14), squeeze=(1.1, 1, 1)),
        limb(black, (0.0, 0.72, 0, 0.085), (0.01, 0.83, 0, 0.085), (0.04, 0.85, 0, 0.075)),
        limb(
            slate,
            (-0.01, 0.62, 0.16, 0.05),
            (-0.05, 0.42, 0.215, 0.055),
            (-0.07, 0.24, 0.22, 0.02),
            pair=True,
            squeeze=(1, 1, 2),
        ),
        limb(slate, (-0.12, 0.12, 0, 0.06), (-0.24, 0.03, 0, 0.02)),
    ]

    def marks(p: Array, n: Array, tone: Array) -> Array:
        front = (
            smoothstep(0.02, 0.06, p[:, 0] - 0.25 * np.abs(p[:, 2]))
            * (p[:, 1] < 0.68)
            * (np.abs(p[:, 2]) < 0.165)
        )
        tone = over(tone, front, "#f1efe8")
        bib = smoothstep(0.52, 0.66, p[:, 1]) * front
        tone = over(tone, bib, "#e9a01a")
        ear = smoothstep(
            0.06,
            0.045,
            length(
                (
                    p * np.float32([1, 1, 0])
                    + np.abs(p) * np.float32([0, 0, 1])
                    - np.float32([-0.015, 0.79, 0.085])
                )
                * np.float32([1.2, 0.8, 1])
            ),
        )
        return over(tone, ear, "#f0901a")

    feet = [ellipsoid((0.1, 0.02, z), (0.12, 0.03, 0.06)) for z in (0.09, -0.09)]
    return [
        creature(limbs, 0.05, marks, 0.12),
        part(union(*feet), "#1a1b1d", 0.02),
        part(rod((0.1, 0.85, 0), (0.27, 0.835, 0), 0.024, 0.006), "#16130f", 0.05),
        part(mirrored(rod((0.13, 0.838, 0.012), (0.22, 0.832, 0.006), 0.012, 0.006)), "#e07a1a", 0.04),
        eyes((0.07, 0.875, 0.062), 0.014, "#2a170c", (0.4, 0, 1), 0.8),
    ]
