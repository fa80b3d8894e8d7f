"""Cars, front towards +x, wheels on y = 0; lengths in metres."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .shapes import Array, Part, box, colour, cut, disc, mirrored, plain, slab, union

GLASS = colour("#0d1216", 0.10)
RUBBER = colour("#151516")
CHROME = colour("#c8ccd0", 0.35)
BLACK = colour("#111214", 0.04)
LAMP = colour("#fbf7e6", 0.2)
RED = colour("#b3120f", 0.08)
Outline = Sequence[tuple[float, float]]


def inside(outline: Outline, u: Array, v: Array) -> Array:
    """Whether (u,v) lies in the polygon."""
    odd = np.zeros(len(u), bool)
    for (ax, ay), (bx, by) in zip(outline, [*outline[1:], outline[0]], strict=True):
        if ay != by:
            odd ^= ((v >= ay) != (v >= by)) & (u < ax + (v - ay) / (by - ay) * (bx - ax))
    return odd


def wheels(
    xs: Sequence[float], radius: float, z: float, width: float = 0.2, spokes: int = 5, rim: str = "#b9bdc2"
) -> list[Part]:
    """Pairs of wheels at xs, their outer faces at |z|."""
    shapes = [disc((x, radius, z - width / 2), 2, radius, width / 2, 0.05) for x in xs]
    silver = colour(rim, 0.15)

    def paint(p: Array, n: Array) -> Array:
        x = np.float32(xs)
        dx = (p[:, :1] - x)[np.arange(len(p)), np.abs(p[:, :1] - x).argmin(1)]
        dy = p[:, 1] - radius
        r = np.hypot(dx, dy) / radius
        gap = (np.cos(spokes * np.arctan2(dy, dx)) < -0.1) & (r > 0.2) & (r < 0.56)
        out = np.where(((r < 0.66) & (np.abs(n[:, 2]) > 0.7))[:, None], silver, RUBBER)
        return np.where((gap & (np.abs(n[:, 2]) > 0.7))[:, None], colour("#26272a", 0.05), out)

    return [Part(mirrored(union(*shapes)), paint)]


def car(
    body: str,
    lower: Outline,
    roof: Outline,
    axles: tuple[float, float] = (-1.32, 1.32),
    wide: float = 0.88,
    lean: float = 0.34,
    pillars: Sequence[float] = (-0.05,),
    radius: float = 0.33,
    roof_colour: str | None = None,
    glazed: bool = True,
) -> list[Part]:
    """A car from two side outlines (x,y): the body below the windows, and the cabin above it.

    lean: how far the cabin's sides lean in per unit of height; pillars: x of the posts between the windows.
    """
    waist, top = min(y for _, y in roof), max(y for _, y in roof)
    front, rear = max(x for x, _ in lower), min(x for x, _ in lower)
    low = max(y for x, y in lower if x > front - 0.1) - 0.18  # the grille's foot
    flat = slab(lower, "xy", 1.0, 0.09)
    arches = [mirrored(disc((x, radius + 0.02, wide), 2, radius + 0.06, 0.34)) for x in axles]

    def hull(p: Array) -> Array:
        bulge = wide - 0.10 * np.maximum(p[:, 1] - 0.62, 0) ** 1.0 - 0.12 * np.maximum(0.5 - p[:, 1], 0)
        bulge = bulge - 0.10 * (np.maximum(np.abs(p[:, 0] - (front + rear) / 2) - 1.2, 0)) ** 2
        q = np.column_stack([p[:, :2], np.zeros(len(p))]).astype(np.float32)
        side, across = flat(q) + 0.1, np.abs(p[:, 2]) - bulge + 0.1
        d = (
            np.minimum(np.maximum(side, across), 0)
            + np.hypot(np.maximum(side, 0), np.maximum(across, 0))
            - 0.1
        )
        return (d * 0.9).astype(np.float32)

    cabin_flat = slab(roof, "xy", 1.0, 0.06)

    def cabin(p: Array) -> Array:
        q = np.column_stack([p[:, :2], np.zeros(len(p))]).astype(np.float32)
        narrow = np.abs(p[:, 2]) - (wide - 0.05 - lean * np.maximum(p[:, 1] - waist, 0))
        side, across = cabin_flat(q) + 0.08, narrow * 0.95 + 0.08
        d = (
            np.minimum(np.maximum(side, across), 0)
            + np.hypot(np.maximum(side, 0), np.maximum(across, 0))
            - 0.08
        )
        return (d * 0.9).astype(np.float32)

    paint, dark = colour(body, 0.06), colour("#1c1d20", 0.03)
    middle = (sum(x for x, _ in roof) / len(roof), (waist + top) / 2)
    pane = [(middle[0] + (x - middle[0]) * 0.9, middle[1] + (y - middle[1]) * 0.74) for x, y in roof]

    def hull_paint(p: Array, n: Array) -> Array:
        x, y, z = p[:, 0], p[:, 1], np.abs(p[:, 2])
        out = np.repeat(paint[None], len(p), 0)
        side = np.abs(n[:, 2]) > 0.6
        for at in (axles[1] - 0.48, *pillars, axles[0] + 0.42):
            out[side & (np.abs(x - at) < 0.012) & (y > 0.3)] = dark
        out[side & (np.abs(y - waist + 0.16) < 0.02) & (np.abs(x - pillars[0] + 0.22) < 0.1)] = CHROME
        out[(y < 0.27) & (side | (n[:, 1] < 0.3))] = dark
        ahead, behind = (
            (n[:, 0] > 0.35) & (n[:, 1] < 0.75) & (x > front - 0.4),
            (n[:, 0] < -0.35) & (x < rear + 0.45),
        )
        out[ahead & (z < 0.46) & (y > low) & (y < low + 0.16)] = BLACK
        out[ahead & (z < 0.46) & (y > low) & (y < low + 0.16) & (y % 0.06 < 0.02)] = CHROME
        out[ahead & (z < 0.6) & (y < low - 0.1)] = dark
        out[ahead & (z < 0.24) & (y > low - 0.1) & (y < low)] = colour("#eeeeea")
        lamp = (x > front - 0.4) & (z > 0.52) & (y > low + 0.05) & (y < low + 0.2) & (n[:, 1] < 0.9)
        out[lamp] = LAMP
        out[behind & (z > 0.5) & (y > 0.6) & (y < 0.82)] = RED
        out[behind & (z < 0.26) & (y > 0.48) & (y < 0.6)] = colour("#eeeeea")
        return out

    def cabin_paint(p: Array, n: Array) -> Array:
        x, y, z = p[:, 0], p[:, 1], np.abs(p[:, 2])
        out = np.repeat((colour(roof_colour, 0.06) if roof_colour else paint)[None], len(p), 0)
        posts = np.any([np.abs(x - at) < 0.05 for at in pillars], 0)
        out[(np.abs(n[:, 2]) > 0.6) & inside(pane, x, y) & ~posts] = GLASS
        edge = wide - 0.14 - lean * (y - waist)
        out[
            (np.abs(n[:, 0]) > 0.3)
            & (np.abs(n[:, 2]) < 0.6)
            & (z < edge)
            & (y > waist + 0.03)
            & (y < top - 0.07)
        ] = GLASS
        return out

    mirrors = box((max(x for x, y in roof) - 0.35, waist + 0.12, wide + 0.06), (0.08, 0.07, 0.1), 0.05)
    return [
        Part(cut(hull, *arches), hull_paint),
        Part(cabin, cabin_paint if glazed else plain(body, 0.06)),
        Part(mirrored(mirrors), plain(body, 0.06)),
        Part(
            box(((front + rear) / 2, radius + 0.02, 0), ((front - rear) / 2 - 0.35, 0.14, wide - 0.22)),
            plain("#0c0c0d"),
        ),
        *wheels(axles, radius, wide - 0.01),
    ]


def sedan(body: str) -> list[Part]:
    lower = [
        (-2.2, 0.3),
        (-2.25, 0.62),
        (-2.18, 0.93),
        (-1.5, 0.97),
        (1.0, 0.95),
        (1.9, 0.78),
        (2.2, 0.62),
        (2.22, 0.28),
        (2.0, 0.2),
        (-2.0, 0.2),
    ]
    return car(
        body, lower, [(-1.85, 0.9), (-1.0, 1.42), (-0.2, 1.47), (0.25, 1.43), (1.2, 0.9)], pillars=(-0.1,)
    )


def hatchback(body: str) -> list[Part]:
    lower = [
        (-1.75, 0.3),
        (-1.82, 0.6),
        (-1.72, 0.95),
        (0.9, 0.98),
        (1.55, 0.84),
        (1.82, 0.64),
        (1.84, 0.28),
        (1.6, 0.2),
        (-1.6, 0.2),
    ]
    roof = [(-1.72, 0.92), (-1.42, 1.4), (-0.9, 1.5), (0.1, 1.48), (1.15, 0.92)]
    return car(body, lower, roof, axles=(-1.2, 1.15), wide=0.84, pillars=(-0.5,))


def offroader(body: str) -> list[Part]:
    lower = [
        (-2.1, 0.5),
        (-2.15, 0.7),
        (-2.1, 1.12),
        (0.9, 1.14),
        (1.9, 1.06),
        (2.1, 0.9),
        (2.1, 0.48),
        (1.9, 0.38),
        (-1.9, 0.38),
    ]
    roof = [(-2.08, 1.08), (-1.95, 1.78), (-1.6, 1.84), (0.3, 1.82), (0.6, 1.74), (1.05, 1.08)]
    return car(body, lower, roof, axles=(-1.3, 1.35), wide=0.95, lean=0.2, pillars=(-0.95, 0.0), radius=0.42)


def sports_car(body: str) -> list[Part]:
    lower = [
        (-2.15, 0.3),
        (-2.2, 0.6),
        (-2.1, 0.86),
        (-1.3, 0.84),
        (0.6, 0.76),
        (1.6, 0.62),
        (2.15, 0.46),
        (2.2, 0.26),
        (2.0, 0.17),
        (-2.0, 0.17),
    ]
    roof = [(-1.75, 0.76), (-0.7, 1.16), (-0.1, 1.2), (0.15, 1.16), (1.05, 0.7)]
    return car(body, lower, roof, axles=(-1.35, 1.35), wide=0.95, lean=0.5, pillars=(-0.75,), radius=0.34)
