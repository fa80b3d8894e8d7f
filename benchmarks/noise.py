"""How fast is noise drawn? Version 3, the same on every machine, against version 2, NumPy's ziggurat.

    make bench, or PYTHONPATH=. python benchmarks/noise.py

Draws the smoothing noise, the local noise for m = 5 and the noisy copies in whole steps of pictures of 32x32
and 224x224, in turn by either version, on one core and then on two, among which version 2 is shared out by
vote.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import torch

from diffsmooth_core.benchmarking.timing import in_turn
from diffsmooth_core.certification.noise import NoiseKey, NoiseSource
from diffsmooth_core.certification.noise_v2 import NoiseSourceV2

ROUNDS = 15
SIGMA = 0.5
Draw = Callable[[int, int], object]


def kinds(source: NoiseSource, x: torch.Tensor) -> dict[str, tuple[int, Draw]]:
    """What is drawn, with the number of values of a vote."""
    return {
        "outer": (x.numel(), partial(source.outer, shape=x.shape)),
        "local": (5 * x.numel(), partial(source.local, m=5, shape=x.shape)),
        "sound": (x.numel(), partial(source.noisy, x=x, sigma=SIGMA)),
    }


def by_several(pool: ThreadPoolExecutor, draw: Draw, votes: int, share: int) -> None:
    """Draw `share` votes at a time, each time on another thread of the pool."""
    list(pool.map(lambda start: draw(start, start + share), range(0, votes, share)))


def main() -> None:
    cores = sorted(os.sched_getaffinity(0))[:2]
    for size, votes in ((32, 112), (224, 4)):
        x = torch.full((3, size, size), 100 / 255)
        before = kinds(NoiseSourceV2.seeded(0, "0" * 64, "estimation"), x)
        now = kinds(NoiseKey("0" * 64).source("0" * 64, "estimation"), x)
        for used in (cores[:1], cores):
            os.sched_setaffinity(0, used)
            with ThreadPoolExecutor(len(used)) as pool:
                for kind, (values, new) in now.items():
                    old = partial(by_several, pool, before[kind][1], votes, votes // len(used))
                    times = in_turn((partial(new, 0, votes), old), ROUNDS)
                    v3, v2 = ([1e9 * t / values / votes for t in each] for each in times)
                    ratios = [b / a for a, b in zip(v3, v2, strict=True)]
                    print(
                        f"{size}x{size} {kind}, cores {len(used)}: version 3 {statistics.median(v3):5.2f} ns "
                        f"a value, version 2 {statistics.median(v2):6.2f}, version 2 / 3 = "
                        f"{statistics.median(ratios):5.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
                    )


if __name__ == "__main__":
    main()
