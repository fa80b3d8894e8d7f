"""Ships, bow towards +x, the water at y = 0."""

from __future__ import annotations

import numpy as np

from .shapes import TABLE, Array, Paint, Part, Shape, box, colour, disc, layered, mirrored, plain, rod, union

GLASS = colour("#17222b", 0.10)
WHITE = colour("#f2f2ee", 0.04)


def hull(
    half_length: float,
    half_beam: float,
    freeboard: float,
    sheer: float = 0.0,
    rake: float = 0.5,
    stern: float = 7.0,
    bow: float = 2.2,
    draught: float = 0.6,
) -> Shape:
    """A hull with a raked, flared bow; the deck rises by `sheer` towards both ends."""

    def shape(p: Array) -> Array:
        t = (p[:, 0] - rake * p[:, 1] * np.clip(p[:, 0] / half_length, 0, 1)) / half_length
        ahead = np.clip(t, 0, 1.2)
        full = 1 - np.where(
            t > 0, ahead ** (bow + 0.5 * np.clip(p[:, 1] / freeboard, 0, 1)), np.abs(t) ** stern
        )
        narrow = 0.82 + 0.18 * np.clip((p[:, 1] + draught) / (freeboard + draught), 0, 1)
        side = (np.abs(p[:, 2]) - half_beam * full * narrow) * 0.6
        up = p[:, 1] - freeboard - sheer * t * t * np.where(t > 0, 1, 0.5)
        return np.maximum(np.maximum(side, up * 0.9), -draught - p[:, 1]).astype(np.float32)

    return shape


def hull_paint(
    side: str, boot: str, deck: str, water_line: float, band: str | None = None, at: float = 0.0
) -> Paint:
    """A hull with its underwater paint, its deck and perhaps a band at height `at`."""
    layers = [(lambda p, n: p[:, 1] < water_line, colour(boot, 0.03))]
    if band:
        layers.append((lambda p, n: np.abs(p[:, 1] - at) < 0.12, colour(band, 0.04)))
    return layered(plain(side, 0.04), *layers, (lambda p, n: n[:, 1] > 0.8, colour(deck)))


def rows(
    code: str, pitch: float, high: float, gap: float, wide: float, low: float = -1e9, top: float = 1e9
) -> Paint:
    """Walls with rows of windows between heights low and top; roofs in a lighter grey."""
    return layered(
        plain(code, 0.04),
        (
            lambda p, n: (
                (np.abs(n[:, 1]) < 0.5)
                & (p[:, 1] > low)
                & (p[:, 1] < top)
                & (p[:, 1] % pitch < high)
                & (np.where(np.abs(n[:, 2]) > np.abs(n[:, 0]), p[:, 0], p[:, 2]) % gap < wide)
            ),
            GLASS,
        ),
    )


def container_ship(side: str = "#1f3f6e") -> list[Part]:
    """A loaded container ship, about 26 long."""
    palette = np.stack(
        [
            colour(c, 0.02)
            for c in ("#a83226", "#2c5d8f", "#d98324", "#5d7f52", "#8d8f93", "#d8d6cc", "#7a2530")
        ]
    )

    def boxes(p: Array, n: Array) -> Array:
        q = p - n * np.float32(0.02)
        cell = np.floor(q / np.float32([1.25, 0.52, 0.52])).astype(int) % 64
        paint = palette[(TABLE[cell[:, 0], cell[:, 1], cell[:, 2]] * 6.99).astype(int)]
        part = np.abs(q / np.float32([1.25, 0.52, 0.52]) % 1 - 0.5)
        seam = ((part[:, 1] > 0.46) & (np.abs(n[:, 1]) < 0.5)) | (part[:, 0] > 0.475) & (
            np.abs(n[:, 0]) < 0.5
        )
        ribs = 0.88 + 0.12 * (p[:, :1] % 0.2 < 0.1)
        return np.where(
            seam[:, None], colour("#26262a"), paint * np.concatenate([ribs] * 3 + [np.ones_like(ribs)], 1)
        ).astype(np.float32)

    stacks = [
        box((x, 1.6 + h * 0.26, 0), (1.22, h * 0.26, 1.84), 0.01)
        for x, h in ((9.4, 2), (6.9, 4), (4.4, 5), (1.9, 5), (-0.6, 6), (-3.1, 5), (-10.6, 4))
    ]
    return [
        Part(hull(13, 2.2, 1.6, 0.7, 0.6), hull_paint(side, "#7d2a22", "#6a4a3c", 0.45)),
        Part(union(*stacks), boxes),
        Part(
            union(box((-6.4, 3.4, 0), (0.9, 2.6, 1.9), 0.05), box((-6.2, 5.7, 0), (0.7, 0.35, 2.3), 0.05)),
            rows("#efeee8", 0.62, 0.26, 0.5, 0.3, 3.6),
        ),
        Part(
            box((-8.2, 3.4, 0), (0.6, 2.3, 0.7), 0.15),
            layered(plain("#d9a427", 0.03), (lambda p, n: p[:, 1] > 5.0, colour("#222226"))),
        ),
        Part(
            union(
                rod((-6.2, 6, 0), (-6.2, 7.6, 0), 0.07),
                rod((-6.2, 7.0, -0.7), (-6.2, 7.0, 0.7), 0.05),
                rod((12.4, 2.1, 0), (12.4, 3.8, 0), 0.07),
            ),
            plain("#dad8cf"),
        ),
    ]


def cruise_ship() -> list[Part]:
    """A white liner with rows of cabins and a funnel, about 26 long."""
    decks: list[Part] = []
    for i, (back, front) in enumerate(((-10.6, 8.2), (-10.2, 7.6), (-9.6, 6.8), (-8.8, 5.8), (-7.6, 4.6))):
        y = 2.2 + 0.62 * i
        half = 2.05 - 0.09 * i
        decks.append(
            Part(
                box(((front + back) / 2, y, 0), ((front - back) / 2, 0.34, half), 0.12),
                layered(
                    plain("#f3f3ef", 0.04),
                    (
                        lambda p, n, y=y: (
                            (np.abs(n[:, 1]) < 0.5)
                            & (np.abs(p[:, 1] - y + 0.02) < 0.15)
                            & (np.where(np.abs(n[:, 2]) > np.abs(n[:, 0]), p[:, 0], p[:, 2]) % 0.55 < 0.36)
                        ),
                        GLASS,
                    ),
                    (lambda p, n: n[:, 1] > 0.8, colour("#b79b78")),
                ),
            )
        )
    boats = [box((x, 2.65, 2.2), (0.62, 0.2, 0.22), 0.16) for x in np.arange(-7.5, 4, 1.7)]
    ports = (
        lambda p, n: (
            (np.abs(n[:, 2]) > 0.4)
            & (np.abs(p[:, 1] - 1.2) < 0.1)
            & (p[:, 0] % 0.6 < 0.2)
            & (np.abs(p[:, 0]) < 10)
        ),
        GLASS,
    )
    body = hull_paint("#f3f3ef", "#1f3b63", "#b79b78", 0.35, "#1f3b63", 0.62)
    return [
        Part(hull(13, 2.15, 1.9, 0.6, 0.9, bow=2.4), layered(body, ports)),
        *decks,
        Part(box((5.2, 4.2, 0), (1.0, 0.3, 2.3), 0.15), rows("#f3f3ef", 10, 10, 0.5, 0.42, 4.1, 4.4)),
        Part(mirrored(union(*boats)), layered(plain("#e5701d", 0.04), (lambda p, n: p[:, 1] < 2.6, WHITE))),
        Part(
            box((-4.6, 5.9, 0), (1.1, 1.2, 0.75), 0.4),
            layered(
                plain("#1f4f8f", 0.05),
                (lambda p, n: p[:, 1] > 6.6, colour("#1b1c1f")),
                (lambda p, n: np.abs(p[:, 1] - 6.1) < 0.14, WHITE),
            ),
        ),
        Part(
            union(rod((3.6, 5, 0), (3.3, 7.4, 0), 0.1, 0.05), rod((3.4, 6.4, -0.6), (3.4, 6.4, 0.6), 0.05)),
            plain("#f0f0ec"),
        ),
    ]


def warship() -> list[Part]:
    """A grey frigate, about 26 long."""
    grey, dark = plain("#87909a", 0.03), plain("#6d757e", 0.03)
    house = rows("#87909a", 50, 50, 0.45, 0.3, 3.35, 3.6)
    return [
        Part(hull(13, 1.75, 1.3, 1.0, 0.9, bow=1.8), hull_paint("#7d8791", "#3a2020", "#6b7178", 0.16)),
        Part(
            union(box((1.8, 2.2, 0), (2.6, 1.1, 1.3), 0.1), box((2.2, 3.4, 0), (1.5, 0.5, 1.1), 0.1)), house
        ),
        Part(box((-5.2, 1.9, 0), (2.2, 0.9, 1.25), 0.1), grey),
        Part(
            box((-1.8, 2.6, 0), (0.9, 1.4, 0.75), 0.15),
            layered(dark, (lambda p, n: p[:, 1] > 3.7, colour("#232427"))),
        ),
        Part(
            union(
                rod((1.2, 3.5, 0), (0.9, 7.2, 0), 0.26, 0.06),
                rod((1.1, 5.2, -1.2), (1.1, 5.2, 1.2), 0.07),
                rod((1.0, 6.3, -0.7), (1.0, 6.3, 0.7), 0.05),
                disc((1.1, 5.7, 0), 1, 0.45, 0.1, 0.05),
            ),
            dark,
        ),
        Part(
            union(
                rod((-4.6, 2.6, 0), (-4.8, 5.2, 0), 0.18, 0.05), box((-4.7, 4.2, 0), (0.1, 0.35, 0.7), 0.05)
            ),
            dark,
        ),
        Part(
            union(box((7.0, 2.0, 0), (0.8, 0.45, 0.6), 0.2), rod((7.4, 2.2, 0), (9.6, 2.7, 0), 0.13, 0.09)),
            dark,
        ),
    ]


def tug(body: str = "#b5281f") -> list[Part]:
    """A harbour tug or small fishing boat, about 9 long."""
    tyres = [disc((x, 0.75, 1.55), 2, 0.3, 0.1, 0.08) for x in (-2.8, -1.6, -0.4, 0.8)]
    return [
        Part(
            hull(4.6, 1.6, 0.9, 0.9, 0.35, stern=4, bow=2.3),
            hull_paint(body, "#20242a", "#7a6a55", 0.22, "#f0efe8", 0.85),
        ),
        Part(box((0.4, 1.7, 0), (1.5, 0.8, 1.0), 0.1), rows("#f1efe6", 50, 50, 0.75, 0.36, 1.65, 2.05)),
        Part(box((0.8, 2.95, 0), (0.85, 0.55, 0.8), 0.08), rows("#f1efe6", 50, 50, 0.5, 0.4, 2.8, 3.25)),
        Part(box((0.8, 3.53, 0), (1.0, 0.07, 0.95), 0.05), plain(body, 0.04)),
        Part(
            disc((-1.0, 2.9, 0), 1, 0.42, 0.9, 0.06),
            layered(plain("#dba227", 0.04), (lambda p, n: p[:, 1] > 3.4, colour("#1d1d20"))),
        ),
        Part(
            union(
                rod((0.3, 3.4, 0), (0.1, 5.6, 0), 0.07, 0.04),
                rod((0.2, 4.8, -0.5), (0.2, 4.8, 0.5), 0.04),
                rod((-3.2, 1.0, 0), (-3.2, 2.3, 0), 0.09),
                rod((-3.2, 2.2, -0.6), (-3.2, 2.2, 0.6), 0.06),
            ),
            plain("#e8e4d8"),
        ),
        Part(mirrored(union(*tyres)), plain("#17181a")),
    ]


def sail(x: float, y: float, wide: float, high: float, belly: float) -> Shape:
    """A square sail across the ship, bellied forwards."""

    def shape(p: Array) -> Array:
        v = np.clip((p[:, 1] - y) / high, -1, 1)
        reach = wide * (1 - 0.12 * v)
        u = np.clip(p[:, 2] / reach, -1, 1)
        across = np.abs(p[:, 0] - x - belly * (1 - u * u) * (1 - v * v)) - 0.04
        edge = np.maximum(np.abs(p[:, 2]) - reach, np.abs(p[:, 1] - y) - high)
        return (np.maximum(across * 0.6, edge)).astype(np.float32)

    return shape


def tall_ship(side: str = "#3a2a1e", cloth: str = "#efe6d0") -> list[Part]:
    """A three-masted sailing ship, about 20 long."""
    masts, sails, yards = [], [], []
    for x, top, wide in ((5.2, 10.4, 2.5), (0.4, 11.8, 2.8), (-4.6, 9.6, 2.3)):
        masts.append(rod((x, 1, 0), (x, top + 1.2, 0), 0.17, 0.07))
        for k, (low, high) in enumerate(((2.6, 5.4), (5.7, 8.1), (8.35, 10.1))):
            y = (low + high) / 2 * (top / 11)
            sails.append(sail(x + 0.15, y, wide * (1 - 0.2 * k), (high - low) / 2 * (top / 11), 0.7))
            yards.append(
                rod(
                    (x + 0.15, high * top / 11 + 0.05, -wide * (1.02 - 0.2 * k)),
                    (x + 0.15, high * top / 11 + 0.05, wide * (1.02 - 0.2 * k)),
                    0.07,
                )
            )
    jib = lambda p: np.maximum(  # noqa: E731
        (np.abs(p[:, 2] - 0.25 * np.sin((p[:, 1] - 2) * 0.5)) - 0.04) * 0.7,
        np.maximum.reduce(
            [
                6.0 - p[:, 0] + (p[:, 1] - 2.4) * 0.05,
                (p[:, 1] - 2.2) - (10.6 - p[:, 0]) * 1.5,
                2.4 + (p[:, 0] - 6) * 0.12 - p[:, 1],
            ]
        )
        * 0.5,
    ).astype(np.float32)
    ports = (
        lambda p, n: (
            (np.abs(n[:, 2]) > 0.4)
            & (np.abs(p[:, 1] - 0.95) < 0.16)
            & (p[:, 0] % 1.0 < 0.34)
            & (np.abs(p[:, 0]) < 7)
        ),
        colour("#17120e"),
    )
    body = hull_paint(side, "#5c2b1e", "#8a6a45", 0.1, "#d9c48a", 0.95)
    canvas = layered(plain(cloth), (lambda p, n: (p[:, 1] % 0.85) < 0.03, colour("#cfc4a8")))
    return [
        Part(hull(9, 1.9, 1.4, 1.1, 0.45, stern=4), layered(body, ports)),
        Part(union(*masts, *yards, rod((8.2, 2.3, 0), (12.2, 3.8, 0), 0.14, 0.07)), plain("#5b4027")),
        Part(union(*sails), canvas),
        Part(jib, canvas),
    ]


def yacht(side: str = "#f4f4f1", cloth: str = "#f7f6f0", mizzen: bool = False) -> list[Part]:
    """A sloop with mainsail and jib, about 10 long; a yawl with a `mizzen`, the small mast at the stern."""

    def cloth_shape(low: float, foot: float, luff: float, top: float, bend: float) -> Shape:
        def shape(p: Array) -> Array:
            v = np.clip((p[:, 1] - low) / (top - low), 0, 1)
            reach = (foot - luff) * (1 - v) ** 0.9
            u = np.clip((p[:, 0] - luff) / np.where(np.abs(reach) < 0.05, -0.05, reach), 0, 1)
            across = np.abs(p[:, 2] - bend * np.sin(np.pi * np.clip(u, 0, 1) ** 0.8) * (1 - v)) - 0.03
            edge = np.maximum.reduce([p[:, 0] - luff, luff + reach - p[:, 0], low - p[:, 1], p[:, 1] - top])
            return np.maximum(across * 0.7, edge * 0.6).astype(np.float32)

        return shape

    clew = -3.1 if mizzen else -4.2
    main = cloth_shape(1.9, clew, 0.5, 12.0, 0.5)

    def jib(p: Array) -> Array:
        v = np.clip((p[:, 1] - 1.5) / 8.5, 0, 1)
        luff, leech = 4.7 - 4.1 * v, 0.3 + 0.25 * v
        across = (
            np.abs(
                p[:, 2]
                - 0.5 * np.sin(np.pi * np.clip((p[:, 0] - leech) / (luff - leech + 0.05), 0, 1)) * (1 - v)
            )
            - 0.03
        )
        edge = np.maximum.reduce([p[:, 0] - luff, leech - p[:, 0], 1.5 - p[:, 1], p[:, 1] - 10])
        return np.maximum(across * 0.7, edge * 0.6).astype(np.float32)

    seams = layered(plain(cloth), (lambda p, n: (p[:, 1] + 0.1 * p[:, 0]) % 1.4 < 0.04, colour("#c9c7bd")))
    sloop = [
        Part(
            hull(5, 1.4, 0.9, 0.35, 0.6, stern=3, bow=1.8),
            hull_paint(side, "#19306b", "#b99568", 0.14, "#19306b", 0.66),
        ),
        Part(box((0.2, 1.15, 0), (1.9, 0.35, 0.8), 0.2), rows("#f2f1ec", 50, 50, 0.7, 0.5, 1.12, 1.34)),
        Part(
            union(
                rod((0.55, 1, 0), (0.55, 12.2, 0), 0.1, 0.06), rod((0.5, 1.8, 0), (clew - 0.1, 1.8, 0), 0.08)
            ),
            plain("#d8dadb", 0.15),
        ),
        Part(main, seams),
        Part(jib, seams),
    ]
    if not mizzen:
        return sloop
    spars = union(rod((-3.75, 1, 0), (-3.75, 7.7, 0), 0.08, 0.05), rod((-3.8, 1.8, 0), (-6.3, 1.8, 0), 0.06))
    return [*sloop, Part(spars, plain("#d8dadb", 0.15)), Part(cloth_shape(1.9, -6.2, -3.8, 7.5, 0.3), seams)]
