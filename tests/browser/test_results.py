"""Results in a browser: the question is in the address, brings its rows, and leads to a sweep."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def test_a_question_is_asked_answered_and_followed_up(app: str, page: Page) -> None:
    page.goto(f"{app}/results?question=sigma")
    rows = page.get_by_test_id("stMultiSelect").filter(has_text="Published rows")
    expect(rows.get_by_text("Plain, Gaussian 0.5")).to_be_visible()
    page.get_by_text("Difference of two").click()
    expect(
        page.get_by_text("They cross at radius").or_(page.get_by_text("They do not cross"))
    ).to_be_visible()
    page.get_by_label("Question").click()
    page.get_by_role("option", name="Local smoothing without diffusion (Table 3)").click()
    expect(rows.get_by_text("Local smoothing, σ′ = 0.12")).to_be_visible()
    expect(page).to_have_url(re.compile("question=local-only"))
    expect(rows.get_by_text("Gaussian")).to_have_count(0)  # of the question before
    rows.get_by_role("button", name="Remove Local smoothing, σ′ = 0.12").click()
    expect(page).to_have_url(re.compile("published="))
    page.reload()
    expect(rows.get_by_text("Local smoothing, σ′ = 0.25")).to_be_visible()
    expect(rows.get_by_text("Local smoothing, σ′ = 0.12")).to_have_count(0)
    page.get_by_label("Question").click()
    page.get_by_role("option", name="Is it better to shift the local noise? (Tables 5 and 8)").click()
    expect(page.get_by_label("Data set").and_(page.get_by_role("combobox"))).to_have_value("ImageNet")
    expect(rows.get_by_text("BEiT, Gaussian 0.25, σ′ = 0.25")).to_be_visible()
    page.get_by_label("Question").click()
    page.get_by_role("option", name="What do m local copies cost? (Section 5.3)").click()
    page.get_by_text("Sweep m with the networks here").click()
    expect(page.get_by_role("button", name="Sweep", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("over=m"))


def test_on_a_phone_no_choice_and_no_label_is_cut_and_numbers_stand_beside_their_names(
    app: str, page: Page
) -> None:
    page.set_viewport_size({"width": 400, "height": 850})
    page.goto(f"{app}/results")
    chips = page.get_by_test_id("stMultiSelectTagsContainer").locator("[role=group] > span > span")
    expect(chips.first).to_be_visible()
    assert not [
        chip.inner_text() for chip in chips.all() if chip.evaluate("n => n.scrollWidth > n.clientWidth + 1")
    ]
    box = page.get_by_test_id("stMultiSelect").last.locator("[role=group]").first
    assert box.evaluate("n => n.scrollHeight <= n.clientHeight + 1"), "no row of choices is out of sight"
    chart = page.locator(".js-plotly-plot")
    legend, label = chart.locator(".legend").bounding_box(), chart.get_by_text("100 %").bounding_box()
    assert legend
    assert label
    assert legend["y"] + legend["height"] <= label["y"] + 1
    first = (
        page.locator(".st-key-results-table tbody tr").first.get_by_role("cell").filter(has_text="%").first
    )
    first.scroll_into_view_if_needed()
    seen = first.bounding_box()
    assert seen
    assert seen["x"] + seen["width"] < 400
