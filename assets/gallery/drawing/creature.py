"""What animals are made of: soft unions of limbs with fur and markings, and eyes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .render import unit
from .shapes import Array, Part, Shape, Vec, ball, colour, fractal, mirrored, plain

Knot = tuple[float, float, float, float]  # x, y, z, radius
Coat = Callable[[Array, Array, Array], Array]  # points, normals, colours (n,3) -> colours (n,3)


@dataclass(frozen=True)
class Limb:
    """A chain of balls joined by cones. `squeeze` flattens it along each axis; `pair` mirrors it in z."""

    shade: str
    knots: Sequence[Knot]
    pair: bool = False
    squeeze: Vec = (1, 1, 1)


def limb(shade: str, *knots: Knot, pair: bool = False, squeeze: Vec = (1, 1, 1)) -> Limb:
    return Limb(shade, knots, pair, squeeze)


def creature(
    limbs: Sequence[Limb], blend: float, coat: Coat | None = None, mottle: float = 0.25, gloss: float = 0.0
) -> Part:
    """One soft body of all limbs: `blend` is about how far they melt into each other."""
    links = []
    for one in limbs:
        for a, b in pairwise(one.knots):
            for side in (1, -1) if one.pair else (1,):
                flip = np.float32([1, 1, side, 1])
                links.append((a * flip, b * flip, colour(one.shade)[:3], one.squeeze))
    a, b, shade, squeeze = (np.float32([link[i] for link in links]) for i in range(4))
    axis = b[:, :3] - a[:, :3]
    square = (axis * axis).sum(1)
    tight = np.float32(3.0 / blend)

    def gaps(p: Array) -> Array:
        q = p[:, None] - a[:, :3]
        t = np.clip((q * axis).sum(2) / square, 0, 1)
        off = (q - t[..., None] * axis) * squeeze
        return (np.sqrt((off * off).sum(2)) - a[:, 3] - t * (b[:, 3] - a[:, 3])) / squeeze.max(1)

    def shape(p: Array) -> Array:
        gap = gaps(p)
        least = gap.min(1)
        return least - np.log(np.exp(-tight * (gap - least[:, None])).sum(1)) / tight

    def shares(p: Array) -> Array:
        gap = gaps(p)
        weight = np.exp(-1.6 * tight * (gap - gap.min(1, keepdims=True)))
        return weight / weight.sum(1, keepdims=True)

    def paint(p: Array, n: Array) -> Array:
        tone = shares(p) @ shade
        tone = coat(p, n, tone) if coat else tone
        tone = tone * (1 + mottle * (fractal(p * np.float32(1.5 / blend), 4) - 0.5)[:, None] * 2)
        return np.column_stack([tone, np.full(len(p), gloss)]).astype(np.float32)

    return Part(shape, paint, lambda p: unit(shares(p) @ unit(axis)), radius=3.0)


def over(tone: Array, mask: Array, code: str) -> Array:
    """`tone` painted over by a colour where mask is 1."""
    return tone + (colour(code)[:3] - tone) * np.clip(mask, 0, 1)[:, None]


def eyes(at: Vec, radius: float, iris: str, look: Vec, pupil: float = 0.55, slit: bool = False) -> Part:
    """A pair of shining eyes that look along `look` (and its mirror image)."""
    c = np.float32(at)
    ahead = unit(np.float32(look))
    lit, black = colour(iris, 0.05), colour("#060505", 0.06)
    wide = unit(np.cross(np.float32([0, 1, 0]), ahead))

    def paint(p: Array, n: Array) -> Array:
        q = (p * np.float32([1, 1, 0]) + np.abs(p) * np.float32([0, 0, 1]) - c) / np.float32(radius)
        u, v, front = q @ wide, q[:, 1], q @ ahead
        r = np.hypot(u * (2.6 if slit else 1), v * (0.9 if slit else 1))
        out = np.where(((r < pupil) & (front > 0))[:, None], black, lit)
        return np.where(((np.hypot(u, v) > 0.93) | (front < 0))[:, None], black, out)

    return Part(mirrored(ball(at, radius)), paint, radius=3.0)


def part(shape: Shape, code: str, gloss: float = 0.0, radius: float = 3.0) -> Part:
    return Part(shape, plain(code, gloss), radius=radius)
