"""A running app and a real browser. A test takes `app` (its address) and `page`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from diffsmooth_core.reporting.pdf import find_browser
from tests.browser.serving import launch, serve

HERE = Path(__file__).parent
PATIENCE = 120_000  # milliseconds that a test waits for what must come: a busy machine may take long
expect.set_options(timeout=PATIENCE)
UNCAUGHT = "Traceback"  # plain or drawn in colour
POLICY = "Content Security Policy"  # in what the browser says of a breach
# Opened at a page's address, Streamlit asks whether the app is served below it, and is told that it is not.
STREAMLIT_LOOKS = re.compile(r"/\w+/_stcore/(health|host-config)")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")
            item.add_marker(pytest.mark.flaky(reruns=1))  # a loaded machine can lose a key; -r says so


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """A failed test leaves a screenshot behind and says where."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and page is not None:
        picture = item.funcargs["tmp_path"] / "failed.png"  # type: ignore[attr-defined]
        page.screenshot(path=picture, full_page=True)
        report.sections.append(("screenshot", str(picture)))
    return report


@pytest.fixture(scope="package")
def server_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server prints; a traceback in it fails the test that caused it."""
    return tmp_path_factory.mktemp("server") / "log.txt"


@pytest.fixture(scope="package")
def app(tmp_path_factory: pytest.TempPathFactory, server_log: Path) -> Iterator[str]:
    """Address of the app, served by a process of its own that writes nothing into the user's home."""
    with serve(tmp_path_factory.mktemp("home"), server_log) as url:
        yield url


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    executable = find_browser()
    if executable is None:
        pytest.skip("no Chromium on the PATH; install it or set CHROMIUM")
    with launch(executable) as chromium:
        yield chromium


def _leaves_this_machine(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("127.0.0.1", "localhost")


@pytest.fixture
def page(browser: Browser, server_log: Path, tmp_path: Path) -> Iterator[Page]:
    """A fresh page, 1280 x 900. Afterwards the test fails on an uncaught exception in the page or on
    the server, on any request to another machine and on any that the server or the app's policy refuses."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    seen: list[str] = []
    crashes: list[str] = []
    refused: list[str] = []
    context.on("request", lambda request: seen.append(request.url))
    context.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("websocket", lambda socket: seen.append(socket.url))
    page.on("pageerror", lambda error: crashes.append(str(error)))
    page.on("console", lambda said: crashes.append(said.text) if POLICY in said.text else None)
    logged = server_log.stat().st_size if server_log.exists() else 0
    yield page
    left = page.get_by_role("button", name="Cancel", exact=True)
    if left.is_visible():  # a failed test's run would slow down the next tests
        left.click()
    context.close()
    assert not crashes, f"uncaught in the page: {crashes}"
    outside = [url for url in seen if _leaves_this_machine(url)]
    assert not outside, f"requests to other machines: {outside}"
    unexpected = [url for url in refused if not STREAMLIT_LOOKS.fullmatch(urlsplit(url).path)]
    assert not unexpected, f"refused by the server: {unexpected}"
    said = server_log.read_bytes()[logged:].decode(errors="replace") if server_log.exists() else ""
    assert UNCAUGHT not in said, f"uncaught on the server:\n{said[-4000:]}"
