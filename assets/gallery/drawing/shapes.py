"""Signed-distance shapes. A shape maps points (n,3) to distances (n,), negative inside.

Axes: x forward (an animal's or vehicle's nose), y up, z to the side. Formulas after Inigo Quilez,
"Distance functions" (iquilezles.org). Lofted shapes underestimate, so rays take shortened steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import map_coordinates

Array = NDArray[Any]  # of float32
Shape = Callable[[Array], Array]
Vec = tuple[float, float, float]
Paint = Callable[
    [Array, Array], Array
]  # points (n,3), normals (n,3) -> (n,4): linear red, green, blue, gloss

TABLE = np.random.default_rng(7).random((64, 64, 64), dtype=np.float32)


def noise(p: Array) -> Array:
    """Smooth value noise in [0,1] at points (n,3); period 64."""
    whole = np.floor(p)
    part = p - whole
    return map_coordinates(TABLE, (whole + part * part * (3 - 2 * part)).T, order=1, mode="grid-wrap")


def fractal(p: Array, octaves: int = 5) -> Array:
    """Octaves of noise, each twice as fine and half as strong, in [0,1]."""
    total, weight = np.zeros(len(p), np.float32), 0.0
    for octave in range(octaves):
        total += noise(p * 2.03**octave + 17.3 * octave) * 0.5**octave
        weight += 0.5**octave
    return total / np.float32(weight)


def smoothstep(low: float, high: float, x: Array) -> Array:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def colour(code: str, gloss: float = 0.0) -> Array:
    """'#rrggbb' as linear light, with a gloss: the reflectance seen head-on, 0 for matte."""
    srgb = np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.append(srgb**2.2, gloss).astype(np.float32)


def plain(code: str, gloss: float = 0.0) -> Paint:
    value = colour(code, gloss)
    return lambda p, n: np.repeat(value[None], len(p), 0)


def layered(base: Paint, *layers: tuple[Callable[[Array, Array], Array], Array]) -> Paint:
    """`base`, painted over where each layer's mask (n,) of (points, normals) says so, in order."""

    def paint(p: Array, n: Array) -> Array:
        out = base(p, n)
        for mask, value in layers:
            out = np.where(mask(p, n)[:, None], value, out)
        return out

    return paint


def length(v: Array) -> Array:
    return np.sqrt((v * v).sum(-1))


def ball(centre: Vec, radius: float) -> Shape:
    c = np.float32(centre)
    return lambda p: length(p - c) - radius


def ellipsoid(centre: Vec, radii: Vec) -> Shape:
    c, r = np.float32(centre), np.float32(radii)

    def shape(p: Array) -> Array:
        q = (p - c) / r
        k = length(q)
        return k * (k - 1) / (length(q / r) + 1e-6)

    return shape


def box(centre: Vec, half: Vec, rounding: float = 0.0) -> Shape:
    c, h = np.float32(centre), np.float32(half) - np.float32(rounding)

    def shape(p: Array) -> Array:
        q = np.abs(p - c) - h
        return length(np.maximum(q, 0)) + np.minimum(q.max(1), 0) - np.float32(rounding)

    return shape


def rod(a: Vec, b: Vec, ra: float, rb: float | None = None) -> Shape:
    """A capsule from a to b whose radius goes from ra to rb."""
    start, axis = np.float32(a), np.float32(b) - np.float32(a)
    change = np.float32((ra if rb is None else rb) - ra)

    def shape(p: Array) -> Array:
        q = p - start
        t = np.clip(q @ axis / (axis @ axis), 0, 1)
        return length(q - t[:, None] * axis) - ra - t * change

    return shape


def disc(centre: Vec, axis: int, radius: float, half: float, rounding: float = 0.0) -> Shape:
    """A cylinder along one axis (0, 1 or 2), `half` its half length."""
    c, others = np.float32(centre), [i for i in range(3) if i != axis]

    def shape(p: Array) -> Array:
        q = p - c
        d = np.stack([length(q[:, others]) - radius + rounding, np.abs(q[:, axis]) - half + rounding], 1)
        return np.minimum(d.max(1), 0) + length(np.maximum(d, 0)) - np.float32(rounding)

    return shape


def slab(
    polygon: Sequence[tuple[float, float]], plane: str, half: float, rounding: float = 0.0, at: float = 0.0
) -> Shape:
    """A polygon in plane 'xy', 'xz' or 'zy', thickened by `half` on both sides of `at`."""
    u, v = ("xyz".index(name) for name in plane)
    across = 3 - u - v
    corners = np.float32(polygon)

    def shape(p: Array) -> Array:
        q = p[:, [u, v]]
        nearest = np.full(len(p), 1e9, np.float32)
        inside = np.zeros(len(p), bool)
        for a, b in zip(corners, np.roll(corners, -1, 0), strict=True):
            e, w = b - a, q - a
            t = np.clip(w @ e / (e @ e), 0, 1)
            nearest = np.minimum(nearest, ((w - t[:, None] * e) ** 2).sum(1))
            above = (q[:, 1] >= a[1]) != (q[:, 1] >= b[1])
            inside ^= above & ((e[0] * w[:, 1] < e[1] * w[:, 0]) != (e[1] < 0))
        flat = np.where(inside, -1, 1) * np.sqrt(nearest) + rounding
        d = np.stack([flat, np.abs(p[:, across] - at) - half + rounding], 1)
        return (np.minimum(d.max(1), 0) + length(np.maximum(d, 0)) - rounding).astype(np.float32)

    return shape


def curve(knots: Sequence[tuple[float, float]]) -> Callable[[Array], Array]:
    """A smooth curve through (x, value), constant outside."""
    x, value = np.array(sorted(knots)).T
    fine = np.linspace(x[0], x[-1], 400)
    sampled = PchipInterpolator(x, value)(fine)
    return lambda at: np.interp(at, fine, sampled).astype(np.float32)


def tube(
    radii: Sequence[tuple[float, float]],
    heights: Sequence[tuple[float, float]] = ((0, 0), (1, 0)),
    at: Vec = (0, 0, 0),
    tall: float = 1.0,
) -> Shape:
    """A body along x: radius and centre height as curves of x; `tall` stretches it upwards."""
    radius, height, c = curve(radii), curve(heights), np.float32(at)
    first, last = min(radii)[0], max(radii)[0]

    def shape(p: Array) -> Array:
        q = p - c
        beyond = np.maximum(np.maximum(first - q[:, 0], q[:, 0] - last), 0)
        y = (q[:, 1] - height(q[:, 0])) / np.float32(tall)
        side = np.hypot(y, q[:, 2]) - radius(q[:, 0])
        return np.where(beyond > 0, np.hypot(np.maximum(side, 0), beyond), side) * np.float32(0.85)

    return shape


def lathe(outline: Sequence[tuple[float, float]], ribs: int = 0, depth: float = 0.0) -> Shape:
    """A body turned about the y axis, from a smooth outline of (radius, height) given from below upwards.

    ribs: how many lobes go round it, as a pumpkin's; depth: how deep the furrows between them are, as a
    share of the radius.
    """
    corners = np.array(outline)
    along = np.append(0, np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1)))
    fine = PchipInterpolator(along, corners)(np.linspace(0, along[-1], 16 * len(corners)))
    inner = [(-1.0, fine[-1, 1]), (-1.0, fine[0, 1])]  # beyond the axis, so that the axis is no edge
    flat = slab([*map(tuple, fine), *inner], "xy", 1e3)
    # Distances are looked up: so many corners are too slow to measure for every point.
    margin = np.float32(0.15 * np.ptp(fine))
    low = np.float32([0, fine[:, 1].min()]) - margin
    high = np.float32(fine.max(0)) + margin
    axes = np.linspace(low, high, 300, dtype=np.float32).T
    grid = np.stack([*np.meshgrid(*axes, indexing="ij"), np.zeros((300, 300))], -1).astype(np.float32)
    table = flat(grid.reshape(-1, 3)).reshape(300, 300)

    def shape(p: Array) -> Array:
        radius = np.hypot(p[:, 0], p[:, 2])
        if ribs:
            furrow = 1 - np.abs(np.cos(np.arctan2(p[:, 2], p[:, 0]) * ribs / 2))
            radius = radius * (1 + np.float32(depth) * furrow**2)
        q = np.column_stack([radius, p[:, 1]])
        near = np.clip(q, low, high)
        known = map_coordinates(table, ((near - low) / (high - low) * 299).T, order=1)
        beyond = length(q - near)
        d = np.where(beyond > 0, np.maximum(beyond, known - beyond), known)
        return d * np.float32(0.9 if ribs else 1.0)

    return shape


def ring(centre: Vec, axis: int, radius: float, thick: float) -> Shape:
    """A torus round one axis (0, 1 or 2)."""
    c, others = np.float32(centre), [i for i in range(3) if i != axis]

    def shape(p: Array) -> Array:
        q = p - c
        return np.hypot(length(q[:, others]) - radius, q[:, axis]) - np.float32(thick)

    return shape


def around(n: int) -> list[tuple[float, float]]:
    """Cosine and sine of n directions round the circle."""
    return [(float(np.cos(a)), float(np.sin(a))) for a in np.arange(n) * 2 * np.pi / n]


def union(*shapes: Shape, smooth: float = 0.0) -> Shape:
    def shape(p: Array) -> Array:
        d = shapes[0](p)
        for other in shapes[1:]:
            e = other(p)
            blend = np.maximum(smooth - np.abs(d - e), 0) / smooth if smooth else 0.0
            d = np.minimum(d, e) - blend * blend * np.float32(smooth / 4)
        return d

    return shape


def cut(shape: Shape, *tools: Shape) -> Shape:
    return lambda p: np.maximum(shape(p), -np.min([tool(p) for tool in tools], 0))


def both(*shapes: Shape) -> Shape:
    return lambda p: np.max([shape(p) for shape in shapes], 0)


def mirrored(shape: Shape) -> Shape:
    """The shape at z > 0, and its mirror image."""
    return lambda p: shape(p * np.float32([1, 1, 0]) + np.abs(p) * np.float32([0, 0, 1]))


def rotation(axis: int, degrees: float) -> Array:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[i, i], matrix[i, j], matrix[j, i], matrix[j, j] = c, -s, s, c
    return matrix.astype(np.float32)


def turned(shape: Shape, axis: int, degrees: float, about: Vec = (0, 0, 0)) -> Shape:
    matrix, c = rotation(axis, degrees), np.float32(about)
    return lambda p: shape((p - c) @ matrix + c)


@dataclass(frozen=True)
class Part:
    """A shape with its paint. `hair` (points -> directions) combs fur; the ball round it is measured."""

    shape: Shape
    paint: Paint
    hair: Callable[[Array], Array] | None = None
    centre: Array | None = None
    radius: float = 14.0  # unmeasured, the shape lies in the cube |x|, |y|, |z| <= radius

    def __post_init__(self) -> None:
        if self.centre is not None:
            return
        low, high = np.full(3, -self.radius), np.full(3, self.radius)
        for _ in range(3):  # coarse grids, each within the box that the last one found
            axes = [np.linspace(a, b, 24) for a, b in zip(low, high, strict=True)]
            grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)
            cell = (high - low) / 23
            near = grid[self.shape(grid) < np.linalg.norm(cell) * 0.6]
            if not len(near):
                raise ValueError("a part has no surface within its reach")
            low, high = near.min(0) - cell / 2, near.max(0) + cell / 2
        object.__setattr__(self, "centre", np.float32((low + high) / 2))
        object.__setattr__(self, "radius", float(np.linalg.norm(high - low) / 2))


def placed(parts: Sequence[Part], at: Vec, *turns: tuple[int, float]) -> list[Part]:
    """The parts turned about the origin by (axis, degrees) each in order, then moved to `at`."""
    matrix = np.eye(3, dtype=np.float32)
    for axis, degrees in turns:
        matrix = matrix @ rotation(axis, degrees).T
    c = np.float32(at)

    def moved(part: Part) -> Part:
        local = lambda p: (p - c) @ matrix.T  # noqa: E731
        hair = part.hair
        return Part(
            lambda p: part.shape(local(p)),
            lambda p, n: part.paint(local(p), n @ matrix.T),
            (lambda p: hair(local(p)) @ matrix) if hair else None,
            part.centre @ matrix + c,
            part.radius,
        )

    return [moved(part) for part in parts]
