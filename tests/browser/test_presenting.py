"""What is seen at once on a projector and on small screens, measured in a real browser."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from ui.curriculum import LESSONS

SMALLEST_LETTERS = """(chart) => {
    const size = (text) => parseFloat(getComputedStyle(text).fontSize);
    const enlarged = (text) => text.getBoundingClientRect().height / text.getBBox().height;
    return Math.min(...[...chart.querySelectorAll("text")].map((text) => size(text) * enlarged(text)));
}"""
STANDS = """() => new Promise((done) => {
    const height = () => document.querySelector("[data-testid=stMainBlockContainer]")?.scrollHeight;
    const before = height();
    setTimeout(() => done(before > 400 && height() === before), 1200);
})"""


def bottom(page: Page, selector: str) -> float:
    return float(page.locator(selector).first.evaluate("(node) => node.getBoundingClientRect().bottom"))


def opened(app: str, page: Page, address: str, size: tuple[int, int]) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{app}/{address}")
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    page.wait_for_function(STANDS)


def test_a_projector_shows_the_whole_machine_with_large_pictures(app: str, page: Page) -> None:
    opened(app, page, "?present=1", (1920, 1080))
    place = page.locator(".machine .place")
    expect(place).to_have_count(5)
    for size in ((1920, 1080), (1366, 768), (1280, 720)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.wait_for_function("innerWidth === document.querySelector('[data-testid=stMain]').clientWidth")
        side = place.first.bounding_box()
        assert side is not None
        assert 360 <= side["width"] * 1080 / size[1] <= 420, size
        for part in (".machine .meters", ".machine .labels", ".machine footer"):
            assert bottom(page, part) <= size[1], (part, size)
        expect(page.get_by_role("button", name="Certify", exact=True)).to_be_in_viewport()


@pytest.mark.parametrize(
    ("address", "lowest"),
    [
        ("step?step=1", ".st-key-step-way"),
        ("step?step=2", ".st-key-step-way"),
        ("step?step=6", ".st-key-step-way"),
        ("step?step=8", ".st-key-step-panel"),
        ("compare?", ".stEChartsChart"),
        ("attack?", ".st-key-figure-attack-shares"),
        ("attack?attack-way=draw", ".st-key-drawing-board"),
    ],
)
def test_a_projector_shows_other_pages_whole(app: str, page: Page, address: str, lowest: str) -> None:
    opened(app, page, f"{address}&present=1", (1920, 1080))
    expect(page.locator(lowest).first).to_be_visible()
    page.wait_for_function(STANDS)
    assert 900 <= bottom(page, lowest) <= 1080, "the screen is filled, and nothing is cut"
    if address == "step?step=1":
        side = page.locator(".st-key-step-strip img").first.bounding_box()
        assert side is not None
        assert 360 <= side["width"] <= 420


def test_a_projector_shows_a_lessons_task_and_the_whole_machine(app: str, page: Page) -> None:
    lesson = next(lesson for lesson in LESSONS if lesson.lesson == "size")  # whose run is recorded
    opened(app, page, f"?{urlencode(lesson.settings)}&lesson=size&guess=0&present=1", (1920, 1080))
    expect(
        page.get_by_text("You guessed 50 grey levels; it came out 0.16 of a grey level.")
    ).to_be_in_viewport()
    for size in ((1920, 1080), (1280, 720)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.wait_for_function(STANDS)
        for part in (".machine .meters", ".machine .labels", ".machine footer"):
            assert bottom(page, part) <= size[1], (part, size)
        way = page.get_by_role("link", name="All lessons").bounding_box()
        end = page.get_by_role("button", name="Show everything").bounding_box()
        assert way is not None
        assert end is not None
        assert way["x"] + way["width"] <= end["x"], "side by side"
        assert way["y"] < end["y"] + end["height"], "in one row"


def test_a_charts_letters_are_read_from_afar(app: str, page: Page) -> None:
    opened(app, page, "?present=1", (1920, 1080))
    figure = page.locator(".st-key-figure-trace")
    chart = figure.locator(".stEChartsChart")
    expect(chart.locator("text").first).to_be_attached()
    assert chart.evaluate(SMALLEST_LETTERS) >= 20, "presenting"
    page.get_by_role("button", name="End presenting").click()
    expect(page.get_by_role("button", name="Present", exact=True)).to_be_visible()
    expect(chart).to_have_css("height", "300px")
    assert chart.evaluate(SMALLEST_LETTERS) >= 12
    enlarge = page.get_by_role("button", name=re.compile("^Fullscreen: Share of votes"))
    enlarge.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^Close fullscreen"))).to_be_focused()
    page.wait_for_function(f"({SMALLEST_LETTERS})(document.querySelector('.stEChartsChart')) >= 20")
    box = chart.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 1080, "all of it is on the screen"
    assert box["height"] > 900, "and fills it"
    page.keyboard.press("Escape")
    expect(enlarge).to_be_focused()


def test_a_runs_curve_is_read_from_afar_up_to_the_top_of_its_axis(app: str, page: Page) -> None:
    opened(app, page, "runs?present=1", (1920, 1080))
    curve = page.locator(".st-key-figure-curve .stPlotlyChart")
    expect(curve.get_by_text("100 %", exact=True)).to_be_visible()
    assert curve.evaluate(SMALLEST_LETTERS) >= 18


def test_on_a_phone_a_link_to_a_presented_machine_is_not_wider_than_the_page(app: str, page: Page) -> None:
    opened(app, page, "?present=1", (400, 800))
    expect(page.locator(".machine.large")).to_be_attached()
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth - main.clientWidth") == 0


@pytest.mark.parametrize("size", [(1440, 900), (1366, 768)])
def test_picture_button_and_gate_are_seen_at_once_and_stay_at_a_start(
    app: str, page: Page, size: tuple[int, int]
) -> None:
    opened(app, page, "?n=20000&m=2", size)
    gate = page.locator(".machine .meters")
    expect(page.get_by_role("button", name="Certify", exact=True)).to_be_in_viewport()
    assert bottom(page, ".machine .meters") <= size[1]
    place = page.locator(".machine .place").first.bounding_box()
    assert place is not None
    assert place["width"] >= 120, "nothing is tiny"
    before = gate.bounding_box()
    page.get_by_role("button", name="Certify", exact=True).click()
    expect(page.get_by_text("Counting votes for the bound")).to_be_visible()
    assert gate.bounding_box() == before, "nothing jumps"
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text(re.compile("Cancelled after"))).to_be_visible()
    assert gate.bounding_box() == before
