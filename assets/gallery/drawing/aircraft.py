"""Airplanes, nose towards +x."""

from __future__ import annotations

import numpy as np

from .shapes import (
    Array,
    Part,
    Shape,
    box,
    colour,
    disc,
    ellipsoid,
    layered,
    mirrored,
    plain,
    rod,
    slab,
    tube,
    turned,
    union,
)

GLASS = colour("#10161d", 0.10)
TYRE = plain("#1a1a1b")
STEEL = plain("#8d9196", 0.2)


def wing(
    polygon: list[tuple[float, float]], height: float, rise: float, root: float, tip: float, span: float
) -> Shape:
    """A pair of wings: a planform (x,z) at `height`, rising by `rise` a unit, half as thick as root..tip."""
    flat = slab(polygon, "xz", 1.0)

    def shape(p: Array) -> Array:
        z = np.abs(p[:, 2])
        thick = root + (tip - root) * np.clip(z / span, 0, 1)
        plan = flat(np.column_stack([p[:, 0], np.zeros(len(p)), z]).astype(np.float32))
        across = np.abs(p[:, 1] - height - rise * z) - thick
        rounded = np.hypot(np.maximum(plan + thick, 0), np.maximum(across + thick, 0)) - thick
        return (np.maximum(rounded, np.minimum(np.maximum(plan, across), 0)) * 0.9).astype(np.float32)

    return shape


def airliner(
    top: str = "#f3f4f6",
    tail: str = "#1c4fa0",
    belly: str = "#c9ced4",
    stripe: str = "#1c4fa0",
    gear: bool = False,
) -> list[Part]:
    """A twin-jet, 20 long, span 20."""
    lift = [(-10.4, 0.55), (-8, 0.38), (-5, 0.05), (-3, 0), (10, 0)]
    hull = tube(
        [
            (-10.4, 0.1),
            (-9.6, 0.28),
            (-7.5, 0.68),
            (-5, 0.96),
            (-3, 1.02),
            (6, 1.02),
            (7.6, 0.95),
            (8.8, 0.72),
            (9.6, 0.4),
            (10, 0.06),
        ],
        [*lift[:-1], (6, 0), (8.5, -0.08), (10, -0.25)],
    )
    windows = lambda p, n: (  # noqa: E731
        (np.abs(p[:, 1] - 0.3) < 0.13) & (p[:, 0] % 0.52 < 0.26) & (p[:, 0] > -6.6) & (p[:, 0] < 7.2)
    )
    cockpit = lambda p, n: (p[:, 0] > 8.35) & (p[:, 0] < 8.98) & (p[:, 1] > 0.2) & (p[:, 1] < 0.52)  # noqa: E731
    doors = lambda p, n: (np.abs(np.abs(p[:, 0] - 0.4) - 7.4) < 0.24) & (np.abs(p[:, 1] - 0.1) < 0.45)  # noqa: E731
    body = layered(
        plain(top, 0.05),
        (lambda p, n: p[:, 1] < -0.32, colour(belly, 0.05)),
        (lambda p, n: np.abs(p[:, 1] + 0.22) < 0.1, colour(stripe, 0.05)),
        (lambda p, n: p[:, 0] < -7.2 - (p[:, 1] - 0.5) * 0.7, colour(tail, 0.05)),
        (doors, colour("#b9bfc6", 0.05)),
        (windows, GLASS),
        (cockpit, GLASS),
    )
    metal = layered(
        plain("#b8bec5", 0.06), (lambda p, n: p[:, 0] > 0.9 - 0.62 * np.abs(p[:, 2]), colour("#e4e7ea", 0.25))
    )
    nacelle = tube([(-1.5, 0.28), (-0.9, 0.5), (0.3, 0.7), (1.0, 0.68), (1.3, 0.6)], at=(1.3, -1.5, 3.5))
    intake = lambda p, n: (n[:, 0] > 0.85) & (np.hypot(p[:, 1] + 1.5, np.abs(p[:, 2]) - 3.5) < 0.52)  # noqa: E731
    lip = lambda p, n: p[:, 0] > 2.3  # noqa: E731
    pod = layered(plain(top, 0.06), (lip, colour("#d8dce0", 0.4)), (intake, colour("#1b1d21", 0.05)))
    parts = [
        Part(hull, body),
        Part(
            wing(
                [(2.9, 0.5), (-3.3, 10.2), (-4.3, 10.2), (-2.0, 3.6), (-2.3, 0.5)], -0.55, 0.1, 0.22, 0.06, 10
            ),
            metal,
        ),
        Part(
            wing([(-7.4, 0.2), (-9.6, 3.9), (-10.4, 3.9), (-9.5, 0.2)], 0.55, 0.08, 0.12, 0.05, 4),
            plain(belly, 0.06),
        ),
        Part(
            slab([(-6.2, 0.8), (-7.4, 1.4), (-9.4, 4.6), (-10.5, 4.6), (-9.7, 0.6)], "xy", 0.11, 0.1),
            plain(tail, 0.06),
        ),
        Part(mirrored(nacelle), pod),
        Part(
            mirrored(slab([(2.0, -0.85), (-0.6, -0.35), (-0.3, -1.1), (1.2, -1.0)], "xy", 0.1, 0.05, 3.5)),
            plain(belly),
        ),
        Part(
            mirrored(slab([(-3.2, 0.4), (-4.3, 1.6), (-4.8, 1.6), (-4.3, 0.4)], "xy", 0.05, 0.04, 10.15)),
            plain(tail, 0.05),
        ),
    ]
    if gear:
        wheels = [
            disc((x, -2.45, z), 2, 0.42, 0.16, 0.08) for x, z in ((7.0, 0.22), (-1.0, 1.75), (-1.0, 2.2))
        ]
        legs = [rod((7.0, -0.8, 0), (7.0, -2.4, 0), 0.1), rod((-1.0, -0.6, 2.0), (-1.0, -2.4, 2.0), 0.14)]
        parts += [Part(mirrored(union(*wheels)), TYRE), Part(mirrored(union(*legs)), STEEL)]
    return parts


def fighter(skin: str = "#7d868f", under: str = "#9aa3ab", mark: str = "#c23a2e") -> list[Part]:
    """A jet fighter, 16 long: cropped delta, twin fins."""
    hull = tube(
        [(-6.6, 0.62), (-4, 0.86), (0, 0.9), (3, 0.72), (5.5, 0.48), (7.5, 0.2), (8.6, 0.03)],
        [(-6.6, 0), (0, 0), (4, 0.05), (8.6, -0.15)],
    )
    shoulder = tube([(-6, 0.5), (-2, 0.85), (2, 0.8), (3.4, 0.5)], at=(0, -0.12, 0.75), tall=0.72)
    body = layered(
        plain(skin, 0.03),
        (lambda p, n: n[:, 1] < -0.3, colour(under, 0.03)),
        (lambda p, n: p[:, 0] > 7.3, colour("#4a4e53", 0.03)),
        (lambda p, n: p[:, 0] < -6.3, colour("#2a2b2d", 0.1)),
    )
    panel = layered(
        plain(skin, 0.03),
        (lambda p, n: np.hypot(p[:, 0] + 2.9, np.abs(p[:, 2]) - 3.4) < 0.5, colour(mark, 0.03)),
        (lambda p, n: np.hypot(p[:, 0] + 2.9, np.abs(p[:, 2]) - 3.4) < 0.24, colour("#f0f0f0", 0.03)),
    )
    fin = turned(slab([(-3.2, 0), (-5.6, 2.6), (-6.8, 2.6), (-6.6, 0)], "xy", 0.07, 0.06, 0), 0, -14)
    return [
        Part(union(hull, mirrored(shoulder), smooth=0.5), body),
        Part(wing([(3.6, 0.7), (-2.6, 5.4), (-4.2, 5.4), (-4.6, 0.7)], 0.0, -0.02, 0.14, 0.04, 5.4), panel),
        Part(
            wing([(-4.8, 0.8), (-6.9, 3.4), (-7.8, 3.4), (-7.2, 0.8)], 0.0, 0, 0.1, 0.04, 3.4),
            plain(skin, 0.03),
        ),
        Part(mirrored(lambda p: fin(p - np.float32([0, 0.4, 1.15]))), plain(skin, 0.03)),
        Part(ellipsoid((3.6, 0.62, 0), (1.9, 0.5, 0.42)), plain("#20262c", 0.14)),
        Part(mirrored(disc((-6.9, -0.05, 0.55), 0, 0.5, 0.5, 0.1)), plain("#2c2d2f", 0.15)),
        Part(mirrored(rod((-1.0, 0.0, 5.45), (-4.2, 0.0, 5.45), 0.12)), plain("#e6e6e2", 0.03)),
    ]


def propeller(x: float, y: float, radius: float, angle: float) -> Shape:
    blade = box((x, y, 0), (0.06, radius, 0.13), 0.05)
    return turned(blade, 0, angle, (x, y, 0))


def light_plane(
    body_colour: str = "#f4f2ec", trim: str = "#b3262b", wing_colour: str = "#f4f2ec", low: float = -1.0
) -> list[Part]:
    """A high-winged single-engined plane, 8 long, span 11, on its wheels."""
    cabin = tube(
        [
            (-4.4, 0.08),
            (-3.5, 0.26),
            (-1.5, 0.58),
            (0.2, 0.78),
            (1.2, 0.78),
            (1.8, 0.62),
            (2.9, 0.55),
            (3.25, 0.3),
        ],
        [(-4.4, 0.32), (-2, 0.22), (0.2, 0.1), (1.2, 0.08), (1.9, -0.12), (3.25, -0.2)],
        tall=1.12,
    )
    side = lambda p, n: (  # noqa: E731
        (p[:, 1] > 0.22)
        & (p[:, 1] < 0.72)
        & (p[:, 0] > -1.2)
        & (p[:, 0] < 1.75)
        & (np.abs((p[:, 0] + 1.2) % 1.0) > 0.1)
    )
    paint = layered(
        plain(body_colour, 0.05),
        (lambda p, n: np.abs(p[:, 1] + 0.12 - 0.04 * p[:, 0]) < 0.13, colour(trim, 0.05)),
        (lambda p, n: p[:, 1] < -0.5, colour(trim, 0.05)),
        (side, GLASS),
    )
    cover = layered(plain(wing_colour, 0.05), (lambda p, n: np.abs(p[:, 2]) > 4.6, colour(trim, 0.05)))
    wheels = union(disc((1.0, low, 1.2), 2, 0.32, 0.13, 0.08), disc((2.6, low, 0.0), 2, 0.26, 0.1, 0.06))
    legs = union(rod((0.8, -0.5, 0.5), (1.0, low, 1.15), 0.07), rod((2.6, -0.5, 0), (2.6, low, 0.0), 0.06))
    return [
        Part(cabin, paint),
        Part(
            wing(
                [(1.35, 0), (1.35, 3), (1.15, 5.5), (0.15, 5.5), (-0.15, 3), (-0.15, 0)],
                0.98,
                0.02,
                0.1,
                0.06,
                5.5,
            ),
            cover,
        ),
        Part(wing([(-3.2, 0.1), (-3.6, 1.8), (-4.4, 1.8), (-4.4, 0.1)], 0.4, 0, 0.06, 0.04, 1.8), cover),
        Part(slab([(-2.9, 0.5), (-3.8, 1.9), (-4.5, 1.9), (-4.5, 0.3)], "xy", 0.07, 0.05), plain(trim, 0.05)),
        Part(mirrored(rod((0.7, -0.45, 0.6), (0.6, 0.98, 2.7), 0.05)), plain(wing_colour, 0.05)),
        Part(tube([(-0.1, 0.24), (0.2, 0.2), (0.5, 0.02)], at=(3.2, -0.2, 0)), plain(trim, 0.15)),
        Part(propeller(3.35, -0.2, 1.0, 25), plain("#2a2a2c", 0.05)),
        Part(mirrored(wheels), TYRE),
        Part(mirrored(legs), STEEL),
    ]


def biplane(skin: str = "#b8231f", trim: str = "#f1e9d2") -> list[Part]:
    """An open-cockpit biplane, 8 long, span 9."""
    hull = tube(
        [(-4.2, 0.06), (-3, 0.3), (-1, 0.52), (1, 0.62), (2.2, 0.68), (2.7, 0.6)],
        [(-4.2, 0.25), (-1, 0.05), (1, 0), (2.7, 0)],
        tall=1.1,
    )
    body = layered(
        plain(skin, 0.05),
        (lambda p, n: np.abs(p[:, 1] - 0.02) < 0.09, colour(trim, 0.05)),
        (lambda p, n: (n[:, 1] > 0.6) & (np.hypot((p[:, 0] + 0.8) * 0.8, p[:, 2]) < 0.36), colour("#1c1512")),
        (lambda p, n: n[:, 0] > 0.8, colour("#35363a", 0.1)),
    )
    canvas = layered(
        plain(skin, 0.04), (lambda p, n: np.abs(np.abs(p[:, 2]) - 3.2) < 0.35, colour(trim, 0.04))
    )
    plan = [(1.7, 0), (1.7, 3.9), (1.4, 4.4), (0.5, 4.4), (0.3, 3.9), (0.3, 0)]
    struts = [rod((x, -0.5, z), (x + 0.15, 1.35, z), 0.05) for x in (0.5, 1.3) for z in (0.45, 3.0)]
    return [
        Part(hull, body),
        Part(wing([(x + 0.15, z) for x, z in plan], 1.3, 0.015, 0.08, 0.05, 4.4), canvas),
        Part(wing(plan, -0.5, 0.03, 0.08, 0.05, 4.4), canvas),
        Part(wing([(-3.1, 0), (-3.5, 1.5), (-4.3, 1.5), (-4.3, 0)], 0.3, 0, 0.06, 0.04, 1.5), canvas),
        Part(slab([(-3.1, 0.3), (-3.6, 1.4), (-4.3, 1.4), (-4.5, 0.2)], "xy", 0.06, 0.05), plain(trim, 0.05)),
        Part(mirrored(union(*struts)), plain("#5b3d22")),
        Part(propeller(2.95, 0, 1.2, 40), plain("#4a2f19", 0.05)),
        Part(ellipsoid((2.9, 0, 0), (0.35, 0.2, 0.2)), STEEL),
        Part(mirrored(disc((1.4, -1.5, 0.95), 2, 0.42, 0.11, 0.08)), TYRE),
        Part(
            mirrored(
                union(
                    rod((1.9, -0.5, 0.4), (1.4, -1.5, 0.85), 0.06),
                    rod((0.8, -0.5, 0.4), (1.4, -1.5, 0.85), 0.06),
                )
            ),
            STEEL,
        ),
    ]
