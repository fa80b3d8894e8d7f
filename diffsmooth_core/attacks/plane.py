"""Decision regions on a plane through a picture, stage by stage (DiffSmooth, figure 1, computed)."""

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
from diffsmooth_core.config import InputError, SmoothingConfig
from diffsmooth_core.purification.identity import Identity

RegionKind = Literal["classifier", "purified", "vote", "smoothed"]
RESOLUTIONS = (9, 17, 33, 65)  # points a side: each grid holds the one before
COARSEST = 5
UNKNOWN = -1
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Plane:
    """The points x + a u + b v for orthonormal u and v, each (c,h,w): lengths in the plane are L2 lengths of
    changes of the picture, in [0,1] pixel units. Points are not clamped: a certificate holds for all."""

    x: Tensor
    u: Tensor
    v: Tensor

    @classmethod
    def through(
        cls, x: Tensor, right: Tensor | None = None, up: Tensor | None = None, seed: int = 0
    ) -> Plane:
        """The plane through x that has the picture `right` on its first axis and `up` above that axis, or a
        random direction in the place of either. Raises InputError where the pictures lie on one line."""
        noise = NoiseSource(seed, image_sha256(x), "plane").outer(0, 2, x.shape)
        u = _unit(noise[0] if right is None else right - x)
        v = noise[1] if up is None else up - x
        return cls(x, u, _unit(v - (v * u).sum() * u))

    def points(self, a: Tensor, b: Tensor) -> Tensor:
        """(n,) and (n,) coordinates -> (n,c,h,w)."""
        return self.x + a[:, None, None, None] * self.u + b[:, None, None, None] * self.v


def _unit(direction: Tensor) -> Tensor:
    length = float(direction.norm())
    if not length > 1e-4:  # what rounding leaves of nothing
        raise InputError("the pictures that span the plane lie on one line; choose two others")
    return direction / length


@dataclass(frozen=True)
class RegionsConfig:
    """A square of half-width `extent` ([0,1] pixel units) around the picture on a grid of `resolution` points
    a side; `votes` are taken at every point, under the same noise. Raises InputError."""

    extent: float
    resolution: int = 33
    votes: int = 5

    def __post_init__(self) -> None:
        if not (math.isfinite(self.extent) and self.extent > 0):
            raise InputError(f"extent must be a finite number above 0, got {self.extent:g}")
        if self.resolution not in RESOLUTIONS:
            raise InputError(
                f"resolution {self.resolution} is no grid's; choose one of {', '.join(map(str, RESOLUTIONS))}"
            )
        if self.votes < 1:
            raise InputError(f"votes must be a whole number from 1 up, got {self.votes}")


@dataclass(frozen=True, eq=False)
class Regions:
    """A frozen snapshot: the classes at every point, (resolution, resolution) each, row 0 at b = extent and
    column 0 at a = -extent. A point that was not classified yet has the class of the nearest one that was, or
    UNKNOWN where none is near."""

    labels: dict[RegionKind, Labels]
    done: int  # points
    total: int

    @property
    def finished(self) -> bool:
        return self.done == self.total


def regions_stream(
    base: BaseClassifier, plane: Plane, config: SmoothingConfig, regions: RegionsConfig
) -> Iterator[Regions]:
    """The decision regions from coarse to fine, yielding after every few points; closing cancels.

    "classifier" is the network alone, without noise; "vote" is f on one noisy copy and "purified" the network
    on what the purifier makes of that copy, where local noise follows; "smoothed" is the class with the most
    of regions.votes votes, the first in order where several have as many.
    """
    size, extent = regions.resolution, regions.extent
    noise = NoiseSource(config.seed, image_sha256(plane.x), "regions")
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
    """Every point (row, column) of the grid once, in batches with their stride: those of the coarsest grid
    first, then those that each finer one adds."""
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
