"""The tours in a real browser: each opens by its link, shows what it is about, and then everything."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from ui.curriculum import LESSONS, TOURS, Tour


def test_a_guess_a_run_and_what_came_out_and_from_there_to_everything(app: str, page: Page) -> None:
    page.goto(f"{app}/lessons")
    page.get_by_role("radio", name="0.5", exact=True).click()
    page.get_by_role("link", name=LESSONS[0].link).click()
    everything = page.get_by_role("button", name="Show everything")
    expect(everything).to_be_visible()
    expect(page.get_by_role("spinbutton", name="Noise σ")).to_have_value("0.01")
    page.get_by_role("button", name="Certify", exact=True).click()
    expect(page.get_by_text("You guessed 0.5; it came out 0.024.")).to_be_visible()
    expect(page.get_by_role("spinbutton", name="Votes n")).to_have_count(0)
    expect(page).to_have_url(re.compile("lesson=noise"))
    everything.click()
    expect(page.get_by_role("spinbutton", name="Votes n")).to_have_value("1,000")
    expect(everything).to_have_count(0)
    expect(page).not_to_have_url(re.compile("lesson="))
    page.go_back()
    page.get_by_role("link", name="Next lesson").click()
    expect(page.get_by_text("Lesson 2 of 11")).to_be_visible()
    page.get_by_role("link", name="All lessons").click()
    answered = page.get_by_text("1 of 11 lessons answered")
    expect(answered).to_be_visible()
    page.goto(f"{app}/lessons")  # another session
    expect(answered).to_be_visible()
    page.get_by_role("button", name="Start over").click()
    expect(answered).to_have_count(0)
    page.goto(f"{app}/lessons")
    expect(page.get_by_text("Guess first, then see it happen.")).to_be_visible()
    expect(answered).to_have_count(0)


def test_a_lesson_after_one_that_had_other_controls(app: str, page: Page) -> None:
    """Its method is not drawn, which was drawn before: votes come in, and the run is of the lesson's own."""
    page.goto(f"{app}/lessons?lesson=local")
    page.get_by_role("link", name="Next lesson").click()
    expect(page).to_have_url(f"{app}/lessons?lesson=abstain")
    page.get_by_role("radio", name="a certified truck", exact=True).click()
    expect(page.get_by_role("link", name="Certify the lorry")).to_be_visible()
    expect(page.get_by_text("Lesson 4 of 11")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Lesson 3 of 11")).to_be_visible()
    page.get_by_role("radio", name="about 1", exact=True).click()
    page.get_by_role("link", name="Certify with DDS").click()
    expect(page.get_by_role("combobox", name=re.compile("Method"))).to_be_visible()
    page.get_by_role("link", name="Next lesson").click()
    page.get_by_role("radio", name="truck or airplane", exact=True).click()
    page.get_by_role("link", name="Certify the lorry").click()
    page.get_by_role("button", name="Certify", exact=True).click()
    expect(page.get_by_text("You guessed truck or airplane; it came out")).to_be_visible()
    expect(page).to_have_url(re.compile("method=diffsmooth"))
    votes = page.get_by_role("spinbutton", name="Votes n")
    votes.fill("3000")
    votes.press("Enter")
    page.get_by_role("button", name="Certify with these settings").click()
    expect(page.get_by_text(re.compile("Counting for the bound: [5-9].. of 3,000"))).to_be_visible()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text("Cancelled after")).to_be_visible()
    page.get_by_role("link", name="All lessons").click()
    expect(page).to_have_url(f"{app}/lessons")


def test_a_lesson_opens_in_a_tab_of_its_own_too(app: str, page: Page) -> None:
    """The first page's address is empty: the browser takes a link to it for one to the page it stands on."""
    page.goto(f"{app}/lessons")
    page.get_by_role("radio", name="0.02", exact=True).click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name=LESSONS[0].link).click(button="middle")
    expect(opened.value.get_by_text(LESSONS[0].task)).to_be_visible()
    expect(opened.value.get_by_role("spinbutton", name="Noise σ")).to_have_value("0.01")
    expect(opened.value.get_by_text("You guessed: 0.02.")).to_be_visible()


@pytest.mark.parametrize("tour", [*LESSONS[1:], *TOURS], ids=lambda tour: tour.lesson)
def test_every_tour_opens(app: str, page: Page, tour: Tour) -> None:
    path = "" if tour.page == "pages/certify.py" else Path(tour.page).stem
    page.goto(f"{app}/{path}?{urlencode(tour.settings | {'lesson': tour.lesson})}")
    answered = tour.lesson == "size"  # by the recorded run that is there
    expect(page.get_by_text("It came out 0.16 of a grey level." if answered else tour.task)).to_be_visible()
    way_out = page.get_by_role("button", name="Show everything")
    expect(way_out if path != "lessons" else page.get_by_role("link", name="All lessons")).to_be_visible()
    expect(page.get_by_text("More settings")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)
