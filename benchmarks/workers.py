"""What does a second Ray worker bring? Votes of an audit a second, two actors of one thread against one.

    python benchmarks/workers.py

Casts the same votes of test pictures with one and with two actors in turn, once the actors have loaded their
networks, and compares counts. Needs Ray and DIFFSMOOTH_DATA with CIFAR-10.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.classifiers.fast_dtype import fast_dtype
from diffsmooth_core.runs.ray_workers import RayWorkers
from diffsmooth_core.runs.workers import Plan, VoteRequest, base_of

ROUNDS = 3
PICTURES = 16
CONFIG = SmoothingConfig(dtype=fast_dtype("cpu"), device="cpu")


def cast(workers: RayWorkers, requests: list[VoteRequest]) -> tuple[float, np.ndarray]:
    """Seconds that the requests take, and their counts by class."""
    began, waiting, busy = time.perf_counter(), list(requests), 0
    counts = np.zeros((PICTURES, base_of(CONFIG).classifier.classes), int)
    while waiting or busy:
        while waiting and busy < workers.slots:
            workers.submit([waiting.pop()])
            busy += 1
        for answered, classes in workers.collect():
            busy -= 1
            for request, found in zip(answered, classes, strict=True):
                counts[request.idx] += np.bincount(found, minlength=counts.shape[1])
    return time.perf_counter() - began, counts


def main() -> None:
    base = base_of(CONFIG)
    requests = [VoteRequest(idx, "estimation", 0, base.votes_per_step) for idx in range(PICTURES)]
    workers = RayWorkers(Plan(CONFIG, base.execution, base.purifier_batch), 2)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    try:
        _, expected = cast(workers, requests)  # loads the networks
        for _ in range(ROUNDS):
            for workers.slots in (1, 2):
                took, counts = cast(workers, requests)
                assert np.array_equal(counts, expected)
                seconds[workers.slots].append(took)
    finally:
        workers.close()
    votes, ratios = PICTURES * base.votes_per_step, [a / b for a, b in zip(*seconds.values(), strict=True)]
    for count, taken in seconds.items():
        print(f"{count} worker{'s' * (count > 1)}: {votes / statistics.median(taken):.0f} votes a second")
    print(
        f"one / two = {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), "
        f"the same {votes:,} votes"
    )


if __name__ == "__main__":
    main()
