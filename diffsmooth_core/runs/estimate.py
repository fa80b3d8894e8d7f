"""What a run will take on this machine, from a few votes that are timed before it begins."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from diffsmooth_core.certification.voting import VoteRange, cast_votes
from diffsmooth_core.config import SmoothingConfig
from diffsmooth_core.runs.batch import base_for
from diffsmooth_core.runs.workers import load_picture
from diffsmooth_core.wording import duration

LEAST = 2.0  # seconds that votes are timed, where there are so many


@dataclass(frozen=True)
class Estimate:
    """Pictures, the votes of each (at most, where a stopping rule ends early), and what they take.

    `timed` votes took `seconds_a_vote` each on `device`, with `threads` threads of a CPU. memory and
    gpu_memory are the most bytes that this process and its GPU held until then: 0 where that is not known.
    """

    pictures: int
    votes: int
    seconds_a_vote: float
    timed: int
    device: str
    threads: int
    memory: int
    gpu_memory: int

    @property
    def seconds(self) -> float:
        """The whole run's, one process doing it."""
        return self.pictures * self.votes * self.seconds_a_vote

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"seconds": self.seconds, "all_votes": self.pictures * self.votes}

    def __str__(self) -> str:
        where = f"{self.threads} thread{'s' * (self.threads > 1)}" if self.device == "cpu" else "one device"
        return (
            f"about {duration(self.seconds)} for {self.pictures:,} pictures of {self.votes:,} votes, "
            f"{self.pictures * self.votes:,} in all, at {1 / self.seconds_a_vote:.3g} votes a second "
            f"({self.timed:,} timed, {self.device}, {where}){held(self.memory, self.gpu_memory)}"
        )


def estimate(config: SmoothingConfig, indices: Sequence[int]) -> Estimate:
    """Load the networks of a run over these pictures and time votes of the first one. Nothing is kept. Raises
    InputError as `batch.start` does."""
    base, x = base_for(config, indices), load_picture(config.dataset, indices[0]).tensor
    most, step = config.n0 + config.n, base.votes_per_step
    cast_votes(base, [VoteRange(x, "selection", 0, 1)], config)  # prepares the networks
    timed, began = 0, time.perf_counter()
    while not timed or (timed < most and time.perf_counter() - began < LEAST):
        cast_votes(base, [VoteRange(x, "estimation", timed, timed + step)], config)
        timed += step
    seconds = (time.perf_counter() - began) / timed
    on_gpu = base.device.type == "cuda"
    taken = torch.cuda.max_memory_allocated(base.device) if on_gpu else 0
    return Estimate(
        len(indices), most, seconds, timed, str(base.device), torch.get_num_threads(), peak_memory(), taken
    )


def peak_memory() -> int:
    """The most bytes of memory that this process has held; 0 where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def held(memory: int, gpu_memory: int = 0) -> str:
    """Memory in words, to go on a sentence with; empty where nothing is known."""
    found = {"memory": memory, "GPU memory": gpu_memory}
    return "".join(f"; {amount / 1e9:.1f} GB of {what}" for what, amount in found.items() if amount)
