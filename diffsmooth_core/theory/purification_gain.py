"""Does purification help? L2 distances to the clean image before and after it, in [0,1] pixel units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from diffsmooth_core.certification.noise import NoiseSource, image_sha256
from diffsmooth_core.config import InputError
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.schedule import noise_ratio
from diffsmooth_core.statistics import Proportion
from diffsmooth_core.theory.theorem1 import c_eta, shift_and_noise_quantile


@dataclass(frozen=True, eq=False)
class Gain:
    """Mean distances over noisy copies at one sigma, and the first copy before and after purification."""

    sigma: float
    alpha_bar: float
    noisy: float  # mean ||x_rs - x_0||
    purified: float  # mean ||x_hat - x_0||
    shortened: float  # share of copies that purification brought nearer to x_0
    copy: npt.NDArray[np.float32]  # (h,w,3)
    estimate: npt.NDArray[np.float32]  # (h,w,3)

    def bound(self, eta: float) -> float:
        """The sum of the first two terms of Theorem 1's bound, for a reverse-SDE sample from such a copy."""
        rho = noise_ratio(self.alpha_bar)
        return self.noisy + rho * c_eta(self.copy.size, eta) / 2

    def quantile(self, eta: float) -> float:
        """The exact 1 - eta quantile of the length that these two terms bound."""
        rho = noise_ratio(self.alpha_bar)
        return shift_and_noise_quantile(2 * self.noisy, rho, self.copy.size, eta) / 2


def gains(
    x: Tensor, denoiser: Denoiser, sigmas: Sequence[float], copies: int = 8, seed: int = 0
) -> Iterator[Gain]:
    """One Gain for each sigma, for the image x (c,h,w) in [0,1]; the same noise is scaled to every sigma.

    Raises InputError where the schedule does not reach a sigma or there are no copies.
    """
    if copies < 1:
        raise InputError(f"at least 1 noisy copy is needed, got {copies}")
    device = next(iter(denoiser.network.parameters()), x).device
    noise = NoiseSource.seeded(seed, image_sha256(x), "theory").outer(0, copies, x.shape)
    for sigma in sigmas:
        _, alpha_bar = denoiser.schedule.timestep_for_sigma(sigma)
        noisy = x + sigma * noise
        purified = denoiser.purify(noisy.to(device), sigma).cpu()
        before, after = (v.sub(x).flatten(1).norm(dim=1) for v in (noisy, purified))
        yield Gain(
            sigma,
            alpha_bar,
            float(before.mean()),
            float(after.mean()),
            float((after < before).double().mean()),
            _picture(noisy[0]),
            _picture(purified[0]),
        )


@dataclass(frozen=True)
class PurificationDistances:
    """L2 distances to the clean image before and after purification, for one noisy copy of each image, in
    [0,1] units."""

    sigmas: tuple[float, ...]
    pictures: int
    noisy: tuple[tuple[float, ...], ...] = ()  # [sigma][image], as far as computed
    purified: tuple[tuple[float, ...], ...] = ()

    @property
    def finished(self) -> bool:
        return len(self.noisy) == len(self.sigmas) and len(self.noisy[-1]) == self.pictures

    def nearer(self, sigma: float) -> Proportion:
        """The share of images whose noisy copy purification brought nearer, at one of `sigmas`."""
        at = self.sigmas.index(sigma)
        both = zip(self.noisy[at], self.purified[at], strict=True) if at < len(self.noisy) else ()
        moves = [after < before for before, after in both]
        return Proportion.of(sum(moves), len(moves))


def compare(
    pictures: Sequence[Tensor], denoiser: Denoiser, sigmas: Sequence[float], seed: int = 0, batch: int = 16
) -> Iterator[PurificationDistances]:
    """Purify one noisy copy of every image (c,h,w) in [0,1] at every sigma, yielding after every batch.

    Each image has noise of its own, which is scaled to every sigma. Raises InputError where the schedule does
    not reach a sigma or there are no images.
    """
    if not pictures:
        raise InputError("at least 1 picture is needed, got none")
    progress = PurificationDistances(tuple(sigmas), len(pictures))
    yield progress
    clean = torch.stack(list(pictures))
    sources = [NoiseSource.seeded(seed, image_sha256(x), "theory") for x in pictures]
    noise = torch.cat([source.outer(0, 1, x.shape) for source, x in zip(sources, pictures, strict=True)])
    device = next(iter(denoiser.network.parameters()), clean).device
    for sigma in sigmas:
        rows: tuple[tuple[float, ...], ...] = ((), ())
        for x, eps in zip(clean.split(batch), noise.split(batch), strict=True):
            noisy = x + sigma * eps
            purified = denoiser.purify(noisy.to(device), sigma).cpu()
            lengths = ((v - x).flatten(1).norm(dim=1).tolist() for v in (noisy, purified))
            rows = tuple((*row, *new) for row, new in zip(rows, lengths, strict=True))
            yield replace(progress, noisy=(*progress.noisy, rows[0]), purified=(*progress.purified, rows[1]))
        progress = replace(progress, noisy=(*progress.noisy, rows[0]), purified=(*progress.purified, rows[1]))


def _picture(x: Tensor) -> npt.NDArray[np.float32]:
    return x.float().permute(1, 2, 0).contiguous().numpy()
