"""How soon is there a histogram? 64 reverse-SDE samples on two CPU cores, then in the page.

    make bench, or PYTHONPATH=. python benchmarks/theorems.py

Samples the yacht with the bundled denoiser at the page's default settings, in float32 and in bfloat16:
seconds to the first 16 samples, which are the first histogram, and to all 64. Then starts the app and the
browser on the same two cores. Warm: from a click on the seed of a page that is drawn. Cold: from the address
typed into a new browser window, whose cache is empty.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import Browser, Page, ViewportSize

from diffsmooth_core import load_denoiser
from diffsmooth_core.datasets import resolve
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.reporting.pdf import find_browser
from diffsmooth_core.theory import PRECISIONS, TheoremSetting, sampling
from tests.browser.serving import launch, serve

CORES, SAMPLES, RUNS = 2, 64, 5
SETTLED = 8000  # milliseconds for the curves and comparisons that follow the samples
VIEWPORT = ViewportSize(width=1440, height=900)


def measure(denoiser: Denoiser, x: torch.Tensor, dtype: str, seed: int) -> tuple[float, float]:
    """Seconds to the first samples and to all of them."""
    began, first = time.perf_counter(), 0.0
    for found in sampling(x, denoiser, TheoremSetting(dtype=dtype, seed=seed), SAMPLES):
        if found.count and not first:
            first = time.perf_counter() - began
        if found.count >= SAMPLES:
            return first, time.perf_counter() - began
    raise AssertionError("sampling ended early")


def seen(page: Page, began: float) -> tuple[float, float]:
    """Seconds from `began` to the first histogram and to that of all samples."""
    page.get_by_text(f"of {SAMPLES} samples, ").wait_for(timeout=60_000)  # what was there before is gone
    page.get_by_text("samples are inside").wait_for(timeout=60_000)
    first = time.monotonic() - began
    page.get_by_text(f"{SAMPLES} of {SAMPLES} samples are inside").wait_for(timeout=60_000)
    return first, time.monotonic() - began


def settle(page: Page) -> None:
    """Wait until the page is drawn to its end and the server is idle."""
    page.get_by_text(f"{SAMPLES} samples in ").wait_for(timeout=60_000)
    page.wait_for_timeout(SETTLED)


def click(page: Page) -> tuple[float, float]:
    button = page.get_by_test_id("stNumberInputStepUp")
    button.scroll_into_view_if_needed()
    began = time.monotonic()
    button.click()
    found = seen(page, began)
    settle(page)
    return found


def open_anew(browser: Browser, url: str, seed: int) -> tuple[float, float]:
    with browser.new_context(viewport=VIEWPORT) as context:
        page, began = context.new_page(), time.monotonic()
        page.goto(f"{url}/theorems?seed={seed}&samples={SAMPLES}", wait_until="commit")
        found = seen(page, began)
        settle(page)
        return found


def tell(name: str, seconds: list[tuple[float, float]]) -> None:
    for what, times in zip(("first 16", f"all {SAMPLES}"), zip(*seconds, strict=True), strict=True):
        print(f"{name:<10}{what:<8} median {statistics.median(times):.2f} s, longest {max(times):.2f} s")


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
    if (executable := find_browser()) is None:
        raise SystemExit("no Chromium on the PATH; install it or set CHROMIUM")
    with (
        tempfile.TemporaryDirectory() as home,
        serve(Path(home), Path(home, "log.txt")) as url,
        launch(executable) as browser,
    ):
        time.sleep(20)  # the server warms up beside its start
        tell("cold page", [open_anew(browser, url, seed) for seed in range(RUNS + 1)][1:])
        page = browser.new_page(viewport=VIEWPORT)
        page.goto(f"{url}/theorems?seed=100&samples={SAMPLES}")
        settle(page)
        page.get_by_text("More settings").click()
        tell("warm page", [click(page) for _ in range(RUNS + 1)][1:])


if __name__ == "__main__":
    main()
