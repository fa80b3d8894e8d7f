"""Numbers as people type and paste them in a real browser, whose number fields leave a comma out."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


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
