"""Numbers as people type and paste them in a real browser, whose number fields leave a comma out."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

SAYS = """() => window.addEventListener("invalid", (event) => setTimeout(() => {
    window.said = event.defaultPrevented ? "what nobody sees" : event.target.validationMessage;
}), true)"""


def test_a_comma_is_a_point_before_decimals_and_nothing_between_thousands(app: str, page: Page) -> None:
    page.goto(f"{app}/step?stopping=target")
    page.get_by_text("More settings").click()
    other = page.get_by_role("textbox", name="Challenge")
    other.fill("0,25")
    other.select_text()
    page.keyboard.press("Control+c")
    for label, keys, name, number in (
        ("Risk α", "0,05", "alpha", "0.05"),
        ("First votes n₀", "1,000", "n0", "1000"),
        ("Target radius", "", "target_radius", "0.25"),
    ):
        field = page.get_by_role("spinbutton", name=label)
        field.select_text()
        if keys:
            page.keyboard.type(keys)
        else:
            page.keyboard.press("Control+v")
        expect(field).to_have_value(number)
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(rf"[?&]{name}={re.escape(number)}&"))
        expect(field).to_have_value(number)


def test_a_field_of_whole_numbers_says_what_it_takes_of_another(app: str, page: Page) -> None:
    page.goto(f"{app}/step")
    page.get_by_text("More settings").click()
    page.evaluate(SAYS)
    for label, keys, said, left in (
        ("First votes n₀", "1.5", "A whole number, please: of 1.5 only 1 is taken.", "1"),
        ("First votes n₀", "2e3", "A whole number, please: of 2e3 only 2 is taken.", "2"),
        ("First votes n₀", "30", "", "30"),
        ("Risk α", "0.05", "", "0.05"),
    ):
        field = page.get_by_role("spinbutton", name=label)
        field.select_text()
        page.keyboard.type(keys)
        expect(field).to_have_value(keys)
        page.wait_for_function("(said) => (window.said ?? '') === said", arg=said)
        page.keyboard.press("Tab")
        expect(field).to_have_value(left)
        assert not field.evaluate("(field) => field.validity.customError")
        page.evaluate("window.said = ''")
