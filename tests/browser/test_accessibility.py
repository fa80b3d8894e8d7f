"""axe finds no fault in any page, in both themes: WCAG 2.2 at level AA, as far as a program can tell."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_classroom import open_room, phones
from ui.navigation import PAGES, title

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# Streamlit draws the navigation, and puts a box between its list and the entries.
LOOKED_AT = {"exclude": [["[data-testid=stSidebarNavItems]"]]}

# Text in charts, at which axe does not look, with a contrast below 4.5 with the page; on bars it is white.
FAINT = """() => {
    const parts = (colour) => colour.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255);
    const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const luminance = (colour) => {
        const [red, green, blue] = parts(colour).map(linear);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
    };
    const page = luminance(getComputedStyle(document.querySelector('.stApp')).backgroundColor);
    return [...document.querySelectorAll('.stEChartsChart text, .stPlotlyChart text')]
        .map((text) => [text.textContent, getComputedStyle(text).fill])
        .filter(([words, fill]) => words.trim() && fill !== 'rgb(255, 255, 255)' && fill !== 'none')
        .filter(([, fill]) => Math.max(luminance(fill) / page, page / luminance(fill)) < 4.5)
        .map((one) => one.join(' '));
}"""


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
    expect_no_fault(page)


def test_a_class_has_none_on_the_projector_and_on_a_phone(app: str, page: Page, browser: Browser) -> None:
    code = open_room(app, page)
    with phones(browser, 1) as (phone,):
        phone.goto(f"{app}/classroom?room={code}")
        for go_on in ("Guess", "Give seeds", "Draw the votes", "What if we had peeked?"):
            expect_no_fault(page)
            expect_no_fault(phone)
            page.get_by_role("button", name=go_on).click()
            expect(page.get_by_role("button", name=go_on)).to_have_count(0)
            if go_on == "Give seeds":
                expect(phone.get_by_role("spinbutton", name="Seed")).to_be_visible()
                phone.get_by_role("button", name="Send").click()
                expect(page.get_by_text("1 of 1 have given one")).to_be_visible()
            if go_on == "Draw the votes":
                expect(page.get_by_text("of 1 claim more than is true")).to_be_visible()
        expect_no_fault(page)
        expect_no_fault(phone)
    page.get_by_text("Close the room").click()
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_role("button", name="Open a room")).to_be_visible()


def expect_no_fault(page: Page) -> None:
    """Have axe look at the page in both themes."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        expected = {"light": "rgb(250, 249, 247)", "dark": "rgb(20, 26, 33)"}[scheme]
        expect(page.get_by_test_id("stApp")).to_have_css("background-color", expected)
        faults = found_in(page)
        for _ in range(3):  # a change of theme draws the page anew: what it dims meanwhile is no fault
            if faults:
                page.wait_for_timeout(1000)
                expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
                faults = found_in(page)
        assert not faults, f"{scheme}:\n" + "\n".join(faults)


def found_in(page: Page) -> list[str]:
    """The faults of the page as it is at this moment: what axe sees, and charts' faint text."""
    found = Axe().run(page, context=LOOKED_AT, options=RULES).response
    assert found["passes"], "axe looked at the page"
    return page.evaluate(FAINT) + [
        f"{fault['id']}: {node['html'][:160]} {node['failureSummary']}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]
