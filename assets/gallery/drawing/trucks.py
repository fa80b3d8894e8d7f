"""Trucks, front towards +x, wheels on y = 0; lengths in metres."""

from __future__ import annotations

import numpy as np

from .cars import BLACK, CHROME, GLASS, LAMP, RED, wheels
from .shapes import Part, Shape, box, colour, cut, disc, layered, mirrored, plain, rod, slab, union


def cab(body: str, x: float, wide: float, roof: float, nose: float, floor: float = 0.55) -> list[Part]:
    """A truck's cab, its back at x and its windscreen `nose` behind the bumper; cab-over if nose is 0."""
    depth = 1.75
    front = x + depth
    screen = [
        (x, floor),
        (x, roof),
        (front - 0.35, roof),
        (front, floor + (roof - floor) * 0.5),
        (front, floor),
    ]
    low = floor + (roof - floor) * (0.48 if nose == 0 else 0.55)
    paint = layered(
        plain(body, 0.05),
        (
            lambda p, n: (
                (n[:, 0] > 0.35) & (p[:, 1] > low) & (p[:, 1] < roof - 0.2) & (np.abs(p[:, 2]) < wide - 0.13)
            ),
            GLASS,
        ),
        (
            lambda p, n: (
                (np.abs(n[:, 2]) > 0.6)
                & (p[:, 1] > low)
                & (p[:, 1] < roof - 0.22)
                & (p[:, 0] > front - 1.15)
                & (p[:, 0] < front - 0.12 - (p[:, 1] - low) * 0.2)
            ),
            GLASS,
        ),
        (
            lambda p, n: (np.abs(n[:, 2]) > 0.6) & (np.abs(np.abs(p[:, 0] - front + 0.65) - 0.58) < 0.014),
            BLACK,
        ),
        (
            lambda p, n: (
                (nose == 0)
                & (n[:, 0] > 0.5)
                & (np.abs(p[:, 1] - floor - 0.55) < 0.22)
                & (np.abs(p[:, 2]) < wide - 0.3)
                & (p[:, 1] % 0.11 < 0.07)
            ),
            BLACK,
        ),
    )
    parts = [Part(slab(screen, "xy", wide, 0.09), paint)]
    tip = front + nose
    if nose:
        hood = [
            (front - 0.2, floor),
            (front - 0.2, low + 0.02),
            (tip - 0.2, low - 0.18),
            (tip, low - 0.4),
            (tip, floor),
        ]
        grille = layered(
            plain(body, 0.05),
            (
                lambda p, n: (n[:, 0] > 0.6) & (np.abs(p[:, 2]) < wide * 0.5) & (p[:, 1] > floor + 0.15),
                CHROME,
            ),
            (
                lambda p, n: (
                    (n[:, 0] > 0.6)
                    & (np.abs(p[:, 2]) < wide * 0.46)
                    & (p[:, 1] > floor + 0.2)
                    & (p[:, 2] % 0.1 < 0.06)
                ),
                BLACK,
            ),
        )
        parts.append(Part(slab(hood, "xy", wide * 0.78, 0.12), grille))
    bumper = layered(
        plain("#d9dcdf" if nose else "#2b2d30", 0.12),
        (lambda p, n: (n[:, 0] > 0.6) & (np.abs(np.abs(p[:, 2]) - wide + 0.3) < 0.2), LAMP),
    )
    parts += [
        Part(box((tip + 0.02, floor, 0), (0.14, 0.2, wide), 0.05), bumper),
        Part(
            mirrored(box((front - 0.15, low + 0.45, wide + 0.2), (0.06, 0.28, 0.12), 0.04)),
            plain("#1a1b1d", 0.05),
        ),
    ]
    return parts


def semi_truck(body: str, trailer: str, mark: str) -> list[Part]:
    """A bonneted tractor with a box trailer, about 15 long."""
    side = layered(
        plain(trailer, 0.03),
        (lambda p, n: (np.abs(n[:, 2]) > 0.6) & (np.abs(p[:, 1] - 1.9) < 0.22), colour(mark, 0.03)),
        (lambda p, n: (np.abs(n[:, 2]) > 0.6) & (p[:, 0] % 1.2 < 0.03), colour("#9aa0a6", 0.03)),
        (lambda p, n: p[:, 1] < 1.2, colour("#8b9096", 0.05)),
    )
    return [
        *cab(body, 3.6, 1.2, 3.3, 1.5),
        Part(box((3.1, 2.1, 0), (0.7, 1.35, 1.15), 0.1), plain(body, 0.05)),
        Part(box((-2.6, 2.55, 0), (5.2, 1.5, 1.28), 0.05), side),
        Part(box((0.0, 0.85, 0), (6.4, 0.16, 0.5)), plain("#1d1e20")),
        Part(mirrored(rod((2.95, 0.8, 1.22), (2.95, 3.9, 1.22), 0.09)), plain("#d6dadd", 0.4)),
        Part(mirrored(disc((3.9, 0.72, 1.0), 0, 0.32, 0.6, 0.06)), plain("#c9cdd1", 0.35)),
        *wheels((6.1, 2.6, 1.45, -5.2, -6.4), 0.52, 1.25, 0.4, 8),
    ]


def box_truck(body: str, load: str, mark: str) -> list[Part]:
    """A cab-over delivery truck, about 7 long."""
    side = layered(
        plain(load, 0.03),
        (
            lambda p, n: (
                (np.abs(n[:, 2]) > 0.6) & (np.abs(p[:, 1] - 1.35 - 0.25 * np.sin(p[:, 0] * 0.9)) < 0.22)
            ),
            colour(mark, 0.03),
        ),
        (lambda p, n: (p[:, 1] < 0.98) | (p[:, 1] > 3.12), colour("#a9aeb3", 0.1)),
    )
    return [
        *cab(body, 1.6, 1.05, 2.55, 0.0),
        Part(box((-1.0, 2.05, 0), (2.45, 1.2, 1.15), 0.05), side),
        Part(box((-0.2, 0.7, 0), (3.0, 0.14, 0.5)), plain("#1d1e20")),
        *wheels((2.35, -1.9), 0.46, 1.08, 0.34, 6, "#d5d8da"),
    ]


def dump_truck(body: str) -> list[Part]:
    """A tipper with a ribbed skip full of earth, about 8 long."""
    skip = [(-3.9, 1.25), (-4.2, 2.6), (1.3, 2.75), (2.6, 3.2), (2.6, 3.05), (1.4, 2.5), (1.35, 1.25)]
    ribs = layered(
        plain(body, 0.04),
        (lambda p, n: (np.abs(n[:, 2]) > 0.6) & ((p[:, 0] + 4) % 0.85 < 0.12), colour("#7c5a10", 0.03)),
    )
    hollow = box((-1.3, 2.9, 0), (2.4, 0.9, 1.12))
    return [
        *cab(body, 1.55, 1.2, 2.95, 0.75, 0.7),
        Part(cut(slab(skip, "xy", 1.3, 0.05), hollow), ribs),
        Part(box((-1.3, 2.3, 0), (2.5, 0.28, 1.1), 0.25), plain("#6b4a2f")),
        Part(box((0.0, 0.95, 0), (3.9, 0.18, 0.55)), plain("#1d1e20")),
        *wheels((2.75, -1.6, -2.95), 0.58, 1.3, 0.45, 6, "#d9a71a"),
    ]


def fire_engine() -> list[Part]:
    """A red fire engine with a ladder, about 9 long."""
    lockers = layered(
        plain("#b5130f", 0.05),
        (
            lambda p, n: (
                (np.abs(n[:, 2]) > 0.6) & (p[:, 1] > 1.05) & (p[:, 1] < 2.1) & ((p[:, 0] + 5) % 1.3 > 0.12)
            ),
            colour("#c3c8cc", 0.12),
        ),
        (
            lambda p, n: (
                (np.abs(n[:, 2]) > 0.6) & (p[:, 1] > 1.05) & (p[:, 1] < 2.1) & (p[:, 1] % 0.15 < 0.02)
            ),
            colour("#6f757a"),
        ),
        (lambda p, n: (np.abs(n[:, 2]) > 0.6) & (np.abs(p[:, 1] - 0.88) < 0.09), colour("#f3f1e8")),
    )
    rails = [box((-0.6, 2.92, z), (3.9, 0.08, 0.05), 0.02) for z in (0.35, -0.35)]
    rungs: list[Shape] = [rod((x, 2.92, -0.35), (x, 2.92, 0.35), 0.035) for x in np.arange(-4.2, 3.2, 0.5)]
    return [
        *cab("#b5130f", 2.2, 1.2, 2.75, 0.0, 0.5),
        Part(box((-1.2, 1.6, 0), (3.45, 1.05, 1.22), 0.06), lockers),
        Part(union(*rails, *rungs), plain("#d3d7da", 0.25)),
        Part(box((3.1, 2.86, 0), (0.18, 0.12, 0.85), 0.06), plain("#2f66d8", 0.2)),
        Part(box((-0.4, 0.7, 0), (4.0, 0.2, 0.6)), plain("#1d1e20")),
        *wheels((2.75, -2.6), 0.52, 1.23, 0.4, 8, "#d5d8da"),
    ]


def school_bus() -> list[Part]:
    """A yellow school bus, about 10 long."""
    yellow = "#e09a0c"
    side = lambda p, n: np.abs(n[:, 2]) > 0.6  # noqa: E731
    shell = layered(
        plain(yellow, 0.04),
        (lambda p, n: side(p, n) & (np.abs(p[:, 1] - 1.25) < 0.05), BLACK),
        (lambda p, n: side(p, n) & (np.abs(p[:, 1] - 1.7) < 0.05), BLACK),
        (lambda p, n: side(p, n) & (np.abs(p[:, 1] - 2.25) < 0.33) & ((p[:, 0] + 6) % 0.95 > 0.16), GLASS),
        (
            lambda p, n: (
                (n[:, 0] > 0.6) & (np.abs(np.abs(p[:, 2]) - 0.75) < 0.22) & (np.abs(p[:, 1] - 2.95) < 0.09)
            ),
            RED,
        ),
        (lambda p, n: (n[:, 0] > 0.6) & (np.abs(p[:, 2]) < 0.45) & (np.abs(p[:, 1] - 2.95) < 0.09), BLACK),
    )
    return [
        *cab(yellow, 1.6, 1.15, 2.75, 1.05, 0.6),
        Part(box((-1.4, 1.85, 0), (3.9, 1.3, 1.22), 0.25), shell),
        Part(box((-0.6, 0.7, 0), (4.6, 0.14, 0.6)), plain("#1d1e20")),
        *wheels((3.55, -2.9), 0.5, 1.22, 0.36, 8, "#2b2d30"),
    ]
