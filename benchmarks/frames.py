"""How many frames a second has the vote machine? Replayed and beside a run, next to a loop without drawing.

    PYTHONPATH=. python benchmarks/frames.py

Opens Certify in a Chromium that draws in software and presses Certify with n = 2,000. The machine and the
empty loop take turns of a second and a half beside the same run, so that whatever else the computer does
meets both. Gaps are those between two frames of which the first asked for the second.
"""

from __future__ import annotations

import itertools
import os
import statistics
import time

from playwright.sync_api import Page

from tests.browser.serving import opened

RUNS = 3
TURN = 1_500  # milliseconds
SETTINGS = "picture=gallery:sailing-yacht&n=2000"
# Each frame: when it began, the milliseconds that were spent in it, and whether it asked for the next one.
RECORD = """(root) => {
    const { machine } = root;
    const { frame } = Object.getPrototypeOf(machine);
    window.drawn = [];
    machine.frame = function (now) {
        const began = performance.now();
        frame.call(this, now);
        drawn.push([now, performance.now() - began, this.awake]);
    };
    window.stand = (still) => {
        if (still) machine.ask = () => {};  // it wants a frame and gets none
        else { delete machine.ask; machine.wake(); }
    };
    window.loop = (now) => {
        drawn.push([now, 0, true]);
        if (looping) requestAnimationFrame(loop);
    };
}"""

Frames = list[tuple[float, float, bool]]


def turn(page: Page, empty: bool) -> Frames:
    """The frames of one turn."""
    page.evaluate(
        """(empty) => {
            drawn.length = 0;
            stand(empty);
            window.looping = empty;
            if (empty) requestAnimationFrame(loop);
        }""",
        empty,
    )
    page.wait_for_timeout(TURN)
    frames: Frames = page.evaluate("() => { looping = false; return drawn; }")
    return [*frames[:-1], (*frames[-1][:2], False)] if frames else []


def say(name: str, frames: Frames) -> None:
    gaps = sorted(b[0] - a[0] for a, b in itertools.pairwise(frames) if a[2])
    own = [frame[1] for frame in frames]
    if not gaps:
        print(f"{name:<22} no frames")
        return
    print(
        f"{name:<22} {1000 * len(gaps) / sum(gaps):4.1f} frames a second; between two of them "
        f"{statistics.median(gaps):.1f} ms in the median, {gaps[int(0.95 * len(gaps))]:.1f} at most of 95 %; "
        f"{statistics.median(own):.1f} ms of them our own"
    )


def main() -> None:
    beside: dict[bool, Frames] = {False: [], True: []}
    replay: dict[bool, Frames] = {False: [], True: []}
    with opened() as (url, browser):
        time.sleep(15)  # the server warms up beside its start
        for _ in range(RUNS):
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.goto(f"{url}/?{SETTINGS}&seed={time.monotonic_ns() % 10**9}")
            page.get_by_role("button", name="Certify", exact=True).click()
            cancel = page.get_by_role("button", name="Cancel", exact=True)
            again = page.get_by_role("button", name="Replay", exact=True)
            page.get_by_text("votes a second").wait_for(timeout=60_000)
            page.locator(".machine").evaluate(RECORD)
            for empty in itertools.cycle((False, True)):
                frames = turn(page, empty)
                if not cancel.is_visible():
                    break
                beside[empty] += frames
            page.evaluate("stand(false)")
            again.wait_for(timeout=60_000)
            page.wait_for_timeout(12_000)  # the last copies are at their votes by then
            page.evaluate("drawn.length = 0")
            page.wait_for_timeout(TURN)
            print(f"at rest: {page.evaluate('drawn.length')} frames in {TURN / 1000} s")
            again.click()
            for empty in (False, True, False, True):
                replay[empty] += turn(page, empty)
            page.context.close()
    for name, turns in (("replay", replay), ("beside a run", beside)):
        say(f"{name}, machine", turns[False])
        say(f"{name}, empty loop", turns[True])
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
