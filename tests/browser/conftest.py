"""A running app and a real browser. A test takes `app` (its address) and `page`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
START_SECONDS = 60
UNCAUGHT = "Traceback"  # plain or drawn in colour


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    state = "still starting" if process.poll() is None else f"ended with status {process.returncode}"
    pytest.fail(f"the app did not come up in {START_SECONDS} s ({state}):\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="package")
def server_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server prints; a traceback in it fails the test that caused it."""
    return tmp_path_factory.mktemp("server") / "log.txt"


@pytest.fixture(scope="package")
def app(tmp_path_factory: pytest.TempPathFactory, server_log: Path) -> Iterator[str]:
    """Address of the app, served by a process of its own that writes nothing into the user's home."""
    home = str(tmp_path_factory.mktemp("home"))
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("STREAMLIT_", "XDG_", "HF_"))}
    environment = keep | {
        "HOME": home,
        "TMPDIR": home,
        "HF_HUB_OFFLINE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with server_log.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait_until_healthy(url, process, server_log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    executable = next((path for name in names if name and (path := shutil.which(name))), None)
    if executable is None:
        pytest.skip("no Chromium on the PATH; install it or set CHROMIUM")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield chromium
        chromium.close()


def _leaves_this_machine(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("127.0.0.1", "localhost")


@pytest.fixture
def page(browser: Browser, server_log: Path, tmp_path: Path) -> Iterator[Page]:
    """A fresh page, 1280 x 900. Afterwards the test fails on an uncaught exception in the page or on
    the server, and on any request to another machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    seen: list[str] = []
    crashes: list[str] = []
    context.on("request", lambda request: seen.append(request.url))
    page = context.new_page()
    page.on("websocket", lambda socket: seen.append(socket.url))
    page.on("pageerror", lambda error: crashes.append(str(error)))
    logged = server_log.stat().st_size if server_log.exists() else 0
    yield page
    context.close()
    assert not crashes, f"uncaught in the page: {crashes}"
    outside = [url for url in seen if _leaves_this_machine(url)]
    assert not outside, f"requests to other machines: {outside}"
    said = server_log.read_bytes()[logged:].decode(errors="replace") if server_log.exists() else ""
    assert UNCAUGHT not in said, f"uncaught on the server:\n{said[-4000:]}"
