"""The batch sizes of the networks of f.

Rounding makes the last bits of an output depend on the batch size, but a vote must not depend on the other
votes in its batch. So all batches of a run have one size, which is fixed before the first vote and recorded;
a batch with fewer images is padded.
"""

from __future__ import annotations

from collections.abc import Callable
from traceback import clear_frames
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from diffsmooth_core.classifiers.execution import Execution
from diffsmooth_core.classifiers.graphs import free_graphs
from diffsmooth_core.config import METHODS, SIDES, InputError, SmoothingConfig
from diffsmooth_core.purification.purifiers import purifier_of

if TYPE_CHECKING:
    from diffsmooth_core.classifiers.base import BaseClassifier

SMALL_PICTURE, SMALL_NETWORK = 64, 20_000_000  # pixels of a side; parameters
GPU_COPIES = {"small pictures": 1024, "small networks": 256, "others": 64}  # in a batch that keeps a GPU busy
GPU_STEP = (
    2**22
)  # pixels of noisy copies in a step of votes on a GPU, which then takes a fraction of a second
GPU_VALUES = (
    2**31 - 1
)  # in a tensor; kernels count those of larger ones with other, slower code or not at all
UNET_CHANNELS = {True: 128, False: 512}  # for each pixel, of small networks and of the widest full-size ones
CLASSIFIER_CHANNELS = 64  # of the widest one, for each pixel
CPU_COPIES = 16  # noisy copies in a batch on a CPU: few enough for frequent progress and quick cancelling
CPU_WORK = 1.5e12  # parameters times pixels that one CPU core processes in about half a second
STEP_PICTURES = 384  # images in a step of votes on a CPU, which then takes a fraction of a second
ROUNDING = 1e-3  # exceeds the rounding error of a sum of softmaxes
NO_MEMORY = (  # how torch, Metal and CUDA's libraries say so where they raise no OutOfMemoryError
    "can't allocate memory",
    "CUDA error: out of memory",
    "MPS backend out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)


def network_passes(config: SmoothingConfig) -> int:
    """About how many network evaluations a vote takes: 1, plus those that the method repeats."""
    purifier, method = purifier_of(config.method), METHODS[config.method]
    repeated = purifier.passes(config) + purifier.pictures(config) if purifier.majority else 0
    return 1 + repeated + (config.m if method.smooths_locally else 0)


def cpu_seconds(config: SmoothingConfig, parameters: int) -> float:
    """About how many seconds one CPU core takes for a vote, where the largest network, of so many
    `parameters`, is the purifier's; less where it is the classifier."""
    work = parameters * _side(config) ** 2 * max(1, purifier_of(config.method).passes(config))
    return 0.5 * work / CPU_WORK


def _side(config: SmoothingConfig) -> int:
    return SIDES.get(config.dataset, SIDES["cifar10"])  # the user's own data set: small images are assumed


def default_purifier_batch(config: SmoothingConfig, device: torch.device, parameters: int) -> int:
    """The default number of noisy copies in each batch of the purifier.

    `parameters` is the number of parameters of the largest network: the larger it is, the smaller the batch,
    on a CPU down to 1.
    """
    pictures = purifier_of(config.method).pictures(config)
    if device.type == "cuda":
        small = parameters <= SMALL_NETWORK
        channels = max(UNET_CHANNELS[small] * pictures, CLASSIFIER_CHANNELS * config.m)
        fitting = GPU_VALUES // (_side(config) ** 2 * channels)
        kind = "small networks" if small else "others"
        copies = GPU_COPIES["small pictures" if _side(config) <= SMALL_PICTURE else kind]
        return copies if copies <= fitting else max(1, fitting // 8 * 8 or fitting)
    affordable = int(CPU_WORK / (max(1, parameters) * _side(config) ** 2 * pictures))
    return max(1, min(affordable, max(8, CPU_COPIES // pictures // 8 * 8)))


def votes_per_step(
    config: SmoothingConfig, purifier_batch: int, execution: Execution, device: torch.device
) -> int:
    """How many votes to cast together for good speed; no vote depends on it.

    One purifier batch by default, on a GPU as many as it takes a fraction of a second for. If the classifier
    has a batch size of its own, several purifier batches, so that few of the classifier's batches need
    padding.
    """
    if device.type == "cuda":
        return purifier_batch * max(1, GPU_STEP // (purifier_batch * _side(config) ** 2))
    if not execution.classifier_batch:
        return purifier_batch
    return purifier_batch * max(2, STEP_PICTURES // (network_passes(config) * purifier_batch))


def padded(x: Tensor, size: int) -> Tensor:
    """x (b,...) padded with zeros to (size,...)."""
    return x if len(x) == size else F.pad(x, (0, 0) * (x.dim() - 1) + (0, size - len(x)))


def in_batches(run: Callable[..., Tensor], size: int, *inputs: Tensor | None) -> Tensor:
    """Apply `run` to inputs (b,...) in batches of `size`, padding the last one. An input may be None."""
    first = inputs[0]
    assert first is not None
    batches = [
        run(*(None if x is None else padded(x[at : at + size], size) for x in inputs))
        for at in range(0, len(first), size)
    ]
    return torch.cat(batches)[: len(first)]


def until_decided(softmax: Callable[[Tensor], Tensor], copies: Tensor, classes: int, size: int) -> Tensor:
    """Algorithm 3 with an early end: the softmax of local copies (b,m,c,h,w) -> (b,m,classes).

    Each copy can change the lead of the first class over the second by at most 1. Once the lead exceeds the
    number of remaining copies, these cannot change the vote; they are skipped and their softmax stays 0. The
    first copies of all votes are classified first, then further copies of the undecided votes, so that
    batches stay full. `softmax` is called on `size` images at a time.
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


def out_of_memory(error: RuntimeError) -> bool:
    """Whether `error` says that memory ran out."""
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in NO_MEMORY)


def halve_batch(base: BaseClassifier, error: RuntimeError) -> BaseClassifier:
    """The base classifier with its batch sizes halved, after `error` reported that memory ran out.

    All votes of a certificate must come from one batch size, so counting has to start again. What the failed
    attempt holds is freed: the tensors in the frames of `error`, and the graphs captured for larger batches.
    Raises `error` itself where it is of another kind, and InputError where both networks already take one
    picture at a time.
    """
    if not out_of_memory(error):
        raise error
    clear_frames(error.__traceback__)
    free_graphs()
    if base.purifier_batch == base.classifier_batch == 1:
        raise InputError(
            f"there is not enough memory on {base.device} for one copy at a time; free some, or choose a "
            "smaller network"
        ) from None
    if base.device.type == "cuda":
        torch.cuda.empty_cache()
    return base.halved
