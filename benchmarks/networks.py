"""How fast are denoiser and classifier by themselves? Against the released code's way.

    make bench, or PYTHONPATH=. python benchmarks/networks.py

Purifies noisy copies of the cat with the bundled denoiser, and classifies m = 5 and 21 local copies of each,
on two CPU cores: in turn on the plain path (float32, 50 copies at a time, the m local copies one by one) and
on ours in float32 and in bfloat16. A vote's copies end early where those that are left cannot change it.
Then the small classifier, which is certified as far (assets/models/README.md), against the usual one.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from diffsmooth_core import BaseClassifier, SmoothedClassifier, SmoothingConfig
from diffsmooth_core.benchmarking.plain import BATCH
from diffsmooth_core.benchmarking.timing import in_turn
from diffsmooth_core.certification.voting import VoteRange, draw_noise
from diffsmooth_core.datasets import resolve

ROUNDS = 7
VOTES = 112  # whole blocks


@torch.inference_mode()
def purified_plainly(base: BaseClassifier, copies: Tensor) -> Tensor:
    denoiser = base.purifier.denoiser
    assert denoiser is not None
    return torch.cat([denoiser.purify(batch, base.config.sigma) for batch in copies.split(BATCH)])


@torch.inference_mode()
def classified_plainly(base: BaseClassifier, copies: Tensor, local: Tensor) -> None:
    for batch, noise in zip(copies.split(BATCH), local.split(BATCH), strict=True):
        for j in range(base.config.m):
            base.classifier(batch + base.config.sigma_local * noise[:, j]).softmax(1)


def tell(name: str, dtype: str, ours: Callable[[], object], plain: Callable[[], object]) -> None:
    here, there = in_turn((ours, plain), ROUNDS)
    ratios = [b / a for a, b in zip(here, there, strict=True)]
    print(
        f"{name:<20} {dtype:<8}: {1000 * statistics.median(here) / VOTES:5.2f} ms a vote, plain path "
        f"{1000 * statistics.median(there) / VOTES:5.2f} ms, plain / ours = {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f})"
    )


def small_against_usual(x: Tensor, m: int) -> None:
    """Both classify the same local copies."""
    config = SmoothingConfig(m=m, dtype="bfloat16", device="cpu")
    bases = [
        SmoothedClassifier.load(replace(config, classifier=name)).base
        for name in ("smoothadv-0.25", config.classifier)
    ]
    copies, local = draw_noise(bases[0], VoteRange(x, "estimation", 0, VOTES), config)
    seen = bases[0].purify(copies)
    ways = [partial(base.classify, seen, local, every_copy=False) for base in bases]
    here, there = in_turn(ways, ROUNDS)
    ratios = [b / a for a, b in zip(here, there, strict=True)]
    small, usual = (1000 * statistics.median(taken) / VOTES for taken in (here, there))
    print(
        f"classifier, m = {m:>2}   bfloat16: smoothadv-0.25 {small:5.2f} ms a vote, "
        f"{config.classifier} {usual:5.2f} ms, usual / small = "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def main() -> None:
    torch.set_num_threads(2)
    x = resolve("photo:cat", "cifar10").tensor
    for dtype in ("float32", "bfloat16"):
        for m in (0, 5, 21):
            config = SmoothingConfig(m=m or 1, dtype=dtype, device="cpu")
            base = SmoothedClassifier.load(config).base
            copies, local = draw_noise(base, VoteRange(x, "estimation", 0, VOTES), config)
            assert local is not None
            if not m:
                tell("denoiser", dtype, partial(base.purify, copies), partial(purified_plainly, base, copies))
                continue
            seen = purified_plainly(base, copies)
            tell(
                f"classifier, m = {m:>2}",
                dtype,
                partial(base.classify, seen[:, None], local, every_copy=False),
                partial(classified_plainly, base, seen, local),
            )
    for m in (5, 21):
        small_against_usual(x, m)


if __name__ == "__main__":
    main()
