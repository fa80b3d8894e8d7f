"""A picture's votes stage by stage: the class without noise, with noise, after purification and at the
end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from diffsmooth_core.certification.commitment import Tie
from diffsmooth_core.certification.progress import Pixels
from diffsmooth_core.certification.voting import VoteRange, as_pixels, draw_noise, first_votes
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.device import autocast
from diffsmooth_core.config import InputError, SmoothingConfig

SAMPLE = 48  # votes whose stages are classified


@dataclass(frozen=True)
class Stages:
    """The classes after each stage of a sample of votes, and the pictures that were classified.

    clean: class of the picture without noise; noisy, purified and local: class of each copy (votes,)
    before purification, after it, and of each local copy (votes, m); votes: what was counted (votes,). None
    where the method has no such stage.
    """

    clean: int
    noisy: npt.NDArray[np.int64]
    purified: npt.NDArray[np.int64] | None
    local: npt.NDArray[np.int64] | None
    votes: npt.NDArray[np.int64]
    noisy_pictures: tuple[Pixels, ...]
    purified_pictures: tuple[Pixels, ...]

    def share(self, stage: str, label: int) -> float | None:
        """The share of a stage's pictures that are classified as `label`; None where there is no such
        stage."""
        classes = getattr(self, stage)
        return None if classes is None else float(np.mean(np.asarray(classes) == label))


@torch.inference_mode()
def take_apart(
    base: BaseClassifier, x: Tensor, config: SmoothingConfig, votes: int = SAMPLE, tied_to: Tie | None = None
) -> Stages:
    """Draw the first estimation votes for x (c,h,w) again, of the noise that is tied to `tied_to`, and
    classify the picture after each stage."""
    stop = min(votes, config.n)
    x_noisy, noise = draw_noise(base, VoteRange(x, "estimation", 0, stop, tied_to), config)
    step = base.votes_per_step
    parts = [
        base.trace(x_noisy[at : at + step], None if noise is None else noise[at : at + step])
        for at in range(0, stop, step)
    ]
    parts_purified = [p.purified for p in parts if p.purified is not None]
    purified = torch.cat(parts_purified) if parts_purified else None
    parts_local = [p.local for p in parts if p.local is not None]
    copies = torch.cat(parts_local) if parts_local else None
    return Stages(
        clean=int(_classes(base, x[None])[0]),
        noisy=_classes(base, x_noisy),
        purified=None if purified is None else _classes(base, purified),
        local=None if copies is None else _classes(base, copies.flatten(0, 1)).reshape(copies.shape[:2]),
        votes=torch.cat([p.confidence for p in parts]).argmax(1).cpu().numpy(),
        noisy_pictures=tuple(as_pixels(p) for p in x_noisy),
        purified_pictures=() if purified is None else tuple(as_pixels(p) for p in purified),
    )


def _classes(base: BaseClassifier, x: Tensor) -> npt.NDArray[np.int64]:
    with autocast(base.device, base.dtype):
        classes = [base.classifier(part.to(base.device)).float().argmax(1).cpu() for part in x.split(64)]
    return torch.cat(classes).numpy()


def calmer_share(
    build: Callable[[SmoothingConfig], BaseClassifier],
    x: Tensor,
    config: SmoothingConfig,
    wanted: int,
    votes: int = SAMPLE,
) -> float | None:
    """The share of `votes` votes that are for class `wanted` at half the noise; None where the method cannot
    run at that noise. `build` makes the base classifier of a configuration."""
    try:
        calm = replace(config, sigma=config.sigma / 2, sigma_local=min(config.sigma_local, config.sigma / 2))
        classes = first_votes(build(calm), x, calm, "estimation", votes)
    except InputError:
        return None
    return float(np.mean(classes == wanted))
