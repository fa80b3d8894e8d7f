"""A report in a browser: nothing in it runs out of its page, on a phone, on a screen and on paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from diffsmooth_core.exchange import bundles
from diffsmooth_core.paths import ASSETS
from diffsmooth_core.reporting.page import page
from diffsmooth_core.reporting.report import gathered
from diffsmooth_core.runs.store import Store

LONG = "https://example.org/" + "x" * 300
OUTSIDE = """() => {
    const width = document.documentElement.clientWidth;
    const scrolls = (e) => getComputedStyle(e).overflowX !== "visible";
    const inside = (e) => e && (scrolls(e) || inside(e.parentElement));
    return [...document.querySelectorAll("body *")]
        .filter((e) => e.getBoundingClientRect().right > width + 1 && !inside(e.parentElement))
        .map((e) => e.tagName + " " + e.textContent.slice(0, 40));
}"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the bundled audit, with words that have no place to break."""
    folder = tmp_path_factory.mktemp("report")
    store = Store(f"sqlite:///{folder / 'store.sqlite'}")
    run = bundles.unpack(store, (ASSETS / "runs" / "diffsmooth.json.gz").read_bytes(), "n" * 80)
    store.remark(run, run.indices[0], "note", LONG)
    store.remark(run, None, "note", LONG)
    (folder / "report.html").write_text(page(gathered(store, run, LONG)))
    return folder / "report.html"


@pytest.mark.parametrize(
    ("width", "media"), [(320, "screen"), (400, "screen"), (1280, "screen"), (680, "print")]
)
def test_nothing_runs_out_of_the_page(browser: Browser, written: Path, width: int, media: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    shown = context.new_page()
    shown.emulate_media(media=media)  # type: ignore[arg-type]
    shown.goto(written.as_uri())
    assert shown.evaluate(OUTSIDE) == []
    assert shown.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    context.close()
