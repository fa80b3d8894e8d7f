"""A running app and a real Chromium, for browser tests, screenshots and the page's benchmark."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from diffsmooth_core.reporting.pdf import find_browser

ROOT = Path(__file__).parents[2]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 180


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
    raise RuntimeError(f"the app did not come up in {START_SECONDS} s ({state}):\n{log.read_text()[-4000:]}")


CHECKOUT = (sys.executable, "-m", "streamlit", "run", "app.py", "--server.port")


@contextmanager
def serve(home: Path, log: Path, command: Sequence[str] = CHECKOUT, folder: Path = ROOT) -> Iterator[str]:
    """The address of the app, served by a process of its own that writes only into `home`.

    `command` starts the server, the port as its last word, in `folder`.
    """
    own = ("STREAMLIT_", "XDG_", "HF_", "DIFFSMOOTH_STORE", "DIFFSMOOTH_MODELS", "DIFFSMOOTH_DATASETS")
    keep = {k: v for k, v in os.environ.items() if not k.startswith(own)}
    environment = keep | {
        "HOME": str(home),
        "TMPDIR": str(home),
        "HF_HUB_OFFLINE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, str(port)], cwd=folder, env=environment, stdout=file, stderr=file
        )
    try:
        _wait_until_healthy(url, process, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def launch(executable: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield chromium
        chromium.close()


@contextmanager
def opened() -> Iterator[tuple[str, Browser]]:
    """A server of its own and a browser, for scripts."""
    executable = find_browser()
    if executable is None:
        raise SystemExit("no Chromium on the PATH; install it or set CHROMIUM")
    with (
        tempfile.TemporaryDirectory() as home,
        serve(Path(home), Path(home, "log.txt")) as url,
        launch(executable) as browser,
    ):
        yield url, browser


AFTER_PAINT = """() => new Promise((done) =>
    requestIdleCallback(() => requestAnimationFrame(() => requestIdleCallback(done))))"""


def press(page: Page, key: str) -> None:
    """Press a key once the page is drawn, as a person does."""
    expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_attached(
        timeout=60_000
    )
    page.evaluate(AFTER_PAINT)  # the page listens to keys once it has been painted
    page.keyboard.press(key)
