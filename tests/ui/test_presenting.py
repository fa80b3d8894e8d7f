"""Presenting goes along from page to page, and ends by its button."""

from __future__ import annotations

import re
from pathlib import Path

from tests.ui.conftest import address, opened


def test_it_begins_by_the_address_goes_along_and_ends_by_a_button() -> None:
    page = opened("pages/certify.py", present="1")
    assert address(page)["present"] == "1"
    page.query_params.clear()  # as the navigation does
    page.switch_page("pages/step.py").run()
    assert address(page)["present"] == "1"
    page.button(key="present-end").click().run()
    assert not page.exception
    assert "present" not in address(page)
    assert page.button(key="present-begin").label == "Present"


def test_it_begins_by_its_button_on_a_page_without_settings_too() -> None:
    page = opened("pages/models.py", other="kept")
    assert address(page) == {"other": "kept"}
    page.button(key="present-begin").click().run()
    assert not page.exception
    assert page.button(key="present-end").label == "End presenting"
    assert address(page) == {"other": "kept", "present": "1"}


def test_no_style_sheet_asks_the_whole_page() -> None:
    """A browser that has to ask the page itself styles all of it anew at each change, which costs frames."""
    assets = Path(__file__).parents[2] / "assets"
    sheets = {path.name: path.read_text(encoding="utf-8") for path in assets.glob("*.css")}
    assert sheets.keys() == {"style.css", "presenting.css"}
    assert not [name for name, rules in sheets.items() if re.search(r"(html|body|:root|&):has", rules)]
