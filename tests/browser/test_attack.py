"""The page "Try to break it" in a real browser: certified, attacked inside and outside, found again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

SECONDS = 1000  # milliseconds
QUICK = "picture=gallery:sparrow-on-the-ground&method=plain&sigma=0.25&n0=10&n=100&alpha=0.01"
pytestmark = pytest.mark.timeout(180)


def test_an_attack_holds_inside_breaks_outside_and_survives_a_reload(app: str, page: Page) -> None:
    page.goto(f"{app}/attack?{QUICK}")
    page.get_by_role("button", name="Certify first").click(timeout=60 * SECONDS)
    attack = page.get_by_role("button", name=re.compile("^Attack"))
    expect(attack).to_be_visible(timeout=60 * SECONDS)
    attempts = page.get_by_role("spinbutton", name="Attempts")
    attempts.fill("1")
    attempts.press("Enter")
    attack.click()
    expect(page.get_by_role("heading", name="Held: still bird")).to_be_visible(timeout=60 * SECONDS)
    dial = page.get_by_role("slider", name="Length of the change, in certified radii")
    dial.focus()
    dial.press("End")
    expect(page.get_by_test_id("stSliderThumbValue").first).to_have_text("20 ×")
    page.get_by_role("button", name="Attack again").click()
    broken = page.get_by_role("heading", name=re.compile("Broken: a change of length .* turns bird into"))
    expect(broken).to_be_visible(timeout=60 * SECONDS)
    expect(page.get_by_role("img", name="The change", exact=True)).to_be_visible()
    assert "job=" in page.url
    assert "attack-times=20.0" in page.url
    page.reload()
    expect(broken).to_be_visible(timeout=60 * SECONDS)
    expect(page.get_by_role("button", name="Attack again")).to_be_visible(timeout=60 * SECONDS)
    expect(attempts).to_have_value("1")
    expect(page.get_by_test_id("stSliderThumbValue").first).to_have_text("20 ×")
    page.get_by_role("button", name="Draw").click()
    expect(page.get_by_text("The circle is the certified radius")).to_be_visible(timeout=60 * SECONDS)
    expect(page.get_by_role("img", name="Smoothed", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Draw")).to_be_visible(timeout=60 * SECONDS)
