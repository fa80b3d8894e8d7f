"""How soon is there a histogram? 64 reverse-SDE samples on two CPU cores, then in the page.

    make bench, or PYTHONPATH=. python benchmarks/theorems.py

Samples the yacht with the bundled denoiser at the page's default settings, in float32 and in bfloat16:
seconds to the first 16 samples, which are the first histogram, and to all 64. Then starts the app on the
same two cores (the browser has the others) and measures from a new seed in the address to the page.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import Page

from diffsmooth_core import load_denoiser
from diffsmooth_core.datasets import resolve
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.theory import PRECISIONS, Setting, sampling
from tests.browser.serving import find_chromium, launch, serve

CORES, SAMPLES, RUNS = 2, 64, 5


def measure(denoiser: Denoiser, x: torch.Tensor, dtype: str, seed: int) -> tuple[float, float]:
    """Seconds to the first samples and to all of them."""
    began, first = time.perf_counter(), 0.0
    for found in sampling(x, denoiser, Setting(dtype=dtype, seed=seed), SAMPLES):
        if found.count and not first:
            first = time.perf_counter() - began
        if found.count >= SAMPLES:
            return first, time.perf_counter() - began
    raise AssertionError("sampling ended early")


def look(page: Page, url: str, seed: int) -> tuple[float, float]:
    """Seconds from a new seed to the first samples and to all of them, as the page says it."""
    began = time.monotonic()
    page.goto(f"{url}/theorems?seed={seed}&samples={SAMPLES}")
    page.get_by_text("samples are inside").wait_for(timeout=60_000)
    first = time.monotonic() - began
    page.get_by_text(f"{SAMPLES} samples in ").wait_for(timeout=60_000)
    return first, time.monotonic() - began


def tell(name: str, seconds: list[tuple[float, float]]) -> None:
    for what, times in zip(("first 16", f"all {SAMPLES}"), zip(*seconds, strict=True), strict=True):
        print(f"{name:<9} {what:<8} median {statistics.median(times):.2f} s, longest {max(times):.2f} s")


def main() -> None:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:CORES])
    torch.set_num_threads(CORES)
    print(f"{CORES} of {len(cores)} cores, load {os.getloadavg()[0]:.1f}")
    denoiser = load_denoiser("bundled", "cpu")
    assert isinstance(denoiser, Denoiser)
    x = resolve("gallery:sailing-yacht", "cifar10").tensor
    for dtype in PRECISIONS:
        measure(denoiser, x, dtype, 0)
        tell(dtype, [measure(denoiser, x, dtype, seed) for seed in range(1, RUNS + 1)])
    if (executable := find_chromium()) is None:
        raise SystemExit("no Chromium on the PATH; install it or set CHROMIUM")
    with tempfile.TemporaryDirectory() as home, serve(Path(home), Path(home, "log.txt")) as url:
        os.sched_setaffinity(0, cores)
        with launch(executable) as browser:
            time.sleep(20)  # the server warms up beside its start
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            look(page, url, 0)
            tell("page", [look(page, url, seed) for seed in range(1, RUNS + 1)])


if __name__ == "__main__":
    main()
