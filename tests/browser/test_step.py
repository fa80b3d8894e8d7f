"""The Step through page in a real browser: by keyboard, by click and by itself."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.serving import press


def test_the_keyboard_steps_through_a_vote_to_the_count(app: str, page: Page) -> None:
    page.goto(f"{app}/step?n0=5&n=16&m=2&picture=photo:cat&copy=4")
    expect(page.get_by_text("Every pixel value")).to_be_visible()
    page.wait_for_url(re.compile("step=1"))
    press(page, "ArrowRight")
    expect(page.get_by_role("heading", name="2 · The noise chooses")).to_be_visible()
    expect(page.locator(".stEChartsChart svg")).to_have_count(1)
    press(page, "ArrowLeft")
    expect(page.get_by_role("heading", name="1 · Noise is added")).to_be_visible()
    page.get_by_role("radio", name="6 Smooth").click()
    expect(page.get_by_alt_text("Local copy 2")).to_be_visible()
    expect(page.get_by_alt_text("Local copy 3")).to_have_count(0)
    press(page, "ArrowRight")
    expect(page.get_by_text("One vote for")).to_be_visible()
    page.get_by_role("radio", name="8 Count").click()
    expect(page.get_by_text("Votes of copies 1 to 4")).to_be_visible()
    expect(page).to_have_url(re.compile("step=8"))
    expect(page).to_have_url(re.compile("copy=4"))
    page.reload()
    expect(page.get_by_text("Votes of copies 1 to 4")).to_be_visible()
    page.get_by_role("button", name="Next copy").click()
    expect(page.get_by_text("copy 5 of 16")).to_be_visible()


def test_play_goes_on_by_itself_until_it_is_paused(app: str, page: Page) -> None:
    page.goto(f"{app}/step?n0=5&n=16&method=plain")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("heading", name="2 · One copy, one vote")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_a_phone_has_no_wider_page_than_itself(app: str, page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(f"{app}/step?n0=5&n=16&m=5&step=6")
    expect(page.get_by_alt_text("Local copy 5")).to_be_visible()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 400
