"""How many votes does the anytime rule save? Stopping "decided" against fixed n, for a target radius.

    python benchmarks/stopping.py

Takes the shares that 200 CIFAR-10 test pictures had in the recorded audit as true, draws votes from them
for each rule in turn, and prints the average number of votes, their ratio, and the certified accuracy at the
target radius of both. No network runs: the rules see counts alone.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.certification.decision import decide, next_look

RUN = Path(__file__).parents[1] / "assets" / "runs" / "diffsmooth.json.gz"


def certified(votes: np.ndarray, config: SmoothingConfig) -> tuple[bool, int]:
    """Whether votes (n,), True for the selected class, certify the target radius; how many it took."""
    sums = np.concatenate([[0], votes.cumsum()])
    n = 0
    while True:
        n = next_look(n, config)
        found = decide((1, 0), (int(sums[n]), int(n - sums[n])), config)
        if found.ending:
            return found.label == 0 and found.radius >= config.target_radius, n


def main() -> None:
    document = json.loads(gzip.decompress(RUN.read_bytes()))
    sigma, random = document["run"]["config"]["sigma"], np.random.default_rng(0)
    for target in (0.25, 0.5):
        for n in (1_000, 10_000, 100_000):
            config = SmoothingConfig(sigma=sigma, n=n, target_radius=target, stopping="decided")
            used, right, right_fixed = [], 0, 0
            for row in document["results"]:
                votes = random.random(n) < row["n_a_low"] / row["n"]
                known = np.argmax(row["certificate"]["counts0"]) == row["label"]
                holds, took = certified(votes, config)
                fixed, _ = certified(votes, replace(config, stopping="fixed"))
                used.append(took)
                right += holds and known
                right_fixed += fixed and known
            images, mean = len(used), float(np.mean(used))
            early, planned = (100 * count / images for count in (right, right_fixed))
            print(
                f"r = {target:g}, n = {n:>7,}: {mean:8.0f} votes on average, "
                f"fixed / decided = {n / mean:5.1f}; certified {early:.1f} % against {planned:.1f} %"
            )


if __name__ == "__main__":
    main()
