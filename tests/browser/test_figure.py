"""A chart's way out of the page: as PNG, SVG and CSV, whichever library drew it."""

from __future__ import annotations

import csv
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import Page, expect


def saved(page: Page, kind: str, alt: str) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Save as {kind}: {alt}").click()
    assert download.value.suggested_filename.endswith(f".{kind.lower()}")
    return Path(download.value.path())


@pytest.mark.parametrize(
    ("path", "alt", "word", "line"),
    [
        ("?picture=gallery:sailing-yacht", "Votes for each class", "ship", "Estimation votes,ship,997"),
        ("results", "Certified accuracy in percent over the radius", "radius (L2", ",2,21.6"),
    ],
    ids=["echarts", "plotly"],
)
def test_a_chart_is_saved_as_it_is_drawn(
    app: str, page: Page, path: str, alt: str, word: str, line: str
) -> None:
    page.goto(f"{app}/{path}")
    save = page.get_by_role("button", name=f"Save as PNG: {alt}")
    figure = page.locator('[class*="st-key-figure-"]').filter(has=save)
    chart = figure.locator(".stEChartsChart svg, .js-plotly-plot .main-svg").first
    expect(chart).to_be_visible()
    width = chart.evaluate("node => node.getBoundingClientRect().width")

    drawn = ElementTree.parse(saved(page, "SVG", alt)).getroot()
    assert drawn.tag.endswith("svg")
    assert any(word in text for text in drawn.itertext())

    png = saved(page, "PNG", alt)
    assert png.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    with Image.open(png) as picture:
        assert picture.width == int(3 * width), "sharp enough for print"
        colours = picture.convert("RGBA").getcolors(1 << 24)
    assert colours is not None
    assert max(colours)[1] == (250, 249, 247, 255), "the page's background, and no hole"
    assert len(colours) > 50, "something is drawn on it"

    text = saved(page, "CSV", alt).read_text(encoding="utf-8")
    assert next(csv.reader(text.splitlines())) == ["series", "x", "y"]
    assert line in text
