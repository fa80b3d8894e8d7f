"""What the stopping rules cost, and how often they are wrong. Exact: nothing is drawn.

    python benchmarks/stopping.py

The first table takes the shares that 200 CIFAR-10 test pictures had in the recorded audit as true. For a
target radius it gives the expected number of votes of each rule and the certified accuracy at that radius,
beside a fixed n and beside Wald's limit: log(1/alpha) votes, or log(1/beta) where the target is missed, over
the divergence of the picture's share from the tested one, and n at most. It is for orientation: a test may
take fewer where it does not certify every picture that has the radius.

The second gives the probability of a false certificate at a true share p, for runs that are never given up,
in parts of alpha: the claimed radius is more than that of p, at whatever look. The third gives the
probability, in parts of beta, that a picture with just the target radius is given up while votes to come
could still certify it.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from scipy.special import ndtr, ndtri, rel_entr

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.certification.decision import Decision, decide, next_look
from diffsmooth_core.config import BOUNDS, GIVE_UP, STOPPING
from diffsmooth_core.statistics import course

RUN = Path(__file__).parents[1] / "assets" / "runs" / "diffsmooth.json.gz"
SHARES = (0.55, 0.7, 0.85, 0.95)


def looks_of(config: SmoothingConfig) -> list[int]:
    looks = [next_look(0, config)]
    while looks[-1] < config.n:
        looks.append(next_look(looks[-1], config))
    return looks


def most(n: int, config: SmoothingConfig, of_candidate: bool, holds: Callable[[Decision], bool]) -> int:
    """The largest count among n votes with which a decision holds, of the candidate's or of the other votes;
    -1 where it holds with none of them. It has to hold with every smaller count too."""
    low, high = -1, n + 1
    while high - low > 1:
        middle = (low + high) // 2
        against = n - middle if of_candidate else middle
        low, high = (middle, high) if holds(decide((1, 0), (n - against, against), config)) else (low, middle)
    return low


def boundaries(config: SmoothingConfig) -> tuple[list[int], list[int], list[int]]:
    """The looks, and at each the most votes against a class that reach the target radius, and the most votes
    for it that give it up."""
    looks = looks_of(config)
    certify = [most(n, config, False, lambda found: found.radius >= config.target_radius) for n in looks]
    give_up = [most(n, config, True, lambda found: found.ending == "hopeless") for n in looks]
    return looks, certify, give_up


def cost() -> None:
    document = json.loads(gzip.decompress(RUN.read_bytes()))
    sigma = document["run"]["config"]["sigma"]
    shares = [
        (row["n_a_low"] / row["n"], np.argmax(row["certificate"]["counts0"]) == row["label"])
        for row in document["results"]
    ]
    print("| r | n | rule | votes | certified |\n|---|---|---|---|---|")
    for target in (0.25, 0.5):
        for n in (1_000, 10_000, 100_000):
            usual = SmoothingConfig(sigma=sigma, n=n, target_radius=target)
            for stopping in ("fixed", "decided", "sequential"):
                bounded = boundaries(replace(usual, stopping=stopping))
                how = cache(lambda p, bounded=bounded: course(min(max(p, 1e-9), 1 - 1e-9), *bounded))
                votes = np.mean([how(p).votes for p, _ in shares])
                certified = np.mean([how(p).reached * known for p, known in shares])
                print(f"| {target:g} | {n:,} | `{stopping}` | {votes:,.0f} | {100 * certified:.2f} % |")
            limit = np.mean([wald(p, float(ndtr(target / sigma)), usual) for p, _ in shares])
            print(f"| {target:g} | {n:,} | Wald's limit | {limit:,.0f} | |")


def wald(p: float, tested: float, config: SmoothingConfig) -> float:
    divergence = float(rel_entr(p, tested) + rel_entr(1 - p, 1 - tested))
    return min(config.n, -math.log(config.alpha if p > tested else config.beta) / max(divergence, 1e-12))


def errors() -> None:
    rules = [
        SmoothingConfig(stopping=stopping, bound=bound, n=1_000)
        for stopping in STOPPING
        for bound in BOUNDS
        if (stopping, bound) != ("sequential", "two-class")
    ]
    print(f"| rule | bound | {' | '.join(f'p = {p:g}' for p in SHARES)} |\n|---|---|{'---|' * len(SHARES)}")
    for rule in rules:
        found = []
        for p in SHARES:
            config = replace(rule, target_radius=rule.sigma * float(ndtri(p)) + 1e-12)
            looks, certify, _ = boundaries(config)
            found.append(course(p, looks, certify, [-1] * len(looks)).reached / rule.alpha)
        print(f"| `{rule.stopping}` | {rule.bound} | {' | '.join(f'{ratio:.2f} α' for ratio in found)} |")
    print(f"| rule | bound | {' | '.join(f'p = {p:g}' for p in SHARES[:3])} |\n|---|---|{'---|' * 3}")
    for rule in rules:
        if rule.stopping in GIVE_UP:
            found = [given_up(p, rule) / rule.beta for p in SHARES[:3]]
            print(f"| `{rule.stopping}` | {rule.bound} | {' | '.join(f'{ratio:.2f} β' for ratio in found)} |")


def given_up(p: float, rule: SmoothingConfig) -> float:
    """The probability that a run with true share p and its radius as the target is given up while votes to
    come could still reach it."""
    config = replace(rule, target_radius=rule.sigma * float(ndtri(p)))
    looks, _, hopeless = boundaries(config)
    _, _, impossible = boundaries(replace(config, beta=1e-12))
    by_beta = [h if h > i else -1 for h, i in zip(hopeless, impossible, strict=True)]
    return course(p, looks, [-1] * len(looks), by_beta).given_up


if __name__ == "__main__":
    cost()
    errors()
