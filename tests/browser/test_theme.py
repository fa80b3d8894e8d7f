"""What the server colours follows the browser from light to dark and back, without a reload."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
LABELS = ".st-key-figure-sweep-sigma_local svg text"
BARS = ".st-key-figure-votes svg path"


@pytest.mark.parametrize(
    ("address", "begin", "drawn", "light", "dark"),
    [
        ("compare?n0=5&n=20&m=2&method=local-only&tab=sweep", "Sweep", LABELS, "#1f2933", "#e4e8ec"),
        ("", "", BARS, "#2051c8", "#1994ff"),
    ],
    ids=["labels-of-a-heat-map", "bars-of-classes"],
)
def test_a_chart_can_be_read_after_a_change_of_the_theme(
    app: str, page: Page, address: str, begin: str, drawn: str, light: str, dark: str
) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{app}/{address}")
    if begin:
        page.get_by_role("button", name=begin, exact=True).click()
        expect(page.get_by_role("heading", name="Picking the best")).to_be_visible()
    in_light, in_dark = (page.locator(f"{drawn}[fill='{colour}']") for colour in (light, dark))
    expect(in_light).not_to_have_count(0)
    for scheme, before, after in zip(SCHEMES, (in_light, in_dark), (in_dark, in_light), strict=True):
        page.emulate_media(color_scheme=scheme)
        expect(after).not_to_have_count(0)
        expect(before).to_have_count(0)
