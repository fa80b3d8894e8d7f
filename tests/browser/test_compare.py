"""The Compare page in a real browser: to its end, cancelled, changed, swept."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

PLAIN, LOCAL, DDS = (f"{method},gaussian-0.25,0.5,0.25,2,24" for method in ("plain", "local-only", "dds"))


def test_three_methods_are_compared_to_the_end(app: str, page: Page) -> None:
    page.goto(f"{app}/compare?n0=5&picture=photo:cat&settings={PLAIN};{LOCAL};{DDS}")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("heading", name="Picking the best")).to_be_visible()
    expect(page.get_by_text("24 of n = 24 votes")).to_have_count(3)
    expect(page.get_by_role("cell", name=re.compile("MiB"))).to_have_count(3)
    expect(page).to_have_url(re.compile("comparison="))
    page.reload()
    expect(page.get_by_text("24 of n = 24 votes")).to_have_count(3)
    page.get_by_role("link", name="Step through", exact=True).click()
    expect(page.get_by_role("heading", name="1 · Noise is added")).to_be_visible()
    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page.get_by_text("24 of n = 24 votes")).to_have_count(3)


def test_a_comparison_can_be_cancelled_and_a_setting_changed(app: str, page: Page) -> None:
    page.goto(f"{app}/compare?n0=20&settings={PLAIN};{LOCAL}00000")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_text("votes, about")).to_be_visible()
    page.get_by_role("button", name="Cancel", exact=True).click()
    cancelled = page.get_by_text(
        re.compile(r"after [\d,]+ of .* only what was counted to its end is certified")
    )
    expect(cancelled).to_be_visible()
    before = cancelled.inner_text()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("votes, about")).to_be_visible()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(cancelled).to_be_visible()
    first, second = (
        int(text.split("after ")[1].split()[0].replace(",", "")) for text in (before, cancelled.inner_text())
    )
    assert 0 < first < second, "it went on from there"
    page.get_by_role("button", name="Change").first.click()
    votes = page.get_by_role("spinbutton", name="Votes n").first
    votes.fill("300")
    votes.press("Enter")
    expect(page.get_by_text("The results below are of")).to_be_visible()
    expect(page).to_have_url(re.compile("settings=plain.*?300(;|%3B)local-only"))


def test_a_sweep_runs_to_its_best(app: str, page: Page) -> None:
    page.goto(f"{app}/compare?n0=5&n=20&m=2&method=local-only&tab=sweep&over=budget")
    page.get_by_role("button", name="Sweep", exact=True).click()
    expect(page.get_by_role("heading", name="Picking the best")).to_be_visible()
    page.get_by_role("radio", name="Local noise", exact=True).click()
    expect(page.get_by_text("12 settings")).to_be_visible()
    expect(page).to_have_url(re.compile("over=sigma_local"))
