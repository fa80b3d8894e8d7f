"""Two browsers at one run: who started it can stop it, whoever has its link can watch."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

LONG = "n0=10&n=20000&m=2&seed=3"


def test_a_run_is_watched_by_its_link_and_stopped_by_who_started_it(
    app: str, browser: Browser, page: Page
) -> None:
    cancel = page.get_by_role("button", name="Cancel", exact=True)
    page.goto(f"{app}/?{LONG}")
    page.get_by_role("button", name="Certify", exact=True).click()
    expect(cancel).to_be_visible()
    page.wait_for_url("**job=**")
    with browser.new_context() as context:
        theirs = context.new_page()
        theirs.goto(page.url)
        expect(theirs.get_by_text("Another visitor started this")).to_be_visible()
        expect(theirs.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)
        page.reload()
        expect(cancel).to_be_visible()  # the same browser
        cancel.click()
        expect(page.get_by_role("button", name="Resume")).to_be_visible()
        expect(theirs.get_by_role("button", name="Resume")).to_be_visible()
