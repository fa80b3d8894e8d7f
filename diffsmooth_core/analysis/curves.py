"""The difference of two curves of certified accuracy, and where they cross."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from diffsmooth_core.runs.results import Result
from diffsmooth_core.statistics.proportion import RISK

Radii = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RunCurve:
    """Certified accuracy of a run's results, of which there is one at least, at every radius."""

    results: Sequence[Result]

    @property
    def images(self) -> int:
        return len(self.results)

    @property
    def steps(self) -> Radii:
        """The radii of the pictures that are right, ascending: beyond each the curve steps down."""
        return np.sort([result.radius for result in self.results if result.correct])

    def at(self, radii: Radii) -> Radii:
        steps = self.steps
        return (len(steps) - np.searchsorted(steps, radii)) / len(self.results)


@dataclass(frozen=True)
class TableCurve:
    """Certified accuracy as a share at the radii of a table, and nowhere else; `images` where it is known."""

    shares: Mapping[float, float]
    images: int | None = None

    @property
    def steps(self) -> Radii:
        return np.array(sorted(self.shares), dtype=np.float64)

    def at(self, radii: Radii) -> Radii:
        return np.array([self.shares[float(radius)] for radius in radii], dtype=np.float64)


@dataclass(frozen=True)
class Difference:
    """Certified accuracy of a first curve minus that of a second, both as shares, at `radii`.

    margin: the band of the difference plus and minus this holds the true one at all radii together with
        probability 95 %; None where the number of pictures is not known.
    crossings: the radii up to which one has more and beyond which the other has.
    """

    radii: tuple[float, ...]
    shares: tuple[float, ...]
    margin: float | None
    crossings: tuple[float, ...]


def difference(first: RunCurve | TableCurve, second: RunCurve | TableCurve) -> Difference:
    """First minus second: at 0 and wherever one of two runs steps down, and of tables at the radii that both
    know, possibly none.

    The margin adds the bands of Dvoretzky, Kiefer and Wolfowitz for both curves, each at half of the risk. So
    it holds for any two, and is wide for two over the same pictures, which differ by less.
    """
    tables = [curve for curve in (first, second) if isinstance(curve, TableCurve)]
    if tables:
        radii = tables[0].steps if len(tables) == 1 else np.intersect1d(first.steps, second.steps)
    else:
        radii = np.unique(np.concatenate([[0.0], first.steps, second.steps]))
    shares = first.at(radii) - second.at(radii)
    signs = np.sign(shares)
    places = np.flatnonzero(signs)
    crossings = [float(radii[i]) for i, k in pairwise(places) if signs[i] != signs[k]]
    return Difference(
        tuple(map(float, radii)), tuple(map(float, shares)), _margin(first, second), tuple(crossings)
    )


def _margin(first: RunCurve | TableCurve, second: RunCurve | TableCurve) -> float | None:
    sizes = [curve.images for curve in (first, second)]
    known = [size for size in sizes if size]
    if len(known) < 2:
        return None
    return sum(math.sqrt(math.log(4 / RISK) / (2 * size)) for size in known)
