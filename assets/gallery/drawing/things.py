"""Things that stand or fly, their faces towards +x; lengths in metres where nothing else is said."""

from __future__ import annotations

import numpy as np

from .shapes import (
    Array,
    Paint,
    Part,
    Shape,
    around,
    ball,
    both,
    box,
    colour,
    cut,
    disc,
    ellipsoid,
    fractal,
    lathe,
    layered,
    length,
    plain,
    ring,
    rod,
    slab,
    smoothstep,
    turned,
    union,
)


def gores(codes: tuple[str, ...], count: int, seam: float, height: float) -> Paint:
    """Cloth of `count` gores in turning colours, with a seam `seam` thick at multiples of `height`."""
    shades = np.array([colour(code, 0.02) for code in codes])

    def cloth(p: Array, n: Array) -> Array:
        turn = np.arctan2(p[:, 2], p[:, 0]) / (2 * np.pi) * count + 0.5
        out = shades[np.floor(turn).astype(int) % len(shades)]
        return np.where((p[:, 1] % height < seam)[:, None], out * np.float32(0.8), out)

    return cloth


def balloon(*stripes: str) -> list[Part]:
    """A hot-air balloon, about 11 tall."""
    outline = [
        (0, 2.2),
        (0.8, 2.2),
        (1.3, 3.2),
        (2.6, 5),
        (3.6, 6.8),
        (3.9, 8.3),
        (3.5, 9.8),
        (2.2, 11),
        (0, 11.5),
    ]
    ropes = [rod((x, 0.9, z), (1.6 * x, 2.3, 1.6 * z), 0.03) for x in (0.5, -0.5) for z in (0.5, -0.5)]
    wicker = layered(
        plain("#8a5f34"),
        (lambda p, n: np.sin(p[:, 1] * 60) * np.sin((p[:, 0] + p[:, 2]) * 40) > 0, colour("#5f3f20")),
    )
    return [
        Part(lathe(outline, 24, 0.03), gores(stripes, 24, 0.05, 1.1)),
        Part(union(*ropes), plain("#2a2320"), radius=3),
        Part(box((0, 0.45, 0), (0.6, 0.45, 0.6), 0.1), wicker, radius=3),
        Part(disc((0, 2.0, 0), 1, 0.25, 0.2), plain("#b9bdc2", 0.2), radius=3),
    ]


def parasol(*stripes: str) -> list[Part]:
    """A parasol stuck into the sand, about 2.4 tall."""
    outline = [(0, 1.55), (1.25, 1.55), (1.18, 1.75), (0.85, 2.03), (0.45, 2.2), (0, 2.28)]
    inner = [(0, 1.4), *((r, y - 0.03) for r, y in outline[1:])]
    knob = union(ball((0, 2.32, 0), 0.05), rod((0, -0.5, 0), (0, 2.3, 0), 0.045))
    return [
        Part(cut(lathe(outline, 8, -0.08), lathe(inner, 8, -0.08)), gores(stripes, 8, 0.02, 1.6), radius=3),
        Part(knob, plain("#8a5f34", 0.03), radius=3),
    ]


def traffic_light() -> list[Part]:
    """A traffic light on its pole, its red lamp lit."""
    heights = np.float32([3.62, 3.2, 2.78])
    glass = np.array([colour("#ff2a12") * 4, colour("#ffb000") * 0.05, colour("#18e070") * 0.05], np.float32)

    def lamps(p: Array, n: Array) -> Array:
        return glass[np.abs(p[:, 1:2] - heights).argmin(1)]

    hoods = [
        cut(
            disc((0.3, y, 0), 0, 0.19, 0.12),
            disc((0.3, y, 0), 0, 0.17, 0.3),
            box((0.5, y - 0.2, 0), (0.4, 0.17, 0.3)),
        )
        for y in heights
    ]
    return [
        Part(box((0, 3.2, 0), (0.2, 0.68, 0.24), 0.05), plain("#d8a514", 0.03), radius=5),
        Part(union(*hoods), plain("#17181a", 0.02), radius=5),
        Part(union(*(disc((0.2, y, 0), 0, 0.15, 0.03) for y in heights)), lamps, radius=5),
        Part(rod((-0.1, -1, 0), (-0.1, 2.6, 0), 0.07), plain("#4b4f53", 0.05), radius=5),
    ]


def alarm_clock(shell: str) -> list[Part]:
    """A twin-bell alarm clock, 1.2 of its own widths tall, at ten past ten."""

    def hand(degrees: float, long: float, wide: float, u: Array, v: Array) -> Array:
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        along = u * s + v * c
        return (along > -0.05) & (along < long) & (np.abs(u * c - v * s) < wide)

    def face(p: Array, n: Array) -> Array:
        u, v = -p[:, 2], p[:, 1] - 0.5  # to the right as seen from ahead, and upwards
        r, turn = np.hypot(u, v), np.arctan2(u, v) / (2 * np.pi)
        ink = hand(305, 0.18, 0.014, u, v) | hand(60, 0.26, 0.01, u, v) | (r < 0.025)
        for marks, wide, inner in ((60, 0.004, 0.3), (12, 0.012, 0.25), (4, 0.02, 0.23)):
            off = np.abs((turn * marks + 0.5) % 1 - 0.5) * r * 2 * np.pi / marks
            ink |= (off < wide) & (r > inner) & (r < 0.325)
        out = np.where(ink[:, None], colour("#141414"), colour("#f2efe4", 0.02))
        return np.where((hand(180, 0.28, 0.004, u, v) & ~ink)[:, None], colour("#c01d18"), out)

    def bell(side: int) -> Shape:
        lower = turned(box((0, 1.1, 0.24 * side), (0.4, 0.17, 0.4)), 0, -14.4 * side, (0, 0.93, 0.24 * side))
        return both(ball((0, 0.93, 0.24 * side), 0.17), lower)

    handle = both(ring((0, 0.98, 0), 0, 0.2, 0.018), box((0, 1.2, 0), (0.1, 0.2, 0.4)))
    feet = [rod((0, 0.2, z), (0, 0.02, 1.25 * z), 0.03, 0.04) for z in (0.24, -0.24)]
    case = cut(disc((0, 0.5, 0), 0, 0.42, 0.14, 0.03), disc((0.15, 0.5, 0), 0, 0.36, 0.05))
    return [
        Part(case, plain(shell, 0.08), radius=2),
        Part(disc((0.11, 0.5, 0), 0, 0.37, 0.01), face, radius=2),
        Part(
            union(bell(1), bell(-1), handle, rod((0, 0.9, 0), (0, 1, 0), 0.02), *feet),
            plain("#d2d5d8", 0.3),
            radius=2,
        ),
    ]


def icosahedron() -> tuple[Array, Array]:
    """Directions to its 12 corners and to the middles of its 20 faces."""
    golden = (1 + 5**0.5) / 2
    corners = np.array([np.roll((0, a, b * golden), k) for k in range(3) for a in (1, -1) for b in (1, -1)])
    near = corners @ corners.T > 0  # of each corner its five neighbours, and itself
    faces = [
        corners[[i, j, k]].sum(0)
        for i in range(12)
        for j in range(i)
        for k in range(j)
        if near[i, j] and near[j, k] and near[i, k]
    ]
    return tuple(np.float32(v / np.linalg.norm(v, axis=1, keepdims=True)) for v in (corners, np.array(faces)))


def football() -> list[Part]:
    """A ball of 12 black and 20 white patches, of radius 1."""
    corners, faces = icosahedron()

    def patches(p: Array, n: Array) -> Array:
        d = p - np.float32([0, 1, 0])
        d = d / length(d)[:, None]
        black, white = d @ corners.T * np.float32(0.97), d @ faces.T * np.float32(0.985)
        nearest = np.sort(np.column_stack([black, white]), 1)
        out = np.where(
            (black.max(1) > white.max(1))[:, None], colour("#141414", 0.04), colour("#f0f0ec", 0.04)
        )
        return np.where((nearest[:, -1] - nearest[:, -2] < 0.008)[:, None], colour("#3c3c3c"), out)

    return [Part(ball((0, 1, 0), 1.0), patches, radius=3)]


def candle() -> list[Part]:
    """A burning candle on a saucer, 1.4 of the saucer's widths tall."""

    def fire(p: Array, n: Array) -> Array:
        high = smoothstep(1.05, 1.2, p[:, 1])[:, None]
        return np.float32([2, 1.9, 2.9, 0]) + np.float32([4.5, 2.5, -0.8, 0]) * high

    def wax(p: Array, n: Array) -> Array:
        return colour("#efe3c6") + np.float32([0.6, 0.5, 0.35, 0]) * smoothstep(0.55, 1.0, p[:, 1])[:, None]

    saucer = lathe([(0, 0), (0.3, 0), (0.5, 0.07), (0.5, 0.09), (0.3, 0.05), (0, 0.05)])
    return [
        Part(lathe([(0, 0.05), (0.2, 0.05), (0.2, 0.95), (0.17, 1), (0.12, 0.95), (0, 0.94)]), wax, radius=2),
        Part(rod((0, 0.9, 0), (0.01, 1.09, 0), 0.012), plain("#1a1512"), radius=2),
        Part(lathe([(0, 1.05), (0.045, 1.1), (0.06, 1.17), (0.035, 1.3), (0, 1.42)]), fire, radius=2),
        Part(saucer, plain("#8a8d90", 0.2), radius=2),
    ]


def lantern() -> list[Part]:
    """A pumpkin carved into a face that glows from within, as wide as 1.3."""
    outline = [(0, 0.12), (0.3, 0), (0.56, 0.12), (0.66, 0.42), (0.55, 0.76), (0.28, 0.88), (0, 0.8)]
    eye, nose = [(0.1, 0.5), (0.38, 0.5), (0.25, 0.73)], [(-0.06, 0.42), (0.06, 0.42), (0, 0.52)]
    lower = [
        (-0.42, 0.42),
        (-0.3, 0.24),
        (-0.12, 0.17),
        (-0.12, 0.24),
        (-0.02, 0.24),
        (-0.02, 0.15),
        (0.3, 0.24),
    ]
    upper = [
        (0.42, 0.42),
        (0.26, 0.32),
        (0.16, 0.28),
        (0.16, 0.34),
        (0.06, 0.34),
        (0.06, 0.27),
        (-0.28, 0.32),
    ]
    holes = union(*(slab(o, "zy", 2.0) for o in (eye, [(-x, y) for x, y in eye], nose, lower + upper)))
    shell = lathe(outline, 14, 0.09)

    def skin(p: Array, n: Array) -> Array:
        rind = colour("#d0661a", 0.03) * (1 + 0.3 * (fractal(p * np.float32([6, 2, 6]), 3) - 0.5))[:, None]
        within = np.clip(-shell(p) / 0.05, 0, 1)[:, None]
        return (rind + (np.float32([7, 3.4, 1.5, 0]) - rind) * within).astype(np.float32)

    front = both(holes, box((1, 0.5, 0), (1, 1, 1)), lambda p: -0.14 - shell(p))
    stalk = [
        rod((0, 0.78, 0), (-0.02, 0.95, 0.02), 0.07, 0.05),
        rod((-0.02, 0.95, 0.02), (-0.1, 1.02, 0.06), 0.05),
    ]
    return [Part(cut(shell, front), skin, radius=2), Part(union(*stalk), plain("#5d6a2c"), radius=2)]


def lighthouse() -> list[Part]:
    """A red and white lighthouse on a rock in the sea, about 20 tall."""
    tower = lathe([(0, 2), (2.2, 2), (1.9, 6), (1.6, 11), (1.45, 15), (0, 15)])
    bands = layered(
        plain("#efede6"),
        (lambda p, n: (p[:, 1] - 2) % 5.2 < 2.6, colour("#b5201c")),
        (
            lambda p, n: (np.abs((p[:, 1] - 3) % 4.2 - 1.8) < 0.45) & (np.abs(p[:, 2]) < 0.25),
            colour("#20242a", 0.1),
        ),
    )
    lamp = layered(
        plain("#20282e", 0.1), (lambda p, n: np.abs(p[:, 1] - 16.6) < 0.5, np.float32([3.5, 3.3, 2.8, 0.1]))
    )
    posts = [rod((1.75 * c, 15.3, 1.75 * s), (1.75 * c, 16.1, 1.75 * s), 0.05) for c, s in around(14)]
    gallery = union(disc((0, 15.2, 0), 1, 1.95, 0.15), *posts, ring((0, 16.1, 0), 1, 1.75, 0.06))
    roof = lathe([(0, 17.6), (1.35, 17.6), (0.8, 18.4), (0.15, 18.9), (0.1, 19.8), (0, 19.8)])
    mound = ellipsoid((0, -0.6, 0), (6.5, 3.0, 5.0))

    def rock(p: Array) -> Array:
        return (mound(p) - 1.6 * (fractal(p * np.float32(0.45), 4) - 0.5)) * np.float32(0.7)

    def stone(p: Array, n: Array) -> Array:
        dark = colour("#3a3733")
        return dark + (colour("#8d857a") - dark) * fractal(p * np.float32([1, 2, 1]), 4)[:, None]

    return [
        Part(tower, bands, radius=20),
        Part(gallery, plain("#26282b", 0.05), radius=20),
        Part(disc((0, 16.5, 0), 1, 1.0, 1.2), lamp, radius=20),
        Part(roof, plain("#a81c18", 0.05), radius=20),
        Part(rock, stone, radius=12),
    ]
