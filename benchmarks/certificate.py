"""How long does one certificate take on two CPU cores? float32 (the default) against bfloat16.

    python benchmarks/certificate.py

Certifies the cat with the bundled networks at N=1,000, n0=100, m=5, each dtype in turn three times
after a warm-up, and prints seconds and their ratio.
"""

from __future__ import annotations

import statistics
import time

import torch

from diffsmooth_core import SmoothingConfig, build_base, certify, load_classifier, load_denoiser
from diffsmooth_core.datasets import resolve

REPEATS = 3


def main() -> None:
    torch.set_num_threads(2)
    x = resolve("photo:cat", "cifar10").tensor
    runs = {}
    for dtype in ("float32", "bfloat16"):
        config = SmoothingConfig(dtype=dtype, device="cpu")
        base = build_base(config, load_classifier(config.classifier), load_denoiser(config.denoiser))
        certify(base, x, SmoothingConfig(dtype=dtype, device="cpu", n=50, n0=10))
        runs[dtype] = (base, config)
    seconds: dict[str, list[float]] = {dtype: [] for dtype in runs}
    for _ in range(REPEATS):
        for dtype, (base, config) in runs.items():
            began = time.perf_counter()
            certify(base, x, config)
            seconds[dtype].append(time.perf_counter() - began)
    for dtype, times in seconds.items():
        print(f"{dtype:<9} median {statistics.median(times):5.1f} s  ({min(times):.1f} to {max(times):.1f})")
    medians = {dtype: statistics.median(times) for dtype, times in seconds.items()}
    print(f"float32 / bfloat16 = {medians['float32'] / medians['bfloat16']:.2f}")


if __name__ == "__main__":
    main()
