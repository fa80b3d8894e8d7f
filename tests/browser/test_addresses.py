"""A copied address shows what its page showed, in another browser and after a reload."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect


def shown_by(address: str, page: Page, look: Callable[[Page], None]) -> None:
    """Look at what the address shows in a browser that has seen nothing yet."""
    assert page.context.browser
    with page.context.browser.new_context() as other:
        fresh = other.new_page()
        fresh.goto(address)
        look(fresh)
        expect(fresh).to_have_url(address)


def test_a_run_and_which_half_of_it_are_in_the_address(app: str, page: Page) -> None:
    page.goto(f"{app}/runs")
    expect(page).to_have_url(f"{app}/runs?run=diffsmooth&view=summary")
    page.get_by_role("radio", name="Pictures").click()
    keys = page.get_by_role("button", name="Next abstention")
    expect(keys).to_be_visible()
    expect(page).to_have_url(f"{app}/runs?run=diffsmooth&view=pictures")

    def look(fresh: Page) -> None:
        expect(fresh.get_by_role("radio", name="Pictures")).to_be_checked()

    shown_by(page.url, page, look)
    page.get_by_role("radio", name="Summary").click()
    expect(keys).to_have_count(0)
    page.go_back()
    expect(keys).to_be_visible()
    page.goto(f"{app}/runs?run=gone")
    expect(page.get_by_text("The run gone in the address is not here; diffsmooth is shown")).to_be_visible()
    expect(page).to_have_url(f"{app}/runs?run=diffsmooth&view=summary")


def test_what_results_draws_is_in_the_address(app: str, page: Page) -> None:
    page.goto(f"{app}/results")
    page.get_by_role("radio", name="Difference of two").click()
    minus = page.get_by_role("combobox", name="minus that of")
    minus.click()
    page.get_by_role("option").nth(2).click()
    chosen = minus.input_value()
    rows = page.get_by_test_id("stMultiSelect").filter(has_text="Published rows")
    removed = rows.get_by_role("button", name="Remove").last
    name = (removed.get_attribute("aria-label") or "").removeprefix("Remove ")
    removed.click()
    expect(rows.get_by_text(name)).to_have_count(0)
    expect(page).to_have_url(re.compile("published=.*&of="))  # whole: the row is gone before that

    def look(fresh: Page) -> None:
        expect(fresh.get_by_role("combobox", name="minus that of")).to_have_value(chosen)
        expect(fresh.get_by_role("button", name=f"Remove {name}")).to_have_count(0)

    shown_by(page.url, page, look)
    page.go_back()
    expect(rows.get_by_text(name)).to_be_visible()
