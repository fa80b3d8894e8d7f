"""Mammals, nose towards +x, feet on y = 0, in metres."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .creature import Knot, Limb, creature, eyes, limb, over, part
from .shapes import Array, Part, Vec, ball, ellipsoid, fractal, length, mirrored, rod, smoothstep, union


def horse(
    coat: str = "#6b3a1c",
    mane: str = "#1d120b",
    socks: str = "#2a1a10",
    blaze: bool = True,
    stripes: str | None = None,
) -> list[Part]:
    """A standing horse, 1.6 at the withers; a zebra with `stripes`."""
    limbs = [
        limb(coat, (-0.55, 1.20, 0, 0.33), (-0.1, 1.12, 0, 0.33), (0.38, 1.15, 0, 0.33)),
        limb(coat, (-0.62, 1.22, 0.1, 0.3), (-0.5, 1.1, 0.13, 0.27), pair=True),
        limb(coat, (0.52, 1.2, 0.1, 0.24), (0.56, 1.0, 0.13, 0.2), pair=True),
        limb(coat, (0.3, 1.36, 0, 0.15), (0.45, 1.38, 0, 0.16)),
        limb(
            coat, (0.56, 1.26, 0, 0.26), (0.84, 1.58, 0, 0.19), (1.04, 1.84, 0, 0.145), squeeze=(1, 1, 1.35)
        ),
        limb(coat, (1.09, 1.93, 0, 0.12), (1.22, 1.79, 0, 0.135), squeeze=(1, 1, 1.15)),
        limb(coat, (1.2, 1.82, 0, 0.12), (1.44, 1.52, 0, 0.075)),
        limb(mane, (1.44, 1.51, 0, 0.07), (1.48, 1.46, 0, 0.072)),
        limb(coat, (1.05, 2.02, 0.07, 0.04), (1.06, 2.17, 0.085, 0.008), pair=True),
    ]
    for x, z, bend in ((0.56, 0.15, 0.0), (0.56, -0.15, 0.16)):
        limbs += [
            limb(coat, (x, 1.05, z, 0.17), (x + 0.02 + bend, 0.68, z, 0.085), (x + bend, 0.5, z, 0.065)),
            limb(
                socks,
                (x + bend, 0.5, z, 0.062),
                (x - 0.02 + bend, 0.17, z, 0.048),
                (x + 0.05 + bend, 0.09, z, 0.055),
            ),
            limb("#17130f", (x + 0.05 + bend, 0.08, z, 0.06), (x + 0.08 + bend, 0.03, z, 0.075)),
        ]
    for x, z, bend in ((-0.66, 0.15, 0.0), (-0.66, -0.15, -0.2)):
        limbs += [
            limb(coat, (x, 1.1, z, 0.24), (x + 0.04, 0.85, z, 0.14), (x - 0.16 + bend * 0.7, 0.58, z, 0.072)),
            limb(
                socks,
                (x - 0.16 + bend * 0.7, 0.58, z, 0.07),
                (x - 0.1 + bend, 0.18, z, 0.05),
                (x - 0.04 + bend, 0.09, z, 0.056),
            ),
            limb("#17130f", (x - 0.04 + bend, 0.08, z, 0.06), (x - 0.01 + bend, 0.03, z, 0.075)),
        ]

    def marks(p: Array, n: Array, tone: Array) -> Array:
        if blaze:
            along = (p[:, 0] - 1.12) * 0.76 - (p[:, 1] - 1.9) * 0.65
            front = (p[:, 0] - 1.12) * 0.65 + (p[:, 1] - 1.9) * 0.76
            tone = over(tone, ((np.abs(p[:, 2]) < 0.035) & (along > 0) & (front > 0.05)) * 1.0, "#efe9df")
        if stripes:
            wave = 0.7 * (fractal(p * 3, 3) - 0.5)
            neck = p[:, 0] * 0.6 + (p[:, 1] - 1.5) * -0.35
            line = np.where(
                p[:, 1] < 0.9, p[:, 1] * 46, np.where(p[:, 0] > 0.5, neck * 60, p[:, 0] * 36 + p[:, 1] * 6)
            )
            tone = over(tone, smoothstep(-0.1, 0.3, np.sin(line + wave * 5)) * (p[:, 0] < 1.36), stripes)
        return over(tone, smoothstep(0.25, -0.7, n[:, 1]) * (p[:, 1] > 0.7) * 0.35, "#2a160b")

    hair = [
        limb(
            mane,
            (1.1, 2.07, 0.02, 0.05),
            (0.93, 1.9, 0.07, 0.07),
            (0.74, 1.66, 0.1, 0.08),
            (0.5, 1.45, 0.06, 0.05),
        ),
        limb(mane, (0.93, 1.86, 0.12, 0.06), (0.8, 1.62, 0.15, 0.06), (0.62, 1.45, 0.14, 0.03)),
        limb(mane, (1.1, 2.08, 0, 0.05), (1.2, 1.93, 0.02, 0.03)),
        limb(
            mane, (-0.86, 1.36, 0, 0.06), (-1.02, 1.2, 0, 0.09), (-1.08, 0.85, 0, 0.1), (-1.05, 0.5, 0, 0.03)
        ),
    ]
    return [
        creature(limbs, 0.09, marks, 0.12, 0.012),
        creature(hair, 0.05, None, 0.3),
        part(mirrored(ellipsoid((1.19, 1.87, 0.098), (0.035, 0.03, 0.03))), "#0b0706", 0.06),
        part(mirrored(ball((1.5, 1.485, 0.055), 0.02)), "#0b0706"),
    ]


def deer(coat: str = "#9a6236", antlered: bool = True, spots: bool = False) -> list[Part]:
    """A stag or a fawn, about 1.1 at the shoulder."""
    pale, dark = "#e6d3b5", "#5e3b20"
    limbs = [
        limb(coat, (-0.42, 0.87, 0, 0.19), (-0.05, 0.83, 0, 0.195), (0.3, 0.86, 0, 0.21)),
        limb(coat, (-0.47, 0.87, 0.06, 0.17), (-0.42, 0.78, 0.08, 0.15), pair=True),
        limb(coat, (0.36, 0.9, 0.04, 0.17), (0.38, 0.76, 0.07, 0.13), pair=True),
        limb(coat, (0.4, 0.95, 0, 0.17), (0.55, 1.17, 0, 0.115), (0.64, 1.36, 0, 0.085)),
        limb(coat, (0.66, 1.42, 0, 0.085), (0.76, 1.37, 0, 0.078)),
        limb(coat, (0.76, 1.37, 0, 0.07), (0.92, 1.28, 0, 0.043)),
        limb("#1a130f", (0.945, 1.275, 0, 0.03), (0.95, 1.27, 0, 0.03)),
        limb(
            coat,
            (0.62, 1.45, 0.07, 0.025),
            (0.58, 1.5, 0.17, 0.045),
            (0.55, 1.53, 0.26, 0.008),
            pair=True,
            squeeze=(1.5, 1, 1),
        ),
        limb(pale, (-0.6, 0.93, 0, 0.06), (-0.68, 0.84, 0, 0.06), (-0.7, 0.74, 0, 0.02)),
    ]
    for x, z, bend in ((0.38, 0.09, 0.0), (0.38, -0.09, 0.1)):
        limbs += [
            limb(coat, (x, 0.75, z, 0.1), (x + 0.01 + bend * 0.7, 0.45, z, 0.046), (x + bend, 0.4, z, 0.038)),
            limb(coat, (x + bend, 0.4, z, 0.036), (x + bend, 0.09, z, 0.026)),
            limb("#1a130f", (x + bend, 0.08, z, 0.03), (x + 0.035 + bend, 0.02, z, 0.036)),
        ]
    for x, z, bend in ((-0.47, 0.09, 0.0), (-0.47, -0.09, -0.14)):
        limbs += [
            limb(coat, (x, 0.78, z, 0.15), (x + 0.04, 0.6, z, 0.085), (x - 0.1 + bend * 0.6, 0.43, z, 0.042)),
            limb(coat, (x - 0.1 + bend * 0.6, 0.43, z, 0.04), (x - 0.04 + bend, 0.09, z, 0.027)),
            limb("#1a130f", (x - 0.04 + bend, 0.08, z, 0.03), (x - 0.005 + bend, 0.02, z, 0.036)),
        ]

    def marks(p: Array, n: Array, tone: Array) -> Array:
        belly = smoothstep(-0.35, -0.85, n[:, 1]) * (p[:, 1] > 0.55) * (p[:, 0] < 0.5)
        rump = smoothstep(0.16, 0.1, length(p - np.float32([-0.64, 0.85, 0])))
        throat = smoothstep(0.05, 0.03, np.abs(p[:, 2])) * (p[:, 0] > 0.62) * smoothstep(-0.3, -0.7, n[:, 1])
        tone = over(tone, np.maximum.reduce([belly, rump, throat]), pale)
        tone = over(
            tone,
            smoothstep(0.06, 0.02, np.abs(p[:, 2])) * smoothstep(0.6, 0.9, n[:, 1]) * (p[:, 0] < 0.45) * 0.6,
            dark,
        )
        if spots:
            cell = p[:, :2] * 12.0
            cell[:, 0] += 0.5 * np.floor(cell[:, 1])
            shift = np.sin(np.floor(cell) @ np.float32([[12.9, 78.2], [39.3, 11.1]]) * 7) * 0.2
            dots = smoothstep(0.27, 0.19, np.hypot(*(cell % 1 - 0.5 - shift).T))
            tone = over(tone, dots * (p[:, 1] > 0.76) * (p[:, 0] < 0.45) * (np.abs(n[:, 2]) > 0.2), "#efe4cf")
        return tone

    parts = [
        creature(limbs, 0.055, marks, 0.2),
        part(mirrored(ball((0.735, 1.405, 0.066), 0.019)), "#080505", 0.08),
    ]
    if antlered:
        beam = [
            (0.64, 1.48, 0.05),
            (0.52, 1.66, 0.17),
            (0.5, 1.86, 0.3),
            (0.6, 2.04, 0.33),
            (0.74, 2.16, 0.26),
        ]
        prongs = [
            ((0.6, 1.54, 0.09), (0.78, 1.64, 0.13)),
            ((0.51, 1.76, 0.24), (0.7, 1.88, 0.28)),
            ((0.53, 1.94, 0.32), (0.44, 2.18, 0.4)),
            ((0.6, 2.04, 0.33), (0.62, 2.24, 0.36)),
        ]
        rods = [rod(a, b, 0.026, 0.021) for a, b in pairwise(beam)]
        rods += [rod(a, b, 0.02, 0.007) for a, b in prongs]
        parts.append(part(mirrored(union(*rods)), "#6f5638", 0.02))
    return parts


def dog(
    coat: str = "#c79a5b",
    ear: str = "#a87a40",
    muzzle: str = "#d8b27a",
    patches: str | None = None,
    sitting: bool = False,
) -> list[Part]:
    """A dog with hanging ears, about 0.6 at the shoulder."""
    dx, dy = (-0.22, 0.03) if sitting else (0.0, 0.0)  # the head's place

    def head(shade: str, *knots: Knot, pair: bool = False, squeeze: Vec = (1, 1, 1)) -> Limb:
        return limb(shade, *((x + dx, y + dy, z, r) for x, y, z, r in knots), pair=pair, squeeze=squeeze)

    limbs = [
        head(coat, (0.36, 0.64, 0, 0.105), (0.41, 0.74, 0, 0.1)),
        head(coat, (0.41, 0.77, 0, 0.115), (0.46, 0.76, 0, 0.11)),
        head(muzzle, (0.5, 0.735, 0, 0.07), (0.63, 0.7, 0, 0.053)),
        head(muzzle, (0.5, 0.69, 0, 0.05), (0.6, 0.665, 0, 0.038)),
        head(
            ear,
            (0.385, 0.84, 0.085, 0.03),
            (0.37, 0.75, 0.13, 0.058),
            (0.39, 0.63, 0.13, 0.036),
            pair=True,
            squeeze=(1, 1, 1.9),
        ),
    ]
    if sitting:
        limbs += [
            limb(
                coat,
                (-0.22, 0.17, 0, 0.17),
                (-0.1, 0.36, 0, 0.15),
                (0.04, 0.5, 0, 0.14),
                (0.12, 0.64, 0, 0.11),
            ),
            limb(muzzle, (0.1, 0.5, 0, 0.11), (0.08, 0.4, 0, 0.1)),
            limb(
                coat,
                (0.06, 0.45, 0.085, 0.085),
                (0.12, 0.24, 0.085, 0.052),
                (0.14, 0.06, 0.085, 0.042),
                (0.2, 0.036, 0.085, 0.045),
                pair=True,
            ),
            limb(coat, (-0.22, 0.16, 0.12, 0.13), (-0.05, 0.14, 0.16, 0.09), pair=True),
            limb(coat, (-0.06, 0.04, 0.19, 0.045), (0.06, 0.036, 0.2, 0.045), pair=True),
            limb(coat, (-0.36, 0.07, 0, 0.05), (-0.5, 0.05, 0.1, 0.04), (-0.55, 0.06, 0.25, 0.02)),
        ]
    else:
        limbs += [
            limb(coat, (-0.3, 0.47, 0, 0.125), (0.0, 0.45, 0, 0.13), (0.2, 0.46, 0, 0.155)),
            limb(coat, (-0.34, 0.47, 0.05, 0.11), (-0.32, 0.4, 0.07, 0.1), pair=True),
            limb(coat, (0.24, 0.5, 0, 0.14), (0.36, 0.64, 0, 0.105)),
            limb(coat, (-0.41, 0.53, 0, 0.045), (-0.55, 0.63, 0.0, 0.035), (-0.62, 0.78, 0.02, 0.02)),
        ]
        for z, step in ((0.085, 0.0), (-0.085, 0.07)):
            limbs += [
                limb(
                    coat,
                    (0.22, 0.4, z, 0.085),
                    (0.22 + step, 0.22, z, 0.05),
                    (0.22 + step, 0.06, z, 0.04),
                    (0.27 + step, 0.035, z, 0.042),
                ),
                limb(
                    coat,
                    (-0.34, 0.42, z, 0.105),
                    (-0.3, 0.3, z, 0.07),
                    (-0.42 - step, 0.18, z, 0.042),
                    (-0.38 - step, 0.05, z, 0.038),
                    (-0.32 - step, 0.035, z, 0.042),
                ),
            ]

    def marks(p: Array, n: Array, tone: Array) -> Array:
        x, y = p[:, 0] - dx, p[:, 1] - dy
        if patches:
            saddle = smoothstep(0.43, 0.5, p[:, 1] + 0.08 * np.sin(p[:, 0] * 9)) * (x < 0.3) * (y < 0.68)
            blaze = smoothstep(0.02, 0.045, np.abs(p[:, 2])) * (x > 0.33) * (x < 0.53) * (y > 0.69)
            tone = over(over(tone, saddle * (np.abs(p[:, 2]) > 0.04), patches), blaze, ear)
        return over(tone, smoothstep(0, -0.9, n[:, 1]) * (p[:, 1] > 0.25) * 0.4, muzzle)

    def at(x: float, y: float, z: float) -> Vec:
        return (x + dx, y + dy, z)

    return [
        creature(limbs, 0.04, marks, 0.15),
        part(mirrored(ball(at(0.538, 0.797, 0.062), 0.022)), "#120a06", 0.08),
        part(ellipsoid(at(0.682, 0.715, 0), (0.024, 0.026, 0.034)), "#0c0a0a", 0.06),
        part(rod(at(0.58, 0.655, 0.0), at(0.66, 0.6, 0.012), 0.022, 0.026), "#d0606c", 0.03),
    ]


def cat(
    coat: str = "#b9773a", pale: str = "#f0e2cc", stripe: str | None = "#6f3d17", iris: str = "#8fb02e"
) -> list[Part]:
    """A sitting cat, about 0.75 tall."""
    limbs = [
        limb(coat, (-0.06, 0.17, 0, 0.165), (0.0, 0.3, 0, 0.13), (0.05, 0.4, 0, 0.1)),
        limb(pale, (0.09, 0.34, 0, 0.085), (0.1, 0.25, 0, 0.07)),
        limb(coat, (0.05, 0.52, 0, 0.112), (0.1, 0.52, 0, 0.11), squeeze=(1, 1.08, 0.92)),
        limb(coat, (0.13, 0.48, 0.06, 0.055), (0.12, 0.49, 0.07, 0.055), pair=True),
        limb(pale, (0.195, 0.482, 0.022, 0.032), (0.2, 0.478, 0.024, 0.031), pair=True),
        limb(pale, (0.18, 0.45, 0, 0.03), (0.185, 0.45, 0, 0.03)),
        limb(coat, (0.17, 0.53, 0, 0.04), (0.19, 0.505, 0, 0.03)),
        limb(
            coat,
            (0.07, 0.59, 0.07, 0.055),
            (0.06, 0.66, 0.095, 0.03),
            (0.055, 0.715, 0.108, 0.004),
            pair=True,
            squeeze=(1.6, 1, 1),
        ),
        limb(coat, (0.1, 0.3, 0.062, 0.06), (0.145, 0.14, 0.062, 0.04), pair=True),
        limb(
            pale,
            (0.145, 0.12, 0.062, 0.04),
            (0.155, 0.05, 0.062, 0.038),
            (0.2, 0.035, 0.062, 0.042),
            pair=True,
        ),
        limb(coat, (-0.06, 0.14, 0.11, 0.115), (0.02, 0.12, 0.13, 0.09), pair=True),
        limb(pale, (0.04, 0.04, 0.15, 0.045), (0.12, 0.035, 0.155, 0.042), pair=True),
        limb(
            coat,
            (-0.2, 0.06, 0.08, 0.045),
            (-0.16, 0.045, 0.25, 0.042),
            (0.0, 0.04, 0.3, 0.04),
            (0.14, 0.038, 0.27, 0.032),
        ),
    ]

    def marks(p: Array, n: Array, tone: Array) -> Array:
        inner = (p[:, 1] > 0.6) & (n[:, 0] > 0.55) & (np.abs(np.abs(p[:, 2]) - 0.09) < 0.035)
        tone = over(tone, inner * 0.8, "#d99a8c")
        if stripe:
            wobble = 1.6 * (fractal(p * 9, 3) - 0.5)
            ring = np.where(
                p[:, 1] > 0.42, np.abs(p[:, 2]) * 55, p[:, 1] * 48 + np.abs(p[:, 2]) * 14 - p[:, 0] * 22
            )
            bands = smoothstep(0.1, 0.6, np.sin(ring + wobble * 2.2))
            where = np.where(
                p[:, 1] > 0.42,
                (p[:, 1] > 0.555) | (np.abs(p[:, 2]) > 0.085),
                np.abs(p[:, 2]) > 0.035 + 0.05 * (p[:, 0] > 0.1),
            )
            tone = over(tone, bands * where * ~inner * 0.75, stripe)
        mouth = np.abs(p[:, 1] - 0.468 - np.abs(np.abs(p[:, 2]) - 0.022) * 0.35) < 0.0035
        philtrum = (np.abs(p[:, 2]) < 0.003) & (p[:, 1] > 0.468)
        return over(tone, ((mouth | philtrum) & (p[:, 0] > 0.19) & (p[:, 1] < 0.5)) * 0.8, "#4a2c26")

    whiskers = [
        rod((0.205, 0.485 - 0.008 * k, 0.035), (0.2 - 0.01 * k, 0.5 - 0.03 * k, 0.2), 0.0022, 0.001)
        for k in range(3)
    ]
    return [
        creature(limbs, 0.03, marks, 0.2),
        eyes((0.172, 0.54, 0.053), 0.031, iris, (1, 0, 0.25), 0.5, True),
        part(ellipsoid((0.228, 0.502, 0), (0.012, 0.01, 0.015)), "#c86f6a", 0.03),
        part(mirrored(union(*whiskers)), "#f4f1ea"),
    ]
