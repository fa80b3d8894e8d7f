"""A class in real browsers: a projector and three phones, from the QR code to what peeking came to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from diffsmooth_core.certification.thousand_seeds import recorded
from tests.browser.qr_code import read

WHOLE = """(height) => {
    const main = document.querySelector("[data-testid=stMain]");
    const texts = [...document.querySelectorAll(".stEChartsChart text")];
    const above = (text) => text.getBoundingClientRect().bottom <= height;
    const whole = main.clientHeight === height && main.scrollHeight <= height;
    return whole && texts.length > 5 && texts.every(above);
}"""
VOTES = recorded().votes
HIGH, LOW = VOTES.index(max(VOTES)), VOTES.index(min(filter(None, VOTES)))  # seeds whose claims are clear


@contextmanager
def phones(browser: Browser, count: int) -> Iterator[list[Page]]:
    """So many phones, each a browser of its own."""
    with ExitStack() as opened:
        contexts = [
            opened.enter_context(browser.new_context(viewport={"width": 400, "height": 850}))
            for _ in range(count)
        ]
        yield [context.new_page() for context in contexts]


def open_room(app: str, hall: Page) -> str:
    """Open a room as its teacher, on a projector; its code."""
    hall.goto(f"{app}/classroom?present=1")
    hall.get_by_role("button", name="Open a room").click()
    hall.wait_for_url("**room=**")
    return re.findall("room=([A-Z0-9]{6})", hall.url)[0]


@pytest.fixture
def hall(page: Page) -> Iterator[Page]:
    """The projector, on which no room is left open."""
    page.set_viewport_size({"width": 1920, "height": 1080})
    yield page
    if (end := page.get_by_text("Close the room")).is_visible():
        end.click()
        page.get_by_role("button", name="Close it").click()
        expect(page.get_by_role("button", name="Open a room")).to_be_visible()


def seen_whole(hall: Page) -> None:
    """Wait until every projector's screen shows all of the page, its chart's axes too."""
    for width, height in ((1280, 720), (1440, 900), (1920, 1080)):
        hall.set_viewport_size({"width": width, "height": height})
        hall.wait_for_function(WHOLE, arg=height)


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_class_from_its_code_to_what_peeking_came_to(app: str, browser: Browser, hall: Page) -> None:
    code = open_room(app, hall)
    drawn = hall.get_by_role("img", name="QR code")
    for scheme in ("light", "dark"):
        hall.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(drawn).to_be_visible()
        link = read(drawn.screenshot())
        assert link == f"{app}/classroom?room={code}"
    expect(hall.get_by_text("Phones cannot open this address")).to_be_visible()
    with phones(browser, 3) as (one, two, three):
        for phone in (one, two, three):
            phone.goto(link)
            expect(phone.get_by_text("You are in")).to_be_visible()
        expect(hall.get_by_text("3 are here")).to_be_visible()

        button(hall, "Guess")
        one.get_by_role("slider").press("ArrowRight")
        for phone in (one, two):
            button(phone, "Send")
        expect(one.get_by_text("51 in a hundred is your guess")).to_be_visible()
        expect(hall.get_by_text("2 of 3 have guessed")).to_be_visible()

        button(hall, "Give seeds")
        seen_whole(hall)
        seed = one.get_by_role("spinbutton")
        seed.fill(str(HIGH))
        two.get_by_role("spinbutton").fill(str(LOW))
        button(hall, "Draw the votes")
        in_vain = hall.get_by_text("nobody has given a seed yet")
        expect(in_vain).to_be_visible()
        button(two, "Send")
        expect(hall.get_by_text("1 of 3 have given one")).to_be_visible()
        expect(in_vain).to_be_hidden()
        one.wait_for_timeout(2500)  # longer than between two looks of a phone at its room
        expect(seed).to_be_focused()
        expect(seed).to_have_value(str(HIGH))
        button(one, "Send")
        expect(one.get_by_text(f"{HIGH} is your seed")).to_be_visible()
        one.reload()
        expect(one.get_by_text(f"{HIGH} is your seed")).to_be_visible()

        button(hall, "Draw the votes")
        expect(one.get_by_text("This claims too much")).to_be_visible()
        expect(two.get_by_text("This claim holds")).to_be_visible()
        expect(three.get_by_text("You gave no seed")).to_be_visible()
        expect(hall.get_by_text("✕ 1 of 2 claim more than is true")).to_be_visible()
        hall.reload()
        expect(hall.get_by_text("✕ 1 of 2 claim more than is true")).to_be_visible()
        seen_whole(hall)

        button(hall, "What if we had peeked?")
        expect(hall.get_by_text("You guessed 50.5 in a hundred; it came out")).to_be_visible()
        seen_whole(hall)
        expect(one.get_by_text("You would have claimed too much")).to_be_visible()
        hall.get_by_text("Close the room").click()
        button(hall, "Close it")
        expect(hall.get_by_role("button", name="Open a room")).to_be_visible()
        expect(three.get_by_role("heading", name="The room is closed")).to_be_visible()
