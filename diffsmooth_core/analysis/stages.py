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
Classes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Stages:
    """The classes after each stage of a sample of votes, and the pictures that were classified.

    clean: class of the picture without noise; noisy, purified and local: class of each copy (votes,)
    before purification, after it, and of each local copy (votes, m); votes: what was counted (votes,). None
    where the method has no such stage.
    """

    clean: int
    noisy: Classes
    purified: Classes | None
    local: Classes | None
    votes: Classes
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
    stop, step = min(votes, config.n), base.votes_per_step
    noisy: list[Classes] = []  # a step of votes each
    purified: list[Classes] = []
    local: list[Classes] = []
    voted: list[Classes] = []
    noisy_pictures: list[Pixels] = []
    purified_pictures: list[Pixels] = []
    for at in range(0, stop, step):  # of the m local copies of a vote only the classes are kept
        wanted = VoteRange(x, "estimation", at, min(at + step, stop), tied_to)
        x_noisy, noise = draw_noise(base, wanted, config)
        vote = base.trace(x_noisy, noise)
        noisy.append(_classes(base, x_noisy))
        noisy_pictures += map(as_pixels, x_noisy)
        if vote.purified is not None:
            purified.append(_classes(base, vote.purified))
            purified_pictures += map(as_pixels, vote.purified)
        if vote.local is not None:
            local.append(vote.softmax.argmax(2).cpu().numpy())
        voted.append(vote.confidence.argmax(1).cpu().numpy())
    return Stages(
        clean=int(_classes(base, x[None])[0]),
        noisy=np.concatenate(noisy),
        purified=np.concatenate(purified) if purified else None,
        local=np.concatenate(local) if local else None,
        votes=np.concatenate(voted),
        noisy_pictures=tuple(noisy_pictures),
        purified_pictures=tuple(purified_pictures),
    )


def _classes(base: BaseClassifier, x: Tensor) -> Classes:
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
