"""The page as `diffsmooth app` serves it from a wheel, in a folder that knows nothing of the project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.serving import serve


@pytest.fixture(scope="module")
def server_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server") / "log.txt"


@pytest.fixture(scope="module")
def app(installed: Path, tmp_path_factory: pytest.TempPathFactory, server_log: Path) -> Iterator[str]:
    """Address of the app as it was installed."""
    home = tmp_path_factory.mktemp("home")
    with serve(home, server_log, (str(installed / "diffsmooth"), "app", "--port"), home) as url:
        yield url


def test_the_certify_page_opens(app: str, page: Page, server_log: Path, installed: Path) -> None:
    page.goto(app)
    expect(page.get_by_role("button", name="Certify", exact=True)).to_be_visible(timeout=60_000)
    assert f"serving {installed.parent}" in server_log.read_text()


def test_a_page_opens_at_its_own_address(app: str, page: Page) -> None:
    page.goto(f"{app}/models")
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible(timeout=60_000)
