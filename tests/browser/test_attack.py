"""The page "Try to break it" in a real browser: certified, attacked inside and outside, found again."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

QUICK = "picture=gallery:sparrow-on-the-ground&method=plain&sigma=0.25&n0=10&n=100&alpha=0.01"


def test_an_attack_holds_inside_breaks_outside_and_survives_a_reload(app: str, page: Page) -> None:
    page.goto(f"{app}/attack?{QUICK}")
    page.get_by_role("button", name="Certify first").click()
    attack = page.get_by_role("button", name=re.compile("^Attack"))
    expect(attack).to_be_visible()
    attempts = page.get_by_role("spinbutton", name="Attempts")
    attempts.fill("1")
    attempts.press("Enter")
    attack.click()
    expect(page.get_by_role("heading", name="Held: still bird")).to_be_visible()
    dial = page.get_by_role("slider", name="Length, in certified radii")
    dial.focus()
    dial.press("End")
    expect(page.get_by_test_id("stSliderThumbValue").first).to_have_text("20 ×")
    page.get_by_role("button", name="Attack again").click()
    broken = page.get_by_role("heading", name=re.compile("Broken: a change of length .* turns bird into"))
    expect(broken).to_be_visible()
    expect(page.get_by_role("img", name="The change", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("job="))
    expect(page).to_have_url(re.compile("attack-times=20.0"))
    page.reload()
    expect(broken).to_be_visible()
    expect(page.get_by_role("button", name="Attack again")).to_be_visible()
    expect(attempts).to_have_value("1")
    expect(page.get_by_test_id("stSliderThumbValue").first).to_have_text("20 ×")
    page.get_by_role("button", name="Draw").click()
    expect(page.get_by_text("The circle is the certified radius")).to_be_visible()
    expect(page.get_by_role("img", name="Smoothed", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Draw")).to_be_visible()


def test_a_try_by_hand_that_is_over_at_once_is_counted(app: str, page: Page) -> None:
    page.goto(f"{app}/attack?attack-way=draw&attack-n=50")
    expect(page.get_by_text("No try so far")).to_be_visible()
    for times in ("1 try so far", "2 tries so far"):
        slider = page.get_by_role("slider", name="All: brightness")
        slider.focus()
        slider.press("ArrowRight")
        expect(page.get_by_role("heading", name="Inside: a change of length")).to_be_visible()
        expect(page.locator("[data-test-script-state=notRunning]")).to_be_attached()
        page.get_by_role("button", name="Put it to the vote").click()
        expect(page.get_by_text(times)).to_be_visible()


def test_settings_behind_more_are_what_they_are_once_it_is_opened(app: str, page: Page) -> None:
    page.goto(f"{app}/attack")
    attempts = page.get_by_role("spinbutton", name="Attempts")
    attempts.fill("12")
    attempts.press("Enter")
    expect(page).to_have_url(re.compile("attack-attempts=12"))
    more = page.get_by_role("button", name="More")
    field, button = attempts.bounding_box(), more.bounding_box()
    assert field is not None
    assert button is not None
    middle = button["y"] + button["height"] / 2
    assert field["y"] < middle < field["y"] + field["height"], "on the field's line, not its label's"
    more.click()
    votes = page.get_by_role("spinbutton", name="Votes that decide an attempt")
    expect(votes).to_have_value("100")
    page.keyboard.press("Escape")
    expect(votes).to_be_hidden()
    page.get_by_text("Draw it yourself").click()
    expect(page.get_by_text("No try so far")).to_be_visible()
    expect(votes).to_have_value("100")


def test_the_number_of_votes_goes_along_to_the_drawing_board(app: str, page: Page) -> None:
    page.goto(f"{app}/attack")
    page.get_by_text("Draw it yourself").click()
    expect(page.get_by_role("spinbutton", name="Votes that decide an attempt")).to_have_value("100")
