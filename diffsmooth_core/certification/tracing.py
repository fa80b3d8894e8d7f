"""One vote of a run taken apart: every number that Algorithms 1 to 4 pass through on the way to it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from diffsmooth_core.certification.voting import Ballot, Picture, Stage, as_picture, check, drawn
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.config import METHODS, InputError, SmoothingConfig
from diffsmooth_core.purification.denoiser import Denoiser


@dataclass(frozen=True)
class Diffusion:
    """Algorithms 1 and 2 for one noisy copy, in the diffusion model's [-1,1] units.

    x_t = sqrt(alpha_bar) (2 x_noisy - 1) with timestep t of T; eps is the standard normal noise that was
    drawn and predicted the network's estimate of it, both (h,w,c). noise_ratio, (T,), is
    sqrt((1 - alpha_bar_t) / alpha_bar_t), which has to reach 2 sigma.
    """

    t: int
    alpha_bar: float
    noise_ratio: npt.NDArray[np.float64]
    x_t: Picture
    eps: Picture
    predicted: Picture

    @property
    def error(self) -> float:
        """Root mean square of predicted - eps; 1 would be a network that predicts no noise."""
        return float(np.sqrt(np.mean((self.predicted - self.eps) ** 2)))


@dataclass(frozen=True)
class TracedVote:
    """Vote `index` of a stage. Pictures are (h,w,c) in [0,1] units, noise included.

    `noise` was added to the picture, its standard deviation sigma; `local` are the copies that the
    classifier saw where it saw several; softmax (m or K or 1, k) is theirs; confidence (k,) their mean, or
    with DensePure the shares of the K classes. Stages that the method has not are None or empty.
    """

    index: int
    original: Picture
    noise: Picture
    noisy: Picture
    diffusion: Diffusion | None
    purified: Picture | None
    local: tuple[Picture, ...]
    softmax: npt.NDArray[np.float32]
    confidence: npt.NDArray[np.float32]

    @property
    def vote(self) -> int:
        return int(self.confidence.argmax())


def trace_vote(
    base: BaseClassifier, x: Tensor, config: SmoothingConfig, index: int, stage: Stage = "estimation"
) -> TracedVote:
    """Vote `index` (from 0) of a run with these settings, drawn again from its own keyed noise.

    x is one picture, float32 (c,h,w) in [0,1]. Raises InputError for a bad picture, a base that was built
    for another setting, or a vote beyond the stage's last.
    """
    check(base, x, config, base.block)
    total = config.n0 if stage == "selection" else config.n
    if not 0 <= index < total:
        raise InputError(f"vote {index} is not one of the {total} {stage} votes; take 0 to {total - 1}")
    x_noisy, local = drawn(base, Ballot(x, stage, index, index + 1), config)
    diffusion = purified = None
    if isinstance(base.denoiser, Denoiser):
        diffusion, purified = _diffusion(base, x_noisy, x)
    if purified is not None and METHODS[config.method].purification == "one-shot":
        vote = replace(base, denoiser=None, fixed_block=base.block).trace(purified, local)
    else:
        vote = base.trace(x_noisy, local)
        purified = vote.purified
    return TracedVote(
        index=index,
        original=as_picture(x),
        noise=as_picture(x_noisy[0] - x),
        noisy=as_picture(x_noisy[0]),
        diffusion=diffusion,
        purified=None if purified is None else as_picture(purified[0]),
        local=() if vote.local is None else tuple(as_picture(copy) for copy in vote.local[0]),
        softmax=vote.softmax[0].float().cpu().numpy(),
        confidence=vote.confidence[0].float().cpu().numpy(),
    )


@torch.inference_mode()
def _diffusion(base: BaseClassifier, x_noisy: Tensor, x: Tensor) -> tuple[Diffusion, Tensor]:
    """`purify` with its parts kept, in a block of the run's shape, so with the same last bits; and the
    purified copy (1,c,h,w)."""
    _, denoiser = base.running
    assert isinstance(denoiser, Denoiser)
    t, alpha_bar = denoiser.schedule.timestep_for_sigma(base.sigma)
    padded = F.pad(x_noisy.to(base.device), (0, 0) * 3 + (0, base.block - 1))
    x_t = math.sqrt(alpha_bar) * (2 * padded - 1)
    with base.autocast():
        predicted = denoiser.predict_noise(x_t, t)
        purified = (denoiser.without_noise(x_t, predicted, alpha_bar) + 1) / 2
    eps = (x_noisy[0] - x) / base.sigma
    parts = (as_picture(x_t[0]), as_picture(eps), as_picture(predicted[0]))
    return Diffusion(t, alpha_bar, denoiser.schedule.noise_ratio, *parts), purified[:1]
