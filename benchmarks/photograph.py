"""How long does a certificate of a photograph take? Of the bundled networks, on one thread and on two.

    make bench, or PYTHONPATH=. python benchmarks/photograph.py

Casts votes for a picture of the gallery in the fastest dtype, every method in turn, and prints the votes a
second and, at the median pace, the seconds of a certificate with n0 = 20 and n = 100 or n = 1,000.
"""

from __future__ import annotations

import statistics
from dataclasses import replace
from functools import partial

import torch

from diffsmooth_core import SmoothedClassifier, SmoothingConfig
from diffsmooth_core.benchmarking.timing import in_turn
from diffsmooth_core.classifiers.fast_dtype import fast_dtype
from diffsmooth_core.config import USUAL
from diffsmooth_core.datasets import resolve

DENOISERS = {"denoised": "dncnn-photographs-0.25"}  # of methods that take another than the usual one
VOTES = 16
ROUNDS = 5
SELECTION = 20


def main() -> None:
    x = resolve("gallery:lighthouse", "imagenet").tensor
    usual = SmoothingConfig(**USUAL["imagenet"], dataset="imagenet", dtype=fast_dtype())
    smoothed = {
        name: SmoothedClassifier.load(
            replace(usual, method=name, denoiser=DENOISERS.get(name, usual.denoiser))
        )
        for name in ("plain", "dds", "diffsmooth", "denoised")
    }
    for threads in (1, 2):
        torch.set_num_threads(threads)
        works = [partial(of.votes, x, "estimation", 0, VOTES) for of in smoothed.values()]
        times = in_turn(works, ROUNDS)
        for (name, of), seconds in zip(smoothed.items(), times, strict=True):
            vote = statistics.median(seconds) / VOTES
            whole = ", ".join(f"n = {n:5,}: {(n + SELECTION) * vote:6.1f} s" for n in (100, 1_000))
            local = f", m = {of.config.m}" if name == "diffsmooth" else ""
            print(f"threads: {threads}  {name + local:17} {1 / vote:5.1f} votes a second; {whole}")


if __name__ == "__main__":
    main()
