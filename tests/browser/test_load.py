"""A class at once: many browsers start a run in the same moment, and every one of them gets its answer."""

from __future__ import annotations

import gc
import os
import re
import resource
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from diffsmooth_core import SmoothingConfig
from tests.browser.test_classroom import VOTES, open_room, phones
from ui.jobs import certificates
from ui.jobs.registry import jobs
from ui.session import settings, state

SECONDS = 1000  # milliseconds
RUNS = 500
GROWTH = 60  # MiB that the last 400 of them may add


def together(app: str, browser: Browser, count: int, n: int) -> list[float]:
    """Seconds from the click to the verdict of `count` browsers that click one after the other."""
    pages: list[Page] = []
    for number in range(count):
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.goto(f"{app}/?picture=gallery:sailing-yacht&n0=10&n={n}&m=2&seed={number}")
        pages.append(page)
    for page in pages:
        expect(page.get_by_role("button", name="Certify", exact=True)).to_be_enabled()
    clicks = []
    for page in pages:
        page.get_by_role("button", name="Certify", exact=True).click()
        clicks.append(time.monotonic())
    took = []
    for page, clicked in zip(pages, clicks, strict=True):
        verdict = page.get_by_role("heading", name=re.compile("Certified|Abstains"))
        expect(verdict).to_be_visible(timeout=600 * SECONDS)
        expect(page.get_by_text(f"of n = {n} votes")).to_be_visible()
        took.append(time.monotonic() - clicked)
    for page in pages:
        page.context.close()
    return took


def server() -> tuple[float, float]:
    """Seconds of a core and MiB of memory that the server has used, as Linux tells of the tests' children."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    (pid,) = (pid for pid in children if b"app.py" in Path(f"/proc/{pid}/cmdline").read_bytes())
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    seconds = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
    return seconds, int(stat[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_four_browsers_at_once(app: str, browser: Browser, page: Page) -> None:
    assert len(together(app, browser, 4, 60)) == 4


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_thirty_browsers_at_once(app: str, browser: Browser, page: Page) -> None:
    took = sorted(together(app, browser, 30, 200))
    print(
        f"\n30 browsers: first verdict after {took[0]:.1f} s, median {took[15]:.1f} s, last {took[-1]:.1f} s"
    )


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_thirty_phones_in_one_room(app: str, browser: Browser, page: Page) -> None:
    """What a class asks of the server while it waits for the next step, and how long its bounds take."""
    code = open_room(app, page)
    with phones(browser, 30) as pupils:
        for number, phone in enumerate(pupils):
            if number == 10:
                expect(page.get_by_text("10 are here")).to_be_visible()
                page.wait_for_timeout(20 * SECONDS)  # until the server has its networks and is at rest
                _, before = server()
            phone.goto(f"{app}/classroom?room={code}")
        expect(page.get_by_text("30 are here")).to_be_visible()
        page.get_by_role("button", name="Guess").click()
        for phone in pupils:
            expect(phone.get_by_role("slider")).to_be_visible()
        (began, _), seconds = server(), 20
        page.wait_for_timeout(seconds * SECONDS)
        used, after = server()
        for phone in pupils:
            phone.get_by_role("button", name="Send").click()
        expect(page.get_by_text("30 of 30 have guessed")).to_be_visible()
        page.get_by_role("button", name="Give seeds").click()
        claiming = (seed for seed, votes in enumerate(VOTES) if votes)  # 29 in a thousand claim nothing
        for phone, seed in zip(pupils, claiming, strict=False):
            phone.get_by_role("spinbutton").fill(str(seed))
            phone.get_by_role("button", name="Send").click()
        expect(page.get_by_text("30 of 30 have given one")).to_be_visible()
        page.get_by_role("button", name="Draw the votes").click()
        clicked = time.monotonic()
        for phone in pupils:
            expect(phone.get_by_text("votes for a frog")).to_be_visible()
        took = time.monotonic() - clicked
    core, memory = (used - began) / seconds, (after - before) / 20
    print(
        f"\n30 phones: {core:.1%} of a core while they wait, {memory:.1f} MiB each, bounds after {took:.0f} s"
    )


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_memory_does_not_grow_over_many_runs() -> None:
    config = SmoothingConfig(m=1, n0=10, n=20)
    picture = state.resolved(settings.FIRST_PICTURE)

    def memory() -> float:
        gc.collect()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    sizes = []
    for number in range(RUNS):
        job = certificates.submit(picture, SmoothingConfig(**(config.as_dict() | {"seed": number})))
        done = jobs().wait(job, 60)
        assert done is not None
        assert done.state == "done", done.error
        sizes.append(memory())
    print(f"{RUNS} runs: {sizes[99]:.0f} MiB after 100, {sizes[-1]:.0f} MiB at the end")
    assert sizes[-1] - sizes[99] < GROWTH
