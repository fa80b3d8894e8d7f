"""How many pictures the networks of f take at a time.

The last bits of an output depend on the shape of the batch, and a vote must not depend on its neighbours. So
every batch of a run has one shape, fixed before the first vote and recorded, and the last one is padded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from diffsmooth_core.classifiers.execution import Execution
from diffsmooth_core.config import METHODS, SIDES, InputError, SmoothingConfig
from diffsmooth_core.purification.purifiers import purifier_of

if TYPE_CHECKING:
    from diffsmooth_core.classifiers.base import BaseClassifier

GPU_PICTURES = 1024  # pictures at a time that fill a GPU
CPU_COPIES = 16  # noisy copies at a time on a CPU: few enough to watch, and to cancel
CPU_WORK = 1.5e12  # network parameters times pixels that one CPU core gets through in about half a second
STEP_PICTURES = 384  # pictures of a step of votes on a CPU: a fraction of a second
ROUNDING = 1e-3  # more than the rounding error of a sum of softmaxes


def network_passes(config: SmoothingConfig) -> int:
    """About how often a vote passes through networks: once, and again for whatever the method repeats."""
    purifier, method = purifier_of(config.method), METHODS[config.method]
    repeated = purifier.passes(config) + purifier.pictures(config) if purifier.majority else 0
    return 1 + repeated + (config.m if method.smooths_locally else 0)


def default_purifier_batch(config: SmoothingConfig, device: torch.device, parameters: int) -> int:
    """Noisy copies that the purifier takes at a time, where nothing else is asked for. `parameters` counts
    those of the largest network: the larger it is, the fewer copies a CPU takes, down to one."""
    if device.type == "cuda":
        return max(8, GPU_PICTURES // network_passes(config) // 8 * 8)
    pictures = purifier_of(config.method).pictures(config)
    side = SIDES.get(config.dataset, SIDES["cifar10"])  # one's own data set: taken for small pictures
    affordable = int(CPU_WORK / (max(1, parameters) * side**2 * pictures))
    return max(1, min(affordable, max(8, CPU_COPIES // pictures // 8 * 8)))


def votes_per_step(config: SmoothingConfig, purifier_batch: int, execution: Execution) -> int:
    """Votes worth casting together. With a classifier batch of its own, several purifier batches: then few
    passes of the classifier have room left. No vote depends on it."""
    if not execution.classifier_batch:
        return purifier_batch
    return purifier_batch * max(2, STEP_PICTURES // (network_passes(config) * purifier_batch))


def padded(x: Tensor, size: int) -> Tensor:
    """x (b,...) with zeros after it, up to (size,...)."""
    return x if len(x) == size else F.pad(x, (0, 0) * (x.dim() - 1) + (0, size - len(x)))


def in_batches(run: Callable[..., Tensor], size: int, *inputs: Tensor | None) -> Tensor:
    """`run` on inputs (b,...), `size` of each at a time, the last ones padded. An input may be None."""
    first = inputs[0]
    assert first is not None
    batches = [
        run(*(None if x is None else padded(x[at : at + size], size) for x in inputs))
        for at in range(0, len(first), size)
    ]
    return torch.cat(batches)[: len(first)]


def until_decided(softmax: Callable[[Tensor], Tensor], copies: Tensor, classes: int, size: int) -> Tensor:
    """Algorithm 3 with an early end: the softmax of local copies (b,m,c,h,w) -> (b,m,classes).

    A copy's softmax is left 0 where no copy that is left could change the class any more, since each can move
    the lead by 1 at most. The first copies of all votes are classified first, then further ones of the votes
    that are still open, so that batches stay full. `softmax` takes `size` pictures at a time.
    """
    answers = copies.new_zeros(*copies.shape[:2], classes)
    wanted = torch.ones_like(answers[:, :, 0], dtype=torch.bool)
    while len(chosen := wanted.T.nonzero()[:size]):
        j, i = chosen.T
        answers[i, j] = in_batches(softmax, size, copies[i, j])
        wanted[i, j] = False
        first, second = answers.sum(1).topk(2).values.T
        wanted[first - second > wanted.sum(1) + ROUNDING] = False
    return answers


def halve_batch(base: BaseClassifier, error: RuntimeError) -> BaseClassifier:
    """The base with half as many pictures at a time, after it ran out of memory.

    All votes of a certificate come from one batch shape, so counting has to start again. Raises the error
    where it is another one, and InputError where there is nothing left to halve.
    """
    if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
        raise error
    if base.purifier_batch == 1:
        raise InputError(
            f"there is not enough memory on {base.device} for one copy at a time; free some, or choose a "
            "smaller network"
        ) from None
    if base.device.type == "cuda":
        torch.cuda.empty_cache()
    return base.halved
