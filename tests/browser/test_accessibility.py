"""axe finds no fault in any page, in both themes: WCAG 2.2 at level AA, as far as a program can tell."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ui.navigation import PAGES, title

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# Streamlit draws the navigation, and puts a box between its list and the entries.
LOOKED_AT = {"exclude": [["[data-testid=stSidebarNavItems]"]]}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_fault_that_axe_finds(app: str, page: Page, name: str) -> None:
    page.goto(f"{app}/{name}")
    expect(page.locator("[data-testid=stMain] h1")).to_have_text(title(name))
    expect(page).to_have_title(f"{title(name)} · DiffSmooth")
    expect(page.locator("[aria-current=page]")).to_have_text(re.compile(f"{title(name)}$"))
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    captions = page.get_by_test_id("stCaptionContainer")
    if captions.count():
        expect(captions.first).to_have_css("opacity", "0.72")  # the page's own style has come
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        expected = {"light": "rgb(250, 249, 247)", "dark": "rgb(20, 26, 33)"}[scheme]
        expect(page.get_by_test_id("stApp")).to_have_css("background-color", expected)
        faults = found_by_axe(page)
        for _ in range(3):  # a change of theme draws the page anew: what it dims meanwhile is no fault
            if faults:
                page.wait_for_timeout(1000)
                expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
                faults = found_by_axe(page)
        assert not faults, f"{scheme}:\n" + "\n".join(faults)


def found_by_axe(page: Page) -> list[str]:
    """The faults that axe sees in the page as it is at this moment."""
    found = Axe().run(page, context=LOOKED_AT, options=RULES).response
    assert found["passes"], "axe looked at the page"
    return [
        f"{fault['id']}: {node['html'][:160]} {node['failureSummary']}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]
