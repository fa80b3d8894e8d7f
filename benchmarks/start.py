"""How soon is there an app? From starting the server to its health, to the first page in a browser, and from
there to the first certificate.

    make bench, or PYTHONPATH=. python benchmarks/start.py [OTHER]

Starts a server with an empty home several times; the browser asks for the page at once, while the server is
still warming up, and presses Certify as soon as it is there, as an impatient first visitor does. OTHER is the
folder of another checkout: its server is then started in turn with this one's. CPU seconds are the server's
own until the page was there, which other work on the machine does not lengthen.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser

from diffsmooth_core.reporting.pdf import find_browser
from tests.browser.serving import launch, serve

STARTS = 3
HERE = Path(__file__).parent.parent
MEASURED = ("healthy", "first page", "server's CPU time", "first certificate")


def server_cpu_seconds() -> float:
    """CPU seconds of the server, which is a child of this process, as Linux lists them."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            command = stat.with_name("cmdline").read_text()
        except OSError:
            continue  # a process that has ended meanwhile
        if int(fields[1]) == os.getpid() and "streamlit" in command:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measured(checkout: Path, browser: Browser) -> tuple[float, ...]:
    """Seconds of one start of a checkout's server, in the order of MEASURED."""
    with tempfile.TemporaryDirectory() as home:
        began = time.monotonic()
        with serve(Path(home), Path(home, "log.txt"), folder=checkout) as url:
            healthy = time.monotonic() - began
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(url)
            button = page.get_by_role("button", name="Certify", exact=True)
            button.wait_for(timeout=120_000)
            drawn, worked = time.monotonic() - began, server_cpu_seconds()
            button.click()
            page.get_by_role("button", name="Certify again").wait_for(timeout=120_000)
            certified = time.monotonic() - began - drawn
            page.close()
    return healthy, drawn, worked, certified


def main() -> None:
    executable = find_browser()
    if executable is None:
        raise SystemExit("no Chromium on the PATH; install it or set CHROMIUM")
    checkouts = {"now": HERE} | ({"before": Path(sys.argv[1]).resolve()} if sys.argv[1:] else {})
    seconds: dict[str, list[tuple[float, ...]]] = {name: [] for name in checkouts}
    with launch(executable) as browser:
        for _ in range(STARTS):
            for name, checkout in checkouts.items():
                seconds[name].append(measured(checkout, browser))
    print(f"{'median and least':<20}" + "".join(f"{name:>20}" for name in checkouts))
    for row, title in enumerate(MEASURED):
        columns = ([start[row] for start in starts] for starts in seconds.values())
        cells = (f"{statistics.median(column):.2f} s  {min(column):.2f} s" for column in columns)
        print(f"{title:<20}" + "".join(f"{cell:>20}" for cell in cells))


if __name__ == "__main__":
    main()
