"""How much memory does the app take? Of the server, warm and over runs of growing n. Under 2 GB is asked.

    make bench, or PYTHONPATH=. python benchmarks/memory.py

Runs certificates at the page in one server and reads from the system what its process held at most.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.serving import opened

VOTES = (500, 1_000)
GIB = 2**20  # KiB


def server() -> Path:
    """The process that this one started and that runs Streamlit."""
    children = "".join(p.read_text() for p in Path("/proc/self/task").glob("*/children")).split()
    return next(
        p
        for p in map(Path, (f"/proc/{child}" for child in children))
        if b"streamlit" in (p / "cmdline").read_bytes()
    )


def held(process: Path, what: str) -> float:
    """GiB: "VmRSS" now, "VmHWM" at most so far."""
    found = re.search(rf"{what}:\s+(\d+) kB", (process / "status").read_text())
    assert found is not None
    return int(found[1]) / GIB


def certify(page: Page, url: str, n: int) -> None:
    page.goto(f"{url}/?picture=photo:cat&n={n}")
    page.get_by_role("button", name="Certify", exact=True).click()
    page.get_by_text("votes a second").wait_for(timeout=60_000)
    page.get_by_role("button", name="Cancel", exact=True).wait_for(state="detached", timeout=300_000)


def main() -> None:
    with opened() as (url, browser):
        time.sleep(20)  # the server warms up beside its start
        process, page = server(), browser.new_page(viewport={"width": 1440, "height": 900})
        print(f"warm            {held(process, 'VmRSS'):.2f} GiB")
        for n in VOTES:
            certify(page, url, n)
            print(f"after n = {n:>5,} {held(process, 'VmRSS'):.2f} GiB, at most {held(process, 'VmHWM'):.2f}")


if __name__ == "__main__":
    main()
