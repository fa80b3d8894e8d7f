"""What is certified: one validated configuration for library, command line, page and audit row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

ABSTAIN = -1


class InputError(ValueError):
    """Bad input from a person: one sentence that names the value and the remedy."""


@dataclass(frozen=True)
class Method:
    """How a base classifier is put together: purify the noisy copy, average over local noise."""

    title: str
    purifies: bool
    smooths_locally: bool


METHODS: dict[str, Method] = {
    "diffsmooth": Method("DiffSmooth", purifies=True, smooths_locally=True),
    "plain": Method("Plain randomized smoothing", purifies=False, smooths_locally=False),
    "dds": Method("Diffusion denoised smoothing (DDS)", purifies=True, smooths_locally=False),
    "local-only": Method("Local smoothing without diffusion", purifies=False, smooths_locally=True),
}
DATASETS = ("cifar10", "imagenet")
NOISES = ("fresh", "reference")
STOPPING = ("fixed",)
DTYPES = ("auto", "float32", "bfloat16")


def minimum_votes(alpha: float) -> int:
    """The fewest votes n that can certify at all: alpha^(1/n) > 1/2."""
    return math.floor(math.log(alpha) / math.log(0.5)) + 1


def _choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(f"{name} {value!r} is unknown; choose one of {', '.join(choices)}")


@dataclass(frozen=True)
class SmoothingConfig:
    """One certification setting (DiffSmooth, Algorithms 1 to 5), validated on construction.

    sigma and sigma_local are noise standard deviations in [0,1] pixel units; m is the number of
    local copies, n0 and n the selection and estimation votes, alpha the failure probability.
    `noise` is "fresh" (Algorithm 3: new local noise for every vote) or "reference" (the released
    code's fixed bank). dtype and device are "auto" or a concrete choice. Raises InputError.
    """

    method: str = "diffsmooth"
    classifier: str = "gaussian-0.25"
    denoiser: str = "bundled"
    dataset: str = "cifar10"
    sigma: float = 0.5
    sigma_local: float = 0.25
    m: int = 5
    n0: int = 100
    n: int = 1000
    alpha: float = 0.001
    seed: int = 0
    noise: str = "fresh"
    stopping: str = "fixed"
    dtype: str = "auto"
    device: str = "auto"

    def __post_init__(self) -> None:
        _choice("method", self.method, tuple(METHODS))
        _choice("dataset", self.dataset, DATASETS)
        _choice("noise", self.noise, NOISES)
        _choice("stopping", self.stopping, STOPPING)
        _choice("dtype", self.dtype, DTYPES)
        for name in ("sigma", "sigma_local", "alpha"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise InputError(f"{name} must be a finite number, got {value!r}")
        for name, least in (("m", 1), ("n0", 1), ("n", 1), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"{name} must be a whole number from {least} up, got {value!r}")
        if self.seed >= 2**64:
            raise InputError(f"seed must be below 2**64, got {self.seed}")
        if not self.sigma > 0:
            raise InputError(f"sigma must be above 0, got {self.sigma:g}")
        if self.sigma_local < 0:
            raise InputError(f"sigma_local must be 0 or above, got {self.sigma_local:g}")
        if not 0 < self.alpha < 1:
            raise InputError(f"alpha must lie between 0 and 1, got {self.alpha:g}")
        if self.n < (least := minimum_votes(self.alpha)):
            raise InputError(
                f"n = {self.n} votes can never certify at alpha = {self.alpha:g}: "
                f"even if all agree the bound stays below 1/2; use n = {least} or more"
            )

    @property
    def advice(self) -> tuple[str, ...]:
        """What is allowed but unusual, a sentence each."""
        if METHODS[self.method].smooths_locally and self.sigma_local > self.sigma:
            return (
                f"sigma_local {self.sigma_local:g} is above sigma {self.sigma:g}: "
                "the local noise then hides more than the smoothing noise did "
                "(the paper goes at most 0.03 above the classifier's training noise)",
            )
        return ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SmoothingConfig:
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise InputError(f"unknown setting {sorted(unknown)[0]!r} in the configuration; remove it")
        return cls(**values)
