"""Votes in blocks of rows, as a GPU casts them: noise, purifier, local noise, classifier and classes follow
one another without waiting, where asked for as one CUDA graph.

A row is any vote of any picture; so one graph serves certificates and audits that pool pictures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from diffsmooth_core.certification.noise import Drawn, NoiseSource
from diffsmooth_core.certification.noise_on_device import Rows, halves
from diffsmooth_core.classifiers.base import BaseClassifier
from diffsmooth_core.classifiers.graphs import Graphs, Tensors
from diffsmooth_core.config import SmoothingConfig


def noisy_copies(
    base: BaseClassifier, x: Tensor, noise: Drawn | Rows, config: SmoothingConfig
) -> tuple[Tensor, Tensor | None]:
    """The noisy copies (b,c,h,w) of pictures x (b,c,h,w) or of one picture (c,h,w), and the noise that f uses
    for them (b,draws,c,h,w), None where it needs none or uses the reference implementation's; all where
    `noise` is drawn."""
    shape = x.shape[-3:]
    if config.noise == "sound":
        x_noisy = noise.noisy(x, config.sigma)
    else:
        x_noisy = x + config.sigma * noise.outer(shape)
    if config.noise == "reference" or not base.draws:
        return x_noisy, None
    return x_noisy, noise.local(base.draws, shape)


def leading(confidence: Tensor) -> Tensor:
    """The class with the highest confidence for each copy, (b,k) -> (b,); -1 where a value is not finite."""
    return torch.where(torch.isfinite(confidence).all(1), confidence.argmax(1), -1)


@dataclass(frozen=True)
class Seen:
    """The images of some votes: their noisy copies (b,c,h,w), the purified ones, and what the classifier saw
    (b,m or K,c,h,w), each where the method has it."""

    noisy: Tensor
    purified: Tensor | None
    local: Tensor | None


def cast(
    base: BaseClassifier, asked: list[tuple[NoiseSource, range, Tensor]], config: SmoothingConfig
) -> tuple[Tensor, Seen]:
    """Algorithm 4 for ranges of votes, each of a source of noise and a picture (c,h,w): the classes (votes,)
    in this order, as `leading` has them, and the images of those that `shown` names; all on the device of f.

    Blocks have `base.purifier_batch` rows; the last one is filled up with its last row.
    """
    listed = [(*halves(source.key), vote, i) for i, (source, votes, _) in enumerate(asked) for vote in votes]
    rows = torch.tensor(listed).to(base.device, non_blocking=True)
    pictures = torch.stack([x for _, _, x in asked]).to(base.device, non_blocking=True)
    run = _as_graph(base, config) if _one_graph(base, config) else partial(_block, base, config)
    classes = []
    for at in range(0, len(rows), base.purifier_batch):
        place = torch.arange(at, at + base.purifier_batch, device=base.device).clamp(max=len(rows) - 1)
        row = rows[place]
        voted, *images = run(row[:, :2].contiguous(), row[:, 2].contiguous(), pictures[row[:, 3]])
        classes.append(voted)
    noisy, *rest = images
    several = base.method.smooths_locally or base.purifier.majority
    seen = Seen(noisy, rest.pop(0) if base.method.purifies else None, rest.pop(0) if several else None)
    return torch.cat(classes)[: len(rows)], seen


def shown(classes: npt.NDArray[np.int64], block: int) -> list[int]:
    """The places of the two votes whose images come back from `cast`, in blocks of so many rows: of its last
    block the last vote, behind the first one for another class, or the block's first where all agree.

    So a vote against the others of its block is always among them, where there is one.
    """
    start = (len(classes) - 1) // block * block
    last = classes[start:]
    return [start + int(np.argmax(last != last[-1])), len(classes) - 1]


def _block(base: BaseClassifier, config: SmoothingConfig, keys: Tensor, votes: Tensor, x: Tensor) -> Tensors:
    """The classes of a block of rows, keys (b,2), votes (b,) and pictures (b,c,h,w), and the images of the
    two rows that `shown` names."""
    x_noisy, noise = noisy_copies(base, x, Rows(keys, votes), config)
    vote = base.trace(x_noisy, noise, every_copy=False)
    classes = leading(vote.confidence)
    other = (classes != classes[-1]).int().argmax()
    rows = torch.stack([other, torch.full_like(other, len(classes) - 1)])
    images = (x_noisy, vote.purified, vote.local)
    return classes, *(image[rows] for image in images if image is not None)


def _one_graph(base: BaseClassifier, config: SmoothingConfig) -> bool:
    """Whether blocks are to be captured whole: not where local copies or the members of an ensemble end
    early, which waits, nor with the reference implementation's noise, which comes from the CPU."""
    network = base.classifier.network
    waits = base.execution.classifier_batch or getattr(network, "consensus", 0) or config.noise == "reference"
    return base.execution.mode == "graph" and not waits


def _as_graph(base: BaseClassifier, config: SmoothingConfig) -> Graphs:
    """Blocks of f as graphs, which runs of f share whatever their numbers of votes are."""
    alike = SmoothingConfig(**config.defining, noise=config.noise, device=config.device, dtype=config.dtype)
    folded = replace(base, config=alike, execution=replace(base.execution, mode="folded"))
    return _graphs(folded, alike)


@lru_cache(maxsize=4)
def _graphs(base: BaseClassifier, config: SmoothingConfig) -> Graphs:
    return Graphs(partial(_block, base, config))
