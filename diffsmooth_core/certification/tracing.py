"""One vote of a run in detail: all intermediate results of Algorithms 1 to 4."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from diffsmooth_core.certification.commitment import Tie
from diffsmooth_core.certification.progress import Pixels, Stage
from diffsmooth_core.certification.voting import VoteRange, as_pixels, checked, draw_noise
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.config import InputError, SmoothingConfig


@dataclass(frozen=True)
class TracedDiffusion:
    """Algorithms 1 and 2 for one noisy copy, in the diffusion model's [-1,1] units.

    x_t = sqrt(alpha_bar) (2 x_noisy - 1) is the network's input at timestep t of T, eps the standard normal
    noise that was drawn, and `predicted` the network's estimate of it, each (h,w,c). noise_ratio (T,) is
    sqrt((1 - alpha_bar_t) / alpha_bar_t); t is the first timestep at which it reaches 2 sigma.
    """

    t: int
    alpha_bar: float
    noise_ratio: npt.NDArray[np.float64]
    x_t: Pixels
    eps: Pixels
    predicted: Pixels

    @property
    def error(self) -> float:
        """Root mean square of predicted - eps; a network that always predicts 0 would have
        about 1."""
        return float(np.sqrt(np.mean((self.predicted - self.eps) ** 2)))


@dataclass(frozen=True)
class TracedVote:
    """Vote number `index` of a stage. Images and noise are (h,w,c), in [0,1] units.

    `noise`, of standard deviation sigma, was added to the original. `local` are the images that the
    classifier saw, if there were several (m local copies or K purified images). softmax (m or K or 1,k) is
    the output for each. confidence (k,) is their mean, or with DensePure the share of the K images that each
    class won. The results of steps that the method does not have are None or empty.
    """

    index: int
    original: Pixels
    noise: Pixels
    noisy: Pixels
    diffusion: TracedDiffusion | None
    purified: Pixels | None
    local: tuple[Pixels, ...]
    softmax: npt.NDArray[np.float32]
    confidence: npt.NDArray[np.float32]

    @property
    def vote(self) -> int:
        return int(self.confidence.argmax())


def trace_vote(
    base: BaseClassifier,
    x: Tensor,
    config: SmoothingConfig,
    index: int,
    stage: Stage = "estimation",
    tied_to: Tie | None = None,
) -> TracedVote:
    """Compute vote number `index` (from 0) of a run with these settings again, from the same noise: what that
    is tied to is `tied_to`, by default the run's own commitment.

    x is one picture, float32 (c,h,w) in [0,1]. `tied_to` is what the run's noise is tied to, where that is
    not its own commitment. Raises InputError for a bad picture, a base that was built
    for another setting, or a vote beyond the stage's last.
    """
    x = checked(base, x, config, base.purifier_batch)
    total = config.n0 if stage == "selection" else config.n
    if not 0 <= index < total:
        raise InputError(f"vote {index} is not one of the {total} {stage} votes; take 0 to {total - 1}")
    x_noisy, noise = draw_noise(base, VoteRange(x, stage, index, index + 1, tied_to), config)
    pictures, passed = base.trace_purifier(x_noisy, noise)
    x_noisy = x_noisy.cpu()
    vote = base.classify(pictures, noise)
    diffusion = None
    if passed is not None:
        diffusion = TracedDiffusion(
            t=passed.t,
            alpha_bar=passed.alpha_bar,
            noise_ratio=passed.noise_ratio,
            x_t=as_pixels(passed.x_t[0]),
            eps=as_pixels((x_noisy[0] - x) / config.sigma),
            predicted=as_pixels(passed.eps[0]),
        )
    return TracedVote(
        index=index,
        original=as_pixels(x),
        noise=as_pixels(x_noisy[0] - x),
        noisy=as_pixels(x_noisy[0]),
        diffusion=diffusion,
        purified=None if vote.purified is None else as_pixels(vote.purified[0]),
        local=() if vote.local is None else tuple(as_pixels(copy) for copy in vote.local[0]),
        softmax=vote.softmax[0].float().cpu().numpy(),
        confidence=vote.confidence[0].float().cpu().numpy(),
    )
