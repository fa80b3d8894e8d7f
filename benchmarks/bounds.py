"""What do the bounds cost? One of each, as a page shows at every tick, against SciPy's exact test.

    make bench, or PYTHONPATH=. python benchmarks/bounds.py

The Clopper-Pearson bound of 70 % of n votes at alpha = 0.001, and the bound that holds at every n, in turn
with scipy.stats.binomtest(...).proportion_ci("exact"), which finds the same Clopper-Pearson bound.
"""

from __future__ import annotations

import statistics
from functools import partial

from scipy.stats import binomtest

from diffsmooth_core.benchmarking.timing import in_turn
from diffsmooth_core.statistics import anytime_lower, clopper_pearson_lower

ROUNDS, TIMES, ALPHA = 7, 200, 0.001


def scipy_lower(k: int, n: int) -> float:
    found = binomtest(k, n, alternative="greater").proportion_ci(1 - ALPHA, "exact")
    return float(found.low)


def main() -> None:
    for n in (1_000, 100_000):
        k = 7 * n // 10
        ways = {
            "Clopper-Pearson": partial(clopper_pearson_lower, k, n, ALPHA),
            "anytime": partial(anytime_lower, k, n, ALPHA),
            "SciPy's test": partial(scipy_lower, k, n),
        }
        works = [lambda way=way: [way() for _ in range(TIMES)] for way in ways.values()]
        seconds = dict(zip(ways, in_turn(works, ROUNDS), strict=True))
        for name, found in seconds.items():
            ratios = [b / a for a, b in zip(found, seconds["SciPy's test"], strict=True)]
            print(
                f"n = {n:>7,} {name:<15}: {1e6 * statistics.median(found) / TIMES:6.1f} us, SciPy / this = "
                f"{statistics.median(ratios):5.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
            )


if __name__ == "__main__":
    main()
