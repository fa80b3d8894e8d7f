"""How an error in the predicted noise changes the purified image, the votes and the certified radius."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from diffsmooth_core.certification.certificate import Certificate
from diffsmooth_core.certification.stream import certify
from diffsmooth_core.classifiers.base import Classifier
from diffsmooth_core.classifiers.building import build_base
from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.theory.network import disturbed
from diffsmooth_core.theory.purification_gain import gains


@dataclass(frozen=True)
class Consequence:
    """The result for one size of the error in the predicted noise.

    eps_error is its root mean square; `purified` is the mean L2 distance of the purified copies from the
    clean image, in [0,1] units.
    """

    eps_error: float
    purified: float
    certificate: Certificate


def consequences(
    x: Tensor,
    classifier: Classifier,
    denoiser: Denoiser,
    config: SmoothingConfig,
    errors: Sequence[float],
    copies: int = 8,
) -> Iterator[Consequence]:
    """Certify x (c,h,w) in [0,1] once for each of `errors`, root mean squares, always on the same noise.

    `copies` is the number of noisy copies behind the mean purified distance. Raises InputError where
    `certify`, `gains` or `build_base` does.
    """
    for size in errors:
        worse = disturbed(denoiser, size, config.seed)
        (gain,) = gains(x, worse, (config.sigma,), copies, config.seed)
        yield Consequence(size, gain.purified, certify(build_base(config, classifier, worse), x, config))
