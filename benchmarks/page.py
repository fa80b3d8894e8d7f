"""How soon does the page answer? First page, first votes after the click, ticks and Cancel in a browser.

    make bench, or PYTHONPATH=. python benchmarks/page.py

Starts the app, waits for its warm-up, and drives three default runs (m=5) in Chromium at one page.
"""

from __future__ import annotations

import itertools
import statistics
import time

from playwright.sync_api import Page

from tests.browser.serving import opened

RUNS = 3
WATCH_SECONDS = 6
SETTINGS = "picture=gallery:sailing-yacht&n=10000"
# Collects the moment of the click and those at which the progress line changes its words.
OBSERVER = """() => {
    window.ticks = [];
    const clicked = () => window.ticks.push(performance.now());
    document.addEventListener("click", clicked, {capture: true, once: true});
    let last = "";
    const look = () => {
        const line = document.body.innerText.match(/[\\d,]+ of [\\d,]+ ·/);
        if (line && line[0] !== last) { last = line[0]; window.ticks.push(performance.now()); }
        requestAnimationFrame(look);
    };
    look();
}"""


def measure(page: Page, url: str) -> tuple[float, float, list[float], float]:
    """Seconds to the page, to the first votes, between ticks, and from Cancel to its word."""
    began = time.monotonic()
    page.goto(f"{url}/?{SETTINGS}&seed={time.monotonic_ns() % 10**9}")
    start = page.get_by_role("button", name="Certify", exact=True)
    start.wait_for()
    shown = time.monotonic() - began
    page.wait_for_timeout(1_000)
    page.evaluate(OBSERVER)
    start.click()
    page.get_by_text("votes a second").wait_for(timeout=60_000)
    page.wait_for_timeout(WATCH_SECONDS * 1000)
    ticks: list[float] = page.evaluate("window.ticks")
    first, *gaps = ((b - a) / 1000 for a, b in itertools.pairwise(ticks))
    began = time.monotonic()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_text("Cancelled").wait_for(timeout=60_000)
    cancel = time.monotonic() - began
    return shown, first, gaps, cancel


def main() -> None:
    with opened() as (url, browser):
        time.sleep(15)  # the server warms up beside its start
        pages, firsts, ticks, cancels = [], [], [], []
        for _ in range(RUNS):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            shown, first, gaps, cancel = measure(context.new_page(), url)
            pages.append(shown)
            firsts.append(first)
            ticks += gaps
            cancels.append(cancel)
            context.close()
    for name, seconds in (("page", pages), ("first votes", firsts), ("tick", ticks), ("cancel", cancels)):
        print(f"{name:<12} median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s")


if __name__ == "__main__":
    main()
