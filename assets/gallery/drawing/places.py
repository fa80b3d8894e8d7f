"""Skies and grounds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .render import Place, unit
from .shapes import Array, colour, fractal, noise, smoothstep

Sky = Callable[[Array], Array]
Ground = Callable[[Array, Array], Array]


def mix(a: Array, b: Array, share: Array) -> Array:
    return a + (b - a) * share[:, None]


def open_sky(
    zenith: str = "#2f6fc4",
    horizon: str = "#bcd7ee",
    clouds: float = 0.5,
    seed: float = 0.0,
    size: float = 1.0,
) -> Sky:
    """A gradient with fractal clouds; `clouds` from 0 (none) to 1 (overcast)."""
    high, low = colour(zenith)[:3] * 1.25, colour(horizon)[:3] * 1.25

    def sky(d: Array) -> Array:
        up = np.clip(d[:, 1], 0, 1)
        light = mix(low, high, smoothstep(0, 1, up**0.55))
        if clouds:
            flat = d[:, [0, 2]] / (np.abs(d[:, 1:2]) + 0.18) / size
            p = np.column_stack([flat * 1.7, np.full(len(d), seed * 7.1)]).astype(np.float32)
            dense = fractal(p, 6)
            above = fractal(p + np.float32([0.12, 0.1, 0]), 4)
            cover = smoothstep(0.62 - 0.3 * clouds, 0.85 - 0.3 * clouds, dense) * smoothstep(
                -0.02, 0.12, d[:, 1]
            )
            bright = np.clip(0.95 + 1.3 * (dense - above), 0.55, 1.25)[:, None] * np.float32([1.0, 1.0, 1.02])
            light = light + (bright - light) * cover[:, None] * 0.92
        return light.astype(np.float32)

    return sky


def behind_trees(sky: Sky, dark: str, bright: str, height: float = 0.12, seed: float = 0.0) -> Sky:
    """`sky` above a far wood, whose crowns rise to about `height` (tangent of the elevation)."""
    low, high = colour(dark)[:3], colour(bright)[:3]

    def wooded(d: Array) -> Array:
        light = sky(d)
        azimuth = np.arctan2(d[:, 2], d[:, 0])
        p = np.column_stack([azimuth * 14, d[:, 1] * 14, np.full(len(d), seed * 5.3)]).astype(np.float32)
        crowns = fractal(p * np.float32([1, 0, 1]), 5)
        edge = height * (0.55 + 0.9 * crowns)
        leaves = mix(low, high, np.clip(fractal(p * 5, 4) * 2.2 - 0.7 + d[:, 1] / height * 0.25, 0, 1))
        return mix(light, leaves, smoothstep(0.01, -0.01, d[:, 1] - edge)).astype(np.float32)

    return wooded


def foliage(dark: str, bright: str, light: str, scale: float = 5.0, seed: float = 0.0) -> Sky:
    """Out-of-focus leaves all round, with spots of light."""
    a, b, c = colour(dark)[:3], colour(bright)[:3], colour(light)[:3]

    def leaves(d: Array) -> Array:
        p = d * np.float32(scale) + np.float32(seed * 3.7)
        first = fractal(p, 4)
        green = mix(a, b, smoothstep(0.3, 0.72, first))
        return mix(green, c, smoothstep(0.6, 0.75, fractal(p * 1.7 + 9, 3)) * 0.8).astype(np.float32)

    return leaves


def studio(low: str, high: str) -> Sky:
    """A plain wall lit from above."""
    a, b = colour(low)[:3], colour(high)[:3]
    return lambda d: mix(a, b, smoothstep(-0.4, 0.6, d[:, 1])).astype(np.float32)


def speckled(first: str, second: str, scale: float, stretch: float = 1.0, contrast: float = 1.6) -> Ground:
    """Grass, sand, earth, snow: two colours mixed by noise of `scale` per unit, coarse and fine."""
    a, b = colour(first), colour(second)

    def ground(p: Array, far: Array) -> Array:
        q = p * np.float32([scale, 0, scale * stretch])
        fine = fractal(q, 5)
        coarse = fractal(q * 0.11 + 31, 3)
        calm = np.exp(-far * scale * 0.012)  # finer than a pixel: only its mean
        share = np.clip(0.5 + contrast * ((fine - 0.5) * calm + 0.7 * (coarse - 0.5)), 0, 1)
        return mix(a, b, share).astype(np.float32)

    return ground


def road(
    lane: float = 3.4,
    width: float = 7.5,
    verge: Ground | None = None,
    centre: float = 0.0,
    tar: str = "#6c6e72",
) -> Ground:
    """A road along x, its middle at z = centre: asphalt, white edges, a broken middle line, a verge."""
    grey, white = colour(tar), colour("#dcdcd6")
    beside = verge or speckled("#4d6b2a", "#83954a", 3)

    def ground(p: Array, far: Array) -> Array:
        z = p[:, 2] - np.float32(centre)
        grain = 0.85 + 0.3 * noise(p * 9) * np.exp(-far * 0.05) + 0.25 * (fractal(p * 0.5, 3) - 0.5)
        paint = grey * np.column_stack([grain, grain, grain, np.ones(len(p))])
        line = (np.abs(np.abs(z) - width / 2 + 0.35) < 0.08) | (
            (np.abs(z) < 0.08) & (p[:, 0] % (2 * lane) < lane)
        )
        paint = np.where(line[:, None], white, paint)
        return np.where((np.abs(z) > width / 2)[:, None], beside(p, far), paint).astype(np.float32)

    return ground


def swell(size: float, rough: float, seed: float = 0.0) -> Callable[[Array, Array], Array]:
    """Wave normals: `size` the wave's length, `rough` its slope."""

    def normals(p: Array, far: Array) -> Array:
        q = p / np.float32(size) * np.float32([1, 0, 1.6]) + np.float32(seed)
        e = np.float32(0.1)
        here = fractal(q, 4)
        dx = (fractal(q + np.float32([e, 0, 0]), 4) - here) / e
        dz = (fractal(q + np.float32([0, 0, e]), 4) - here) / e
        calm = np.float32(rough) / (1 + far / (12 * np.float32(size)))
        return unit(np.column_stack([-dx * calm, np.ones(len(p)), -dz * calm]).astype(np.float32))

    return normals


def water(deep: str, gloss: float = 0.03) -> Ground:
    value = colour(deep, gloss)
    return lambda p, far: np.repeat(value[None], len(p), 0)


def cloud_deck(seed: float = 0.0) -> Place:
    """Above the clouds: their tops as a bumpy white ground."""

    def height(p: Array) -> Array:
        return fractal(p * np.float32(0.05) + np.float32(seed), 6)

    def ripple(p: Array, far: Array) -> Array:
        e, here = np.float32(1.0), height(p)
        slope = [(height(p + np.float32(step)) - here) * 16 for step in ([e, 0, 0], [0, 0, e])]
        return unit(np.column_stack([-slope[0], np.ones(len(p)), -slope[1]]).astype(np.float32))

    def ground(p: Array, far: Array) -> Array:
        gaps = smoothstep(0.5, 0.36, height(p))
        return mix(colour("#f4f6fa"), colour("#3f6ca6"), gaps).astype(np.float32)

    return Place(
        sky=open_sky("#1f57a8", "#cfe2f2", 0),
        ground=ground,
        ripple=ripple,
        sun=(0.4, 0.7, 0.6),
        sunlight=(1.6, 1.5, 1.4),
        ambient=(0.35, 0.45, 0.65),
        bounce=(0.5, 0.55, 0.6),
        haze=(0.72, 0.83, 0.93),
        clear=700,
        blur=0.6,
    )
