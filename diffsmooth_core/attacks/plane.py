"""Decision regions on a plane through an image after each stage of the method (as DiffSmooth, figure 1,
sketches them)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from diffsmooth_core.certification.noise import NoiseSource, image_sha256
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.config import InputError, SmoothingConfig, check_choice
from diffsmooth_core.purification.identity import Identity

RegionKind = Literal["classifier", "purified", "vote", "smoothed"]
RESOLUTIONS = (9, 17, 33, 65)  # points along a side; each grid contains all points of the previous one
COARSEST = 5
UNKNOWN = -1
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Plane:
    """The plane of points x + a u + b v, with orthonormal u and v, each (c,h,w).

    A distance in the plane is the L2 norm of the change of the image, in [0,1] pixel units. Points are not
    clamped to [0,1], because a certificate covers points outside it too.
    """

    x: Tensor
    u: Tensor
    v: Tensor

    @classmethod
    def through(
        cls, x: Tensor, right: Tensor | None = None, up: Tensor | None = None, seed: int = 0
    ) -> Plane:
        """The plane through x and the images `right` and `up`: `right` lies on the first axis, a > 0, and
        `up` on the side b > 0. A random direction replaces an image that is not given. Raises InputError
        where the images lie on one line."""
        noise = NoiseSource.seeded(seed, image_sha256(x), "plane").outer(0, 2, x.shape)
        u = _unit(noise[0] if right is None else right - x)
        v = noise[1] if up is None else up - x
        return cls(x, u, _unit(v - (v * u).sum() * u))

    def points(self, a: Tensor, b: Tensor) -> Tensor:
        """The images at coordinates a (n,) and b (n,): (n,c,h,w)."""
        return self.x + a[:, None, None, None] * self.u + b[:, None, None, None] * self.v


def _unit(direction: Tensor) -> Tensor:
    length = float(direction.norm())
    if not length > 1e-4:  # a zero vector may be this long after rounding
        raise InputError("the pictures that span the plane lie on one line; choose two others")
    return direction / length


@dataclass(frozen=True)
class RegionsConfig:
    """A square of half-width `extent` ([0,1] pixel units, L2) around the image, and a grid of `resolution`
    points along each side; `votes` votes are cast at every point, with the same noise everywhere.

    Raises InputError for an extent or votes not above 0, or a resolution that is none of RESOLUTIONS.
    """

    extent: float
    resolution: int = 33
    votes: int = 5

    def __post_init__(self) -> None:
        if not (math.isfinite(self.extent) and self.extent > 0):
            raise InputError(f"extent must be a finite number above 0, got {self.extent:g}")
        check_choice("resolution", self.resolution, RESOLUTIONS)
        if self.votes < 1:
            raise InputError(f"votes must be a whole number from 1 up, got {self.votes}")


@dataclass(frozen=True, eq=False)
class Regions:
    """An immutable snapshot of the classes on the grid, (resolution, resolution) for each kind of region.

    Row 0 is at b = extent, column 0 at a = -extent. A point that has not been classified yet shows the class
    of a classified neighbour, or UNKNOWN if it has none.
    """

    labels: dict[RegionKind, Labels]
    done: int  # points classified so far
    total: int

    @property
    def finished(self) -> bool:
        return self.done == self.total


def regions_stream(
    base: BaseClassifier, plane: Plane, config: SmoothingConfig, regions: RegionsConfig
) -> Iterator[Regions]:
    """Compute the decision regions from coarse to fine, yielding after every batch of points; closing
    cancels.

    The kinds of region: "classifier" is the network alone, without noise. "purified" is the network on one
    purified noisy copy, before local noise is added (only for methods with local smoothing). "vote" is the
    base classifier f on that noisy copy. "smoothed" is the class with the most of regions.votes votes; of
    classes with equally many, the one with the lowest index.
    """
    size, extent = regions.resolution, regions.extent
    noise = NoiseSource.seeded(config.seed, image_sha256(plane.x), "regions")
    span, shape = (0, regions.votes), plane.x.shape
    outer = config.sigma * noise.outer(*span, shape)
    local = noise.local(*span, base.draws, shape) if base.draws and config.noise != "reference" else None
    labels: dict[RegionKind, Labels] = {}
    axis = torch.linspace(-extent, extent, size)
    done = 0
    for stride, chunk in _coarse_to_fine(size, max(1, base.votes_per_step // regions.votes)):
        rows, columns = np.array(chunk).T
        points = plane.points(axis[columns], -axis[rows])
        for stage, classes in _classes(base, points, outer, local).items():
            grid = labels.setdefault(stage, np.full((size, size), UNKNOWN))
            reach = stride // 2
            for row, column, label in zip(rows, columns, classes, strict=True):
                top, left = max(0, row - reach), max(0, column - reach)
                grid[top : row + reach + 1, left : column + reach + 1] = label
        done += len(chunk)
        yield Regions({stage: grid.copy() for stage, grid in labels.items()}, done, size * size)


def _coarse_to_fine(size: int, batch: int) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Every point (row, column) of the grid once, in batches, each with the stride of its grid: first the
    points of the coarsest grid, then those that each finer grid adds."""
    stride, coarser = (size - 1) // (COARSEST - 1), 0
    while stride:
        new = [
            (row, column)
            for row in range(0, size, stride)
            for column in range(0, size, stride)
            if not coarser or row % coarser or column % coarser
        ]
        for begin in range(0, len(new), batch):
            yield stride, new[begin : begin + batch]
        stride, coarser = stride // 2, stride


def _classes(
    base: BaseClassifier, points: Tensor, outer: Tensor, local: Tensor | None
) -> dict[RegionKind, Labels]:
    """The class of each point (n,c,h,w) at every stage of the method."""
    n, votes = len(points), len(outer)
    copies = (points[:, None] + outer).flatten(0, 1)
    repeated = None if local is None else local.repeat(n, *[1] * (local.dim() - 1))
    vote = base.trace(copies, repeated)
    classes = vote.confidence.argmax(1).cpu().view(n, votes)
    alone = replace(base, config=replace(base.config, method="plain"), purifier=Identity())
    by_stage: dict[RegionKind, Tensor] = {"classifier": alone(points)}
    if vote.purified is not None and base.method.smooths_locally:
        by_stage["purified"] = alone(vote.purified[::votes])
    by_stage["vote"] = classes[:, 0]
    counts = torch.zeros(n, base.classifier.classes, dtype=torch.long)
    by_stage["smoothed"] = counts.scatter_add(1, classes, torch.ones_like(classes)).argmax(1)
    return {stage: labels.cpu().numpy() for stage, labels in by_stage.items()}
