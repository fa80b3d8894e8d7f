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
from diffsmooth_core.classifiers.device import fast_dtype
from diffsmooth_core.runs.workers import Plan, RayActors, Unit, base_of

ROUNDS = 3
PICTURES = 16
CONFIG = SmoothingConfig(dtype=fast_dtype("cpu"), device="cpu")


def cast(crew: RayActors, units: list[Unit]) -> tuple[float, np.ndarray]:
    """Seconds that the units take, and their counts by class."""
    began, waiting, busy = time.perf_counter(), list(units), 0
    counts = np.zeros((PICTURES, base_of(CONFIG).classifier.classes), int)
    while waiting or busy:
        while waiting and busy < crew.slots:
            crew.submit([waiting.pop()])
            busy += 1
        for asked, classes in crew.collect():
            busy -= 1
            for unit, found in zip(asked, classes, strict=True):
                counts[unit.idx] += np.bincount(found, minlength=counts.shape[1])
    return time.perf_counter() - began, counts


def main() -> None:
    base = base_of(CONFIG)
    units = [Unit(idx, "estimation", 0, base.chunk) for idx in range(PICTURES)]
    crew = RayActors(Plan(CONFIG, base.execution, base.block), 2)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    try:
        _, expected = cast(crew, units)  # loads the networks
        for _ in range(ROUNDS):
            for crew.slots in (1, 2):
                took, counts = cast(crew, units)
                assert np.array_equal(counts, expected)
                seconds[crew.slots].append(took)
    finally:
        crew.close()
    votes, ratios = PICTURES * base.chunk, [a / b for a, b in zip(*seconds.values(), strict=True)]
    for workers, taken in seconds.items():
        print(f"{workers} worker{'s' * (workers > 1)}: {votes / statistics.median(taken):.0f} votes a second")
    print(
        f"one / two = {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), "
        f"the same {votes:,} votes"
    )


if __name__ == "__main__":
    main()
