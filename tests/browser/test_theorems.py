"""The Theorems page in a real browser: a picture is sampled, stopped, and found again by its address."""

from __future__ import annotations

import random
import re

import pytest
from playwright.sync_api import Locator, Page, expect

SECONDS = 1000  # milliseconds
QUICK = "steps=4&samples=16"
LONG = "steps=80&samples=256"


def samples_inside(page: Page) -> Locator:
    return page.get_by_text(re.compile(r"\d+ of \d+ samples are inside"))


def test_a_picture_is_chosen_sampled_and_stands_in_the_address(app: str, page: Page) -> None:
    page.goto(f"{app}/theorems?{QUICK}&sigma=0.25&unit=model")
    expect(samples_inside(page)).to_have_text(re.compile("16 of 16"))
    page.get_by_role("radio", name="Brown horse").click()
    expect(page).to_have_url(re.compile("brown-horse"))
    expect(samples_inside(page)).to_have_text(re.compile("16 of 16"))
    chart = page.locator(".st-key-theorems-distances .stEChartsChart svg").first
    expect(chart).to_be_visible()
    address = page.url
    assert "sigma=0.25" in address
    assert "unit=model" in address
    page.goto("about:blank")
    page.goto(address)
    chosen = page.get_by_role("radio", checked=True)
    expect(chosen.and_(page.get_by_title("Brown horse"))).to_be_visible()
    expect(page.get_by_role("slider", name="Noise σ")).to_have_value("0.25")
    expect(page.get_by_text("16 samples in 4 steps each")).to_be_visible()


@pytest.mark.parametrize("times_slower", [6, 12])
def test_a_slow_browser_takes_the_settings_of_a_link(app: str, page: Page, times_slower: int) -> None:
    """It draws nothing of the first run of the page before the second one, at the samples' end, is there."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": times_slower})
    fresh = random.randrange(2**31)  # what was sampled before is there in the first run
    page.goto(f"{app}/theorems?{QUICK}&sigma=0.25&eta=0.05&seed={fresh}")
    expect(page.get_by_text("16 samples in 4 steps each")).to_be_visible()
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    expect(page.get_by_role("slider", name="Noise σ")).to_have_value("0.25")
    page.get_by_role("radio", name="Brown horse").click()
    expect(page).to_have_url(re.compile("brown-horse"))
    expect(page).to_have_url(re.compile("sigma=0.25"))
    expect(page).to_have_url(re.compile("eta=0.05"))


def test_sampling_is_seen_coming_and_stops_at_once(app: str, page: Page) -> None:
    page.goto(f"{app}/theorems?{LONG}")
    expect(samples_inside(page)).to_be_visible()
    page.evaluate(
        "for (const node of document.querySelectorAll('.stEChartsChart svg')) node.dataset.kept = 'yes'"
    )
    before = samples_inside(page).inner_text()
    expect(samples_inside(page)).not_to_have_text(before)
    assert page.locator(".stEChartsChart svg[data-kept]").count() > 0, "the histogram keeps its node"
    page.get_by_role("button", name="Stop", exact=True).click()
    stopped = page.get_by_text(re.compile(r"Stopped after \d+ of 256 samples"))
    expect(stopped).to_be_visible()
    kept = stopped.inner_text()
    page.wait_for_timeout(1 * SECONDS)
    assert stopped.inner_text() == kept
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(re.compile(r"\d+ of 256 samples, 80 steps each"))).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(stopped).to_be_visible()


def test_a_term_lights_up_with_its_bar_by_pointer_and_by_keyboard(app: str, page: Page) -> None:
    page.goto(f"{app}/theorems?where=exact&dimension=16")
    part = page.get_by_test_id("stExpander").filter(has_text="Both theorems over the noise")
    part.locator("summary").click()
    plots = part.locator(".stEChartsChart svg")
    expect(plots).to_have_count(3)
    tops = {round(box["y"]) for box in map(Locator.bounding_box, plots.all()) if box and box["width"] > 200}
    assert len(tops) == 1, "as wide as their place, and side by side"
    said = page.locator(".st-key-theorems-second .said").filter(has_text="that xt may come from")
    expect(said.locator("sub")).to_have_text("t")
    terms = page.locator(".st-key-theorems-terms")
    bars = terms.locator(".segment[data-term=noise]")
    expect(bars.first).to_be_visible()
    terms.locator(".term[data-term=noise]").first.hover()
    expect(bars.first).to_have_class(re.compile(r"\blit\b"))
    expect(terms.locator(".segment[data-term=shift]").first).not_to_have_class(re.compile(r"\blit\b"))
    expect(terms.get_by_text(re.compile("reverse process’s own noise"))).to_be_visible()
    page.mouse.move(0, 0)
    expect(terms.locator(".lit")).to_have_count(0)
    stop = terms.locator("[tabindex='0']")
    expect(stop).to_have_count(1)
    stop.focus()
    expect(terms.locator(".segment[data-term=shift]").first).to_have_class(re.compile(r"\blit\b"))
    page.keyboard.press("ArrowRight")
    expect(bars.first).to_have_class(re.compile(r"\blit\b"))
    expect(terms.locator(".term[data-term=noise]").first).to_be_focused()
