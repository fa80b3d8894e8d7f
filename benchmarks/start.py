"""How soon is there an app? From starting the server to its health, and to the first page in a browser.

    make bench, or PYTHONPATH=. python benchmarks/start.py

Starts a server with an empty home several times; the browser asks for the page at once, while the server is
still warming up, as an impatient first visitor does.
"""

from __future__ import annotations

import statistics
import time

from tests.browser.serving import opened

STARTS = 3


def main() -> None:
    healths, pages = [], []
    for _ in range(STARTS):
        began = time.monotonic()
        with opened() as (url, browser):
            healths.append(time.monotonic() - began)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(url)
            page.get_by_role("button", name="Certify", exact=True).wait_for(timeout=120_000)
            pages.append(time.monotonic() - began)
    for name, seconds in (("healthy", healths), ("first page", pages)):
        print(f"{name:<10} median {statistics.median(seconds):.1f} s, longest {max(seconds):.1f} s")


if __name__ == "__main__":
    main()
