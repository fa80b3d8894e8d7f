"""The ray-marcher: a camera, a sun with soft shadows, ambient occlusion, reflections, haze and focus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from .shapes import Array, Part, Vec, length

TILE = 64  # pixels; neighbouring rays meet the same few parts


@dataclass(frozen=True)
class Place:
    """What surrounds a model.

    sky: directions (n,3) -> light (n,3). ground: points (n,3) on y = 0, distances (n,) -> paint (n,4);
    ripple: the same -> normals (n,3). None for no ground. Light is linear.
    """

    sky: Callable[[Array], Array]
    ground: Callable[[Array, Array], Array] | None = None
    ripple: Callable[[Array, Array], Array] | None = None
    mirrors: bool = False  # the ground reflects the model: water
    foam: float = 0.0  # width of the white rim where the model meets the ground
    sun: Vec = (0.5, 0.7, 0.5)
    sunlight: tuple[float, float, float] = (3.0, 2.8, 2.5)
    ambient: tuple[float, float, float] = (0.75, 0.85, 1.0)
    bounce: tuple[float, float, float] = (0.3, 0.3, 0.25)
    haze: tuple[float, float, float] = (0.7, 0.78, 0.88)
    clear: float = 2000.0  # distance at which haze takes over
    blur: float = 0.0  # background blur, in 256ths of the picture's width
    blades: float = 0.0  # strength of the grass blades drawn on the ground, 0 to 1


@dataclass(frozen=True)
class Scene:
    place: Place
    parts: Sequence[Part]
    eye: Vec
    target: Vec
    view: float = 30.0  # field of view, degrees
    roll: float = 0.0  # degrees
    exposure: float = 1.0
    fur: float = 0.0  # strength of combed hair, 0 to 1


def unit(v: Array) -> Array:
    return v / (length(v)[..., None] + 1e-9)


def nearby(parts: Sequence[Part], p: Array, within: float) -> list[Part]:
    return [part for part in parts if (length(p - part.centre) - part.radius).min() < within]


def distance(parts: Sequence[Part], p: Array) -> Array:
    return np.min([part.shape(p) for part in parts], 0)


def spans(parts: Sequence[Part], o: Array, d: Array) -> tuple[list[Part], Array, Array]:
    """The parts whose bounding balls some ray meets, and where each ray enters and leaves them."""
    kept, enter, leave = [], np.full(len(d), np.inf, np.float32), np.full(len(d), -np.inf, np.float32)
    for part in parts:
        to = part.centre - o
        along = (to * d).sum(1)
        depth = part.radius**2 - ((to * to).sum(1) - along**2)
        half = np.sqrt(np.maximum(depth, 0))
        meets = (depth > 0) & (along + half > 0)
        if meets.any():
            kept.append(part)
            enter = np.where(meets, np.minimum(enter, along - half), enter)
            leave = np.where(meets, np.maximum(leave, along + half), leave)
    return kept, np.maximum(enter, 0), leave


def march(parts: Sequence[Part], o: Array, d: Array, steps: int = 110) -> Array:
    """Distance (n,) along rays from o (n,3) in directions d (n,3) to the surface; inf for a miss."""
    parts, t, end = spans(parts, o, d)
    hit = np.full(len(d), np.inf, np.float32)
    live = np.flatnonzero(t < end)
    for _ in range(steps):
        if not len(live):
            break
        gap = distance(parts, o[live] + t[live, None] * d[live])
        touched = gap < 4e-4 * (1 + t[live] * 0.3)
        hit[live[touched]] = t[live[touched]]
        t[live] += gap * np.float32(0.85)
        live = live[~touched & (t[live] < end[live])]
    return hit


def sunlit(parts: Sequence[Part], p: Array, sun: Array, steps: int = 40) -> Array:
    """Share (n,) of the sun seen from points (n,3): 0 in the shadow's core, 1 in the open."""
    d = np.repeat(sun[None], len(p), 0)
    parts, t, end = spans(parts, p, d)
    light = np.ones(len(p), np.float32)
    t = np.maximum(t, 0.01)
    live = np.flatnonzero(t < end)
    for _ in range(steps):
        if not len(live):
            break
        gap = distance(parts, p[live] + t[live, None] * d[live])
        light[live] = np.minimum(light[live], np.clip(14 * gap / t[live], 0, 1))
        t[live] += np.maximum(gap, 0.02)
        live = live[(light[live] > 0.01) & (t[live] < end[live])]
    return light * light * (3 - 2 * light)


def openness(parts: Sequence[Part], p: Array, n: Array, size: float, floor: bool) -> Array:
    """Ambient occlusion: 1 in the open, towards 0 in crevices narrower than `size`."""
    parts = nearby(parts, p, size)
    shut = np.zeros(len(p), np.float32)
    for i in range(1, 5):
        h = size * i / 4
        q = p + n * np.float32(h)
        gap = distance(parts, q) if parts else np.full(len(p), np.inf, np.float32)
        gap = np.minimum(gap, q[:, 1]) if floor else gap
        shut += np.clip(h - gap, 0, h) / h * 0.5**i
    return np.clip(1 - 1.05 * shut, 0, 1)


def lit(place: Place, paint: Array, n: Array, d: Array, open_: Array, seen: Array) -> Array:
    """Light (n,3) leaving a painted surface against the direction d of looking.

    open_: ambient occlusion (n,); seen: share (n,) of the sun that reaches it.
    """
    own = np.maximum(paint[:, :3] - 1.5, 0)  # no paint is that bright: such a surface shines by itself
    sun = unit(np.float32(place.sun))
    up = 0.5 + 0.5 * n[:, 1:2]
    soft = (up * np.float32(place.ambient) + (1 - up) * np.float32(place.bounce)) * open_[:, None]
    direct = (np.clip(n @ sun, 0, 1) * seen)[:, None] * np.float32(place.sunlight)
    gloss = paint[:, 3:]
    grazing = (1 - np.clip(-(n * d).sum(1), 0, 1))[:, None] ** 5
    shine = np.where(gloss > 0, gloss + (1 - gloss) * grazing * 0.9, 0)
    mirror = d - 2 * (n * d).sum(1)[:, None] * n
    world = np.where(mirror[:, 1:2] > 0, place.sky(mirror), np.float32(place.bounce))
    spark = (np.clip(mirror @ sun, 0, 1) ** 220 * seen * 9)[:, None] * np.float32(place.sunlight)
    reflected = world * (0.3 + 0.7 * open_[:, None]) + spark
    return (paint[:, :3] - own) * (direct + soft) * (1 - shine) + shine * reflected + own


def shaded(scene: Scene, o: Array, d: Array, t: Array) -> tuple[Array, Array]:
    """Light (n,3) from the model met at distance t (n,), and the combing direction (n,3) of its hair."""
    place, p = scene.place, o + t[:, None] * d
    which = np.argmin([part.shape(p) for part in scene.parts], 0)
    n, paint, hair = np.zeros_like(p), np.zeros((len(p), 4), np.float32), np.zeros_like(p)
    for i in np.unique(which):
        part, mine = scene.parts[i], which == i
        for corner in np.float32([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]]):
            n[mine] += corner * part.shape(p[mine] + corner * np.float32(1e-3))[:, None]
        n[mine] = unit(n[mine])
        paint[mine] = part.paint(p[mine], n[mine])
        if part.hair:
            hair[mine] = part.hair(p[mine])
    size = 0.12 * max(part.radius for part in scene.parts)
    open_ = openness(scene.parts, p, n, size, place.ground is not None)
    seen = sunlit(scene.parts, p + n * np.float32(0.01), unit(np.float32(place.sun)))
    return lit(place, paint, n, d, open_, seen), hair - (hair * n).sum(1)[:, None] * n


def backdrop(scene: Scene, o: Array, d: Array) -> tuple[Array, Array]:
    """Light (n,3) from the sky and the ground with the model's shadow on it, and the distance (n,)."""
    place = scene.place
    light, t = place.sky(d), np.full(len(d), np.inf, np.float32)
    if place.ground is None:
        return light, t
    down = np.flatnonzero(d[:, 1] < -1e-4)
    if not len(down):
        return light, t
    d, t[down] = d[down], -o[down, 1] / d[down, 1]
    far = t[down]
    p = o[down] + far[:, None] * d
    n = place.ripple(p, far) if place.ripple else np.repeat(np.float32([[0, 1, 0]]), len(p), 0)
    paint = place.ground(p, far)
    near = p + np.float32([0, 0.01, 0])
    seen = sunlit(scene.parts, near, unit(np.float32(place.sun)))
    size = 0.12 * max((part.radius for part in scene.parts), default=1)
    open_ = openness(scene.parts, near, np.repeat(np.float32([[0, 1, 0]]), len(p), 0), size, False)
    if place.foam and (close := nearby(scene.parts, p, place.foam)):
        gap = distance(close, p) / np.float32(place.foam)
        paint[(gap < 1) & (n[:, 0] * 8 + n[:, 2] * 8 + 0.6 > gap)] = (0.8, 0.85, 0.87, 0)
    shown = lit(place, paint, n, d, open_, seen)
    if place.mirrors:
        mirror = unit(d - 2 * (n * d).sum(1)[:, None] * n)
        mirror[:, 1] = np.abs(mirror[:, 1])
        hit = march(scene.parts, near, mirror, 60)
        met = np.flatnonzero(np.isfinite(hit) & (paint[:, 3] > 0))
        if len(met):
            grazing = (1 - np.clip(-(n[met] * d[met]).sum(1), 0, 1))[:, None] ** 5
            share = np.clip(0.08 + 0.9 * grazing, 0, 1)
            model, _ = shaded(scene, near[met], mirror[met], hit[met])
            shown[met] = share * model + (1 - share) * paint[met, :3]
    fade = np.exp(-far / place.clear)[:, None]
    light[down] = shown * fade + (1 - fade) * np.float32(place.haze)
    return light, t


def camera(scene: Scene) -> tuple[Array, Array, Array]:
    """The camera's forward, right and up directions."""
    forward = unit(np.float32(scene.target) - np.float32(scene.eye))
    right = unit(np.cross(forward, np.float32([0, 1, 0])))
    up = np.cross(right, forward)
    c, s = np.cos(np.radians(scene.roll)), np.sin(np.radians(scene.roll))
    return forward, np.float32(c * right + s * up), np.float32(c * up - s * right)


def framed(scene: Scene, subject: Sequence[Part], fill: float) -> Scene:
    """The same scene from the same eye, the subject in the middle, `fill` of the picture wide or high."""
    away = float(np.linalg.norm(np.float32(scene.target) - np.float32(scene.eye)))
    scene = replace(scene, view=70.0)
    for _ in range(3):
        forward, right, up = camera(scene)
        spread = np.tan(np.radians(scene.view / 2))
        axis = (np.arange(72, dtype=np.float32) + 0.5) / 36 - 1
        u, v = np.meshgrid(axis * np.float32(spread), axis * np.float32(spread))
        d = unit(forward + u.reshape(-1, 1) * right + v.reshape(-1, 1) * up)
        met = np.isfinite(march(subject, np.repeat(np.float32([scene.eye]), len(d), 0), d)).reshape(u.shape)
        low = np.array([u[met].min(), v[met].min()])
        high = np.array([u[met].max(), v[met].max()])
        middle = (low + high) / 2
        target = np.float32(scene.eye) + away * unit(
            forward + np.float32(middle[0]) * right + np.float32(middle[1]) * up
        )
        view = 2 * np.degrees(np.arctan((high - low).max() / 2 / fill))
        scene = replace(scene, target=tuple(target.tolist()), view=min(float(view), 70.0))
    return scene


def combed(light: Array, flow: Array, strength: float, scale: float) -> Array:
    """`light` (h,w,3) with hair drawn along `flow` (h,w,2): noise smeared along it (LIC)."""
    h, w = light.shape[:2]
    rows, columns = np.mgrid[:h, :w].astype(np.float32)
    grain = gaussian_filter(np.random.default_rng(3).random((h, w), dtype=np.float32), 0.45 * scale)
    pull = length(flow)[..., None]
    step = flow / (pull + 1e-6)
    total = np.zeros((h, w), np.float32)
    for sign in (-1, 1):
        y, x = rows.copy(), columns.copy()
        for _ in range(int(5 * scale)):
            s = [map_coordinates(step[..., k], (y, x), order=0, mode="nearest") for k in (0, 1)]
            x, y = x + sign * s[0], y + sign * s[1]
            total += map_coordinates(grain, (y, x), order=1, mode="mirror")
    total = (total - total.mean()) / total.std()
    return light * np.exp(np.float32(strength * 0.3) * total[..., None] * np.minimum(pull, 1))


def developed(light: Array) -> Array:
    """Linear light -> display values in [0,1]: the ACES curve (fit by Narkowicz), then gamma."""
    grey = light @ np.float32([0.21, 0.72, 0.07])
    light = (grey[..., None] + 0.82 * (light - grey[..., None])) * np.float32(0.5)
    x = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)
    return np.clip(x, 0, 1) ** np.float32(1 / 2.2)


def render(scene: Scene, size: int = 256, samples: int = 2) -> np.ndarray:
    """The scene as uint8 (size,size,3), from samples x samples rays a pixel."""
    wide = size * samples
    forward, right, up = camera(scene)
    spread = np.float32(np.tan(np.radians(scene.view / 2)))
    axis = ((np.arange(wide, dtype=np.float32) + 0.5) / wide * 2 - 1) * spread
    back = np.zeros((wide, wide, 3), np.float32)
    depth = np.full((wide, wide), np.inf, np.float32)
    model, flow = np.zeros_like(back), np.zeros((wide, wide, 2), np.float32)
    mask = np.zeros((wide, wide, 1), np.float32)

    def tile(corner: tuple[int, int]) -> None:
        rows, columns = (slice(k, min(k + TILE, wide)) for k in corner)
        u, v = np.meshgrid(axis[columns], -axis[rows])
        shape = u.shape
        d = unit(forward + u.reshape(-1, 1) * right + v.reshape(-1, 1) * up)
        o = np.repeat(np.float32([scene.eye]), len(d), 0)
        light, ground = backdrop(scene, o, d)
        back[rows, columns], depth[rows, columns] = light.reshape(*shape, 3), ground.reshape(shape)
        t = march(scene.parts, o, d)
        met = np.flatnonzero(t < ground)
        if len(met):
            seen, hair = shaded(scene, o[met], d[met], t[met])
            fade = np.exp(-t[met] / scene.place.clear)[:, None]
            light[met] = seen * fade + (1 - fade) * np.float32(scene.place.haze)
            combing = np.zeros((len(d), 2), np.float32)
            combing[met] = np.stack([hair @ right, -(hair @ up)], 1)
            model[rows, columns], flow[rows, columns] = light.reshape(*shape, 3), combing.reshape(*shape, 2)
            covered = np.zeros(len(d), np.float32)
            covered[met] = 1
            mask[rows, columns] = covered.reshape(*shape, 1)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(tile, [(r, c) for r in range(0, wide, TILE) for c in range(0, wide, TILE)]))
    if scene.place.blades:
        upwards = np.zeros_like(flow)
        upwards[np.isfinite(depth)] = (0.25, -1)
        back = combed(back, upwards, scene.place.blades, wide / 256)
    if scene.place.blur:
        focus = float(np.linalg.norm(np.float32(scene.target) - np.float32(scene.eye)))
        away = np.clip(1.4 * (1 - focus / depth), 0, 1)[..., None]
        for part in (0.35, 1.0):  # farther means softer
            sigma = scene.place.blur * part * wide / 256
            soft = gaussian_filter(back, (sigma, sigma, 0), mode="nearest")
            share = np.clip(away / part, 0, 1)
            back = back * (1 - share) + soft * share
    if scene.fur:
        model = combed(model, flow, scene.fur, wide / 256)
    picture = developed((model * mask + back * (1 - mask)) * np.float32(scene.exposure))
    picture = picture.reshape(size, samples, size, samples, 3).mean((1, 3))
    return np.round(picture * 255).astype(np.uint8)
