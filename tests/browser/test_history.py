"""Back in a real browser: one press undoes one thing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from ui.curriculum import LESSONS

SECONDS = 1000  # milliseconds
START = "data:text/html,<title>before</title>"
PEEK = next(tour for tour in LESSONS if tour.lesson == "peek")
pytestmark = pytest.mark.timeout(180)


def sigma(page: Page, value: str) -> None:
    """Wait until the page shows this noise and its address says everything."""
    expect(page.get_by_role("spinbutton", name="Noise σ")).to_have_value(value, timeout=60 * SECONDS)
    expect(page).to_have_url(re.compile(f"sigma={value}&.*dtype="), timeout=30 * SECONDS)


@pytest.mark.parametrize("link", ["", "?sigma=0.25&n=300", "step?sigma=0.25&copy=2"])
def test_one_press_leaves_a_page_that_was_opened_by_a_link(app: str, page: Page, link: str) -> None:
    page.goto(START)
    page.goto(f"{app}/{link}")
    sigma(page, "0.25" if "0.25" in link else "0.5")
    page.go_back()
    expect(page).to_have_title("before", timeout=30 * SECONDS)


def test_one_press_takes_a_change_back(app: str, page: Page) -> None:
    page.goto(START)
    page.goto(f"{app}/?sigma=0.25&n=300")
    sigma(page, "0.25")
    noise = page.get_by_role("spinbutton", name="Noise σ")
    noise.fill("0.12")
    noise.press("Enter")
    sigma(page, "0.12")
    page.go_back()
    sigma(page, "0.25")
    page.go_forward()
    sigma(page, "0.12")
    page.go_back()
    sigma(page, "0.25")
    page.go_back()
    expect(page).to_have_title("before", timeout=30 * SECONDS)


def test_one_press_leads_back_from_a_page_of_the_navigation(app: str, page: Page) -> None:
    page.goto(f"{app}/?sigma=0.25&n=300")
    sigma(page, "0.25")
    page.get_by_role("link", name="Step through").click()
    expect(page).to_have_url(re.compile("/step\\?.*copy=1"), timeout=30 * SECONDS)
    sigma(page, "0.25")
    page.go_back()
    expect(page.get_by_role("heading", name="Certify", exact=True)).to_be_visible(timeout=30 * SECONDS)
    sigma(page, "0.25")


def test_certify_is_marked_in_the_navigation_at_both_of_its_addresses(app: str, page: Page) -> None:
    marked = page.locator("[data-testid=stSidebarNavLink][aria-current=page]")
    for path in ("certify", ""):
        page.goto(f"{app}/{path}?sigma=0.25&n=300")
        sigma(page, "0.25")
        expect(marked).to_have_text(re.compile("Certify$"))
    page.get_by_role("link", name="Step through").click()
    expect(marked).to_have_text(re.compile("Step through$"))


def test_a_lesson_and_the_list_of_lessons_each_have_their_address(app: str, page: Page) -> None:
    """A link from a page to itself leaves the browser's address to the page."""
    page.goto(f"{app}/lessons?lesson=peek&guess=1")
    guess = page.get_by_role("radio", name=PEEK.guesses[1], exact=True)
    expect(guess).to_be_checked()
    cards = page.get_by_text("Guess first, then see it happen.")
    page.get_by_role("link", name="All lessons").click()
    expect(cards).to_be_visible()
    expect(page).to_have_url(f"{app}/lessons")
    page.reload()
    expect(cards).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Lesson 5 of 11")).to_be_visible()
    expect(cards).to_have_count(0)  # what it was drawn over has guesses too
    expect(guess).to_be_checked()
    expect(page).to_have_url(f"{app}/lessons?lesson=peek&guess=1")
    page.get_by_role("link", name="Next lesson").click()
    expect(page.get_by_text("Lesson 6 of 11")).to_be_visible()
    for number, another in enumerate(LESSONS[5].guesses[:2]):
        page.get_by_role("radio", name=another, exact=True).click()
        expect(page).to_have_url(f"{app}/lessons?lesson={LESSONS[5].lesson}&guess={number}")
    page.go_back()
    expect(page.get_by_text("Lesson 5 of 11")).to_be_visible()
