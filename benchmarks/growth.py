"""How do time and memory grow? A certificate with n, and an audit with its pictures; drawn in growth.svg.

    make bench, or PYTHONPATH=. python benchmarks/growth.py

Every point is a process of its own on one thread, which prints the processor's seconds of voting, so that
others on the machine do not count, and the most memory that it held. Needs DIFFSMOOTH_DATA with CIFAR-10,
and Chromium for the drawing.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
import urllib.parse
from dataclasses import replace
from math import log
from pathlib import Path

SIZES = {"votes": (250, 500, 1_000, 2_000), "pictures": (2, 4, 8, 16)}
VOTES_A_PICTURE = 100
DRAWING = Path(__file__).with_suffix(".svg")


def measured(over: str, size: int) -> tuple[float, float]:
    """Processor seconds and GiB of one size, in a fresh process."""
    done = subprocess.run([sys.executable, __file__, over, str(size)], capture_output=True, check=True)
    seconds, memory = json.loads(done.stdout)
    return seconds, memory


def one(over: str, size: int) -> None:
    """What that process does."""
    import torch

    from diffsmooth_core import SmoothingConfig, certify
    from diffsmooth_core.classifiers.fast_dtype import fast_dtype
    from diffsmooth_core.datasets import resolve
    from diffsmooth_core.runs.workers import base_of

    torch.set_num_threads(1)
    n = size if over == "votes" else VOTES_A_PICTURE
    config = SmoothingConfig(n0=1, n=n, dtype=fast_dtype("cpu"), device="cpu")
    base, pictures = base_of(config), range(1 if over == "votes" else size)
    certify(base, resolve("photo:cat", "cifar10").tensor, replace(config, n=100))
    began = time.process_time()
    for index in pictures:
        certify(base, resolve(f"cifar10:{index}", "cifar10").tensor, config)
    seconds = time.process_time() - began
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20]))


def draw(found: dict[str, list[tuple[float, float]]]) -> str:
    """Time and memory over votes and over pictures, as SVG."""
    import plotly.graph_objects as go
    from playwright.sync_api import sync_playwright
    from plotly.subplots import make_subplots

    from diffsmooth_core.reporting.pdf import find_browser
    from tests.browser.serving import ARGUMENTS

    blue, orange = "#0072b2", "#d55e00"
    figure = make_subplots(1, 2, specs=[[{"secondary_y": True}] * 2], horizontal_spacing=0.2)
    for column, (over, points) in enumerate(found.items(), 1):
        for values, colour, second in zip(
            zip(*points, strict=True), (blue, orange), (False, True), strict=True
        ):
            line = go.Scatter(x=SIZES[over], y=values, line={"color": colour}, mode="lines+markers")
            figure.add_trace(line, row=1, col=column, secondary_y=second)
        figure.update_xaxes(title=over, rangemode="tozero", row=1, col=column)
    for title, colour, second in (("processor seconds", blue, False), ("most memory, GiB", orange, True)):
        figure.update_yaxes(title={"text": title, "font": {"color": colour}}, secondary_y=second)
    figure.update_yaxes(
        range=[0, max(s for points in found.values() for s, _ in points) * 1.1], secondary_y=False
    )
    figure.update_yaxes(range=[0, 1.6], dtick=0.4, secondary_y=True)
    figure.update_layout(template="simple_white", margin={"t": 20, "b": 50}, showlegend=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=ARGUMENTS)
        page = browser.new_page()
        page.set_content(figure.to_html(include_plotlyjs=True))
        image = page.evaluate(
            "Plotly.toImage(document.querySelector('.plotly-graph-div'), "
            "{format: 'svg', width: 800, height: 320})"
        )
        browser.close()
    return urllib.parse.unquote(str(image).split(",", 1)[1])


def main() -> None:
    found = {over: [measured(over, size) for size in sizes] for over, sizes in SIZES.items()}
    for over, points in found.items():
        for size, (seconds, memory) in zip(SIZES[over], points, strict=True):
            print(f"{size:>6,} {over:<8} {seconds:6.1f} s, at most {memory:.2f} GiB")
        (first, least), (last, most) = points[0], points[-1]
        power = log(last / first) / log(SIZES[over][-1] / SIZES[over][0])
        print(f"seconds grow as {over} to the power {power:.2f}, memory by a factor of {most / least:.2f}")
    DRAWING.write_text(draw(found))


if __name__ == "__main__":
    one(sys.argv[1], int(sys.argv[2])) if len(sys.argv) > 1 else main()
