"""Theorem 1: how far a reverse-SDE sample lies from the clean image. All lengths are in [-1,1] units.

The reverse SDE ends at (2 x_rs - 1) + noise N(0, rho^2 I) + int e^tau gamma score dt, with e^{2 tau} =
1/alpha_bar and rho^2 = e^{2 tau} - 1. Assuming ||score|| <= C/2, the paper bounds the last term by tau C.
But the integral of e^tau gamma C/2 is C (e^tau - 1), which is larger; the corrected bound uses that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diffsmooth_core.config import InputError
from diffsmooth_core.purification.schedule import noise_ratio
from diffsmooth_core.statistics import Proportion
from diffsmooth_core.theory.reverse_sde import Paths

Floats = npt.NDArray[np.float64]

VERSIONS = {
    "printed": "as printed: shift + noise + τ·C",
    "corrected": "corrected: shift + noise + (e^τ − 1)·C",
    "free": "without C: shift + noise",
    "pathwise": "pathwise: shift + noise + the path's own score term",
    "tight": "pathwise, with the exact quantile of shift and noise",
}


def c_eta(dimension: int, eta: float) -> float:
    """C_eta, a length that a standard normal vector in d dimensions exceeds with probability at most eta.

    sqrt(d + 2 sqrt(d log(1/eta)) + 2 log(1/eta)), from Laurent and Massart 2000. Raises InputError unless
    eta lies strictly between 0 and 1.
    """
    if not 0 < eta < 1:
        raise InputError(f"eta must lie between 0 and 1, got {eta:g}")
    log = math.log(1 / eta)
    return math.sqrt(dimension + 2 * math.sqrt(dimension * log) + 2 * log)


def shift_and_noise_quantile(shift: float, rho: float, dimension: int, eta: float) -> float:
    """The exact 1 - eta quantile of ||v + rho eps|| for ||v|| = shift and eps standard normal in d
    dimensions.

    (||v + rho eps|| / rho)^2 has a noncentral chi-squared distribution.
    """
    from scipy.stats import chi2, ncx2  # imported here because it is slow to import

    squared = ncx2.isf(eta, dimension, (shift / rho) ** 2) if shift > 0 else chi2.isf(eta, dimension)
    return rho * math.sqrt(float(squared))


@dataclass(frozen=True, eq=False)
class Theorem1:
    """The terms of the bound, and the distances of k reverse-SDE samples from x_0, for one x_rs."""

    dimension: int
    alpha_bar: float
    eta: float
    distances: Floats  # (k,): ||x_hat_0 - x_0||
    shift: float  # ||x_rs - x_0||
    drift: Floats  # (k,): each path's own score term, see Paths.drift
    largest_score: float  # largest seen on the sampled paths: a lower estimate of sup ||score||, not a bound

    @classmethod
    def of(
        cls, paths: Paths, start: npt.ArrayLike, clean: npt.ArrayLike, alpha_bar: float, eta: float
    ) -> Theorem1:
        """From sampled paths, their start 2 x_rs - 1 and the clean point, both in [-1,1] units."""
        x_0 = np.asarray(clean, np.float64).ravel()
        ends = paths.end.double().cpu().numpy().reshape(len(paths.end), -1)
        return cls(
            dimension=x_0.size,
            alpha_bar=alpha_bar,
            eta=eta,
            distances=np.linalg.norm(ends - x_0, axis=1),
            shift=float(np.linalg.norm(np.asarray(start, np.float64).ravel() - x_0)),
            drift=paths.drift.numpy(),
            largest_score=float(paths.score.max()),
        )

    @property
    def rho(self) -> float:
        return noise_ratio(self.alpha_bar)

    @property
    def tau(self) -> float:
        return -math.log(self.alpha_bar) / 2

    @property
    def noise(self) -> float:
        """rho C_eta, the second term of the bound."""
        return self.rho * c_eta(self.dimension, self.eta)

    @property
    def c(self) -> float:
        """An estimate of C: twice the largest score norm on the sampled paths. Where the score is unbounded,
        no finite C exists."""
        return 2 * self.largest_score

    @property
    def quantile(self) -> float:
        """The exact 1 - eta quantile of the length that shift + noise bounds."""
        return shift_and_noise_quantile(self.shift, self.rho, self.dimension, self.eta)

    def score_term(self, version: str) -> Floats:
        """The third term of the bound for each path, (k,), in one of VERSIONS."""
        term = {
            "printed": self.tau * self.c,
            "corrected": (math.exp(self.tau) - 1) * self.c,
            "free": 0.0,
            "pathwise": self.drift,
            "tight": self.drift,
        }[version]
        return np.broadcast_to(np.asarray(term, np.float64), self.distances.shape)

    def bound(self, version: str) -> Floats:
        """The bound for each path, (k,), in one of VERSIONS."""
        first = self.quantile if version == "tight" else self.shift + self.noise
        return first + self.score_term(version)

    def share(self, version: str) -> Proportion:
        """The share of samples that satisfy the bound, in one of VERSIONS."""
        inside = int(np.count_nonzero(self.distances <= self.bound(version)))
        return Proportion.of(inside, len(self.distances))
