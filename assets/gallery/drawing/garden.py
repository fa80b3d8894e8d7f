"""Fruit, a flower, a toadstool and a ladybird, each in its own size; they stand or lie on y = 0."""

from __future__ import annotations

import numpy as np

from .creature import creature, limb, over
from .shapes import (
    Array,
    Paint,
    Part,
    ball,
    both,
    box,
    colour,
    curve,
    disc,
    ellipsoid,
    fractal,
    lathe,
    layered,
    length,
    mirrored,
    placed,
    plain,
    rod,
    smoothstep,
    turned,
    union,
)


def scattered(n: int) -> Array:
    """n directions (n,3), evenly over the sphere: a Fibonacci spiral."""
    y = 1 - (2 * np.arange(n) + 1) / n
    turn = np.arange(n) * np.pi * (3 - 5**0.5)
    r = np.sqrt(1 - y * y)
    return np.float32(np.stack([r * np.cos(turn), y, r * np.sin(turn)], 1))


def distances(p: Array, points: Array) -> Array:
    """From every point (n,3) to every one of `points` (m,3): (n,m)."""
    return length(p[:, None] - points)


def blotched(code: str, other: str, scale: float, gloss: float, grain: float, freckles: float) -> Paint:
    """A skin of two colours in blotches, with fine freckles: pits where `freckles` is below 0."""
    a, b = colour(code, gloss), colour(other, gloss)

    def skin(p: Array, n: Array) -> Array:
        share = smoothstep(0.35, 0.65, fractal(p * np.float32([scale, 0.4 * scale, scale]), 3))
        spots = 1 + freckles * smoothstep(0.55, 0.75, fractal(p * np.float32(grain), 2))
        return ((a + (b - a) * share[:, None]) * spots[:, None]).astype(np.float32)

    return skin


def half_fruit(rind: str, flesh: str, pale: str) -> list[Part]:
    """Half a citrus fruit of radius .5, its cut side towards +x."""

    def face(p: Array, n: Array) -> Array:
        y, z = p[:, 1] - 0.5, p[:, 2]
        r, turn = np.hypot(y, z), np.arctan2(y, z) / (2 * np.pi) * 10
        wall = np.abs((turn + 0.5) % 1 - 0.5) * r * 0.63 < 0.012
        juice = fractal(np.column_stack([r * 8, turn * 9, 0 * r]), 3)[:, None]
        out = np.where(
            ((r > 0.43) | (r < 0.04) | wall)[:, None],
            colour(pale),
            colour(flesh, 0.05) * (0.75 + 0.5 * juice),
        )
        return np.where(((n[:, 0] > 0.7) & (r < 0.475))[:, None], out, colour(rind, 0.03)).astype(np.float32)

    return [Part(both(ball((0, 0.5, 0), 0.5), box((-0.5, 0.5, 0), (0.5, 1, 1))), face, radius=2)]


def lemons() -> list[Part]:
    """A lemon and half a one."""
    half = [
        (0, -0.76),
        (0.16, -0.66),
        (0.38, -0.45),
        (0.5, 0),
        (0.38, 0.45),
        (0.16, 0.64),
        (0.09, 0.72),
        (0, 0.74),
    ]
    body = turned(lathe(half), 2, 90)

    def pitted(p: Array) -> Array:
        return body(p - np.float32([0, 0.48, 0])) - np.float32(0.012) * fractal(p * 16, 2)

    whole = Part(pitted, blotched("#e3b80f", "#f0cf2a", 3, 0.03, 26, -0.25), radius=2)
    cut = half_fruit("#e3b80f", "#e8cf5a", "#f4edcf")
    return [*placed([whole], (0, 0, -0.3), (1, 25)), *placed(cut, (0.8, 0, 0.5), (1, -10))]


def oranges() -> list[Part]:
    """An orange and half a one."""
    body = ball((0, 0.5, 0), 0.5)

    def pitted(p: Array) -> Array:
        return body(p) - np.float32(0.005) * fractal(p * 18, 2)

    return [
        Part(pitted, blotched("#e0700a", "#ec8416", 3, 0.05, 26, -0.25), radius=2),
        Part(disc((0, 1, 0), 1, 0.05, 0.02, 0.01), plain("#5a6a24"), radius=2),
        *placed(half_fruit("#dd6f0a", "#e57a10", "#f3d9a0"), (0.7, 0, 0.75), (1, -20)),
    ]


def green_apple() -> list[Part]:
    """An apple of radius .5."""
    outline = [
        (0, 0.1),
        (0.16, 0.02),
        (0.36, 0.14),
        (0.5, 0.52),
        (0.46, 0.76),
        (0.28, 0.92),
        (0.12, 0.88),
        (0, 0.72),
    ]
    stalk = union(
        rod((0, 0.72, 0), (0.03, 0.95, 0.02), 0.022), rod((0.03, 0.95, 0.02), (0.1, 1.06, 0.04), 0.02, 0.03)
    )
    return [
        Part(lathe(outline, 5, 0.03), blotched("#7fb02c", "#a2c648", 5, 0.05, 22, 0.3), radius=2),
        Part(stalk, plain("#4d3520"), radius=2),
    ]


def bananas() -> list[Part]:
    """A bunch of three, about 2.4 long."""

    def ripe(p: Array, n: Array, tone: Array) -> Array:
        tone = over(tone, smoothstep(-0.8, -1.15, p[:, 0]) * 0.6, "#8fa03a")
        return over(tone, smoothstep(0.68, 0.76, fractal(p * 7, 3)) * 0.7, "#5a3c18")

    thick = curve([(-62, 0.07), (-40, 0.16), (0, 0.21), (30, 0.2), (52, 0.14), (70, 0.05)])
    angles = np.linspace(-62, 70, 13)
    x, rise = 1.25 * np.sin(np.radians(angles)), 1.25 * (1 - np.cos(np.radians(angles)))
    parts, tips = [], []
    for lean in np.radians([-26, -3, 18]):
        y, z = 0.22 + rise * 0.8 * np.cos(lean), (x + 1.1) * 0.75 * np.sin(lean)
        knots = np.stack([x, y, z, thick(angles)], 1)
        parts.append(creature([limb("#e2b41c", *knots)], 0.01, ripe, 0.05, 0.03))
        tips.append(rod(knots[-1, :3], knots[-1, :3] + (0.06, 0.1, 0), 0.055, 0.04))
    stem = rod((-1.04, 0.68, 0), (-1.3, 1.15, 0), 0.14, 0.09)
    return [*parts, Part(union(*tips), plain("#2f2416"), radius=3), Part(stem, plain("#8a8a34"), radius=3)]


def strawberry() -> list[Part]:
    """A strawberry, its tip down, 1 tall."""
    body = lathe([(0, 0), (0.1, 0.03), (0.3, 0.3), (0.42, 0.62), (0.38, 0.84), (0.2, 0.93), (0, 0.9)])
    seeds = scattered(150)

    def gap(p: Array) -> Array:
        """The angle (n,) to the nearest seed."""
        d = (p - np.float32([0, 0.45, 0])) / np.float32([0.42, 0.5, 0.42])
        return np.arccos(np.clip((d @ seeds.T).max(1) / (length(d) + np.float32(1e-6)), -1, 1))

    def dented(p: Array) -> Array:
        return body(p) + np.float32(0.008) * smoothstep(0.09, 0.04, gap(p))

    def skin(p: Array, n: Array) -> Array:
        away = gap(p)
        red = colour("#c0131a", 0.06) * (1 - 0.35 * smoothstep(0.1, 0.045, away))[:, None]
        return np.where((away < 0.045)[:, None], colour("#e2b04a", 0.04), red).astype(np.float32)

    leaf = Part(turned(ellipsoid((0.24, 0.03, 0), (0.26, 0.03, 0.12)), 2, -16), plain("#3f7a26"), radius=2)
    crown = [placed([leaf], (0, 0.93, 0), (1, 360 / 9 * k))[0] for k in range(9)]
    stalk = Part(rod((0, 0.9, 0), (0.06, 1.12, 0), 0.035), plain("#5d8a3a"), radius=2)
    return [Part(dented, skin, radius=2), *crown, stalk]


def daisy() -> list[Part]:
    """A daisy of radius 1 round the origin, facing +x, and last its stalk."""
    flat = both(ellipsoid((0, 0.62, 0), (0.05, 0.42, 0.13)), box((0.05, 0.6, 0), (0.06, 1, 1)))

    def bent(p: Array) -> Array:
        return flat(p - np.float32([0.12, 0, 0]) * p[:, 1:2] ** 2) * np.float32(0.8)

    petal = Part(bent, plain("#f2f1ec"), radius=2)
    turns = [(-0.004 * (k % 3), 360 / 21 * k + 4 * np.sin(k * 2.3)) for k in range(21)]
    florets = scattered(420)

    def gold(p: Array, n: Array) -> Array:
        d = (p - np.float32([-0.05, 0, 0])) / np.float32([0.2, 0.27, 0.27])
        near = (d @ florets.T).max(1) / length(d)
        return colour("#e5a90f") * (0.55 + 0.6 * smoothstep(0.985, 0.998, near))[:, None]

    return [
        *(placed([petal], (x, 0, 0), (0, turn))[0] for x, turn in turns),
        Part(ellipsoid((-0.05, 0, 0), (0.2, 0.27, 0.27)), gold, radius=2),
        Part(rod((-0.08, 0, 0), (-0.6, -4, 0.3), 0.06), plain("#4f7a2c"), radius=5),
    ]


def toadstool() -> list[Part]:
    """A fly agaric, about 1 tall."""
    cap = lathe([(0.1, 0.74), (0.55, 0.66), (0.62, 0.7), (0.56, 0.86), (0.36, 1.02), (0, 1.1)])
    gills = lathe([(0, 0.72), (0.3, 0.7), (0.58, 0.67), (0.3, 0.76), (0, 0.8)])
    warts = scattered(70)
    warts = warts[warts[:, 1] > 0.15] * np.float32([0.6, 0.4, 0.6]) + np.float32([0, 0.7, 0])
    sizes = np.float32(0.035 + 0.02 * np.sin(np.arange(len(warts)) * 5.1))

    def crumbs(p: Array) -> Array:
        gap = (distances(p, warts) - sizes).min(1) + np.float32(0.02) * (fractal(p * 20, 2) - 0.5)
        return np.maximum(gap, cap(p) - 0.02) * np.float32(0.8)

    def ridged(p: Array, n: Array) -> Array:
        return colour("#ece6d6") * (0.8 + 0.2 * np.sin(np.arctan2(p[:, 2], p[:, 0]) * 60))[:, None]

    stem = lathe([(0, 0), (0.17, 0.02), (0.16, 0.12), (0.1, 0.3), (0.085, 0.75), (0, 0.75)])
    skirt = lathe([(0.08, 0.52), (0.19, 0.47), (0.2, 0.48), (0.1, 0.58), (0, 0.58)], 16, 0.08)
    return [
        Part(cap, plain("#b3160f", 0.05), radius=2),
        Part(crumbs, plain("#f1ead8"), radius=2),
        Part(gills, ridged, radius=2),
        Part(union(stem, skirt, smooth=0.03), plain("#e9e3d2"), radius=2),
    ]


def ladybird() -> list[Part]:
    """A ladybird, its head towards +x, about 1 long."""
    spots = np.float32([(0.32, 0.42, 0), (0.12, 0.45, 0.22), (-0.18, 0.42, 0.24)])
    spots = np.concatenate([spots, np.float32([(-0.02, 0.2, 0.38), (0.24, 0.2, 0.34), (-0.36, 0.2, 0.2)])])
    above = box((0, 1.06, 0), (2, 1, 2), 0.02)

    def shell(p: Array, n: Array) -> Array:
        half = p * np.float32([1, 1, 0]) + np.abs(p) * np.float32([0, 0, 1])
        dot = distances(half, spots).min(1) < 0.095
        black = dot | (half[:, 2] < 0.007) | (p[:, 1] < 0.09)
        return np.where(black[:, None], colour("#120d0c", 0.06), colour("#c4180d", 0.06))

    head = layered(
        plain("#120d0c", 0.06),
        (lambda p, n: (np.abs(np.abs(p[:, 2]) - 0.17) < 0.07) & (p[:, 1] > 0.18), colour("#efe9dd")),
    )
    limbs = [rod((0.66, 0.16, 0.08), (0.8, 0.22, 0.16), 0.014, 0.02)]
    for x in (0.34, 0.02, -0.3):
        limbs.append(rod((x, 0.1, 0.3), (x * 1.25, 0.12, 0.52), 0.025))
        limbs.append(rod((x * 1.25, 0.12, 0.52), (x * 1.4, 0, 0.6), 0.02, 0.015))
    return [
        Part(both(ellipsoid((0, 0.06, 0), (0.55, 0.46, 0.46)), above), shell, radius=2),
        Part(both(ellipsoid((0.46, 0.1, 0), (0.2, 0.24, 0.3)), above), head, radius=2),
        Part(ellipsoid((0.62, 0.13, 0), (0.11, 0.11, 0.15)), plain("#120d0c", 0.06), radius=2),
        Part(mirrored(union(*limbs)), plain("#120d0c", 0.03), radius=2),
    ]
