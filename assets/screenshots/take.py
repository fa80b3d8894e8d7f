"""Take the README's screenshots from the running app: `make screenshots`."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.serving import opened

HERE = Path(__file__).parent
LIMIT = 300_000  # bytes of a screenshot
PICTURE = "picture=gallery:sailing-yacht"


def save(page: Page, name: str) -> None:
    """Write the page as a PNG, with a palette where it would be too large without one."""
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for version in (image, image.quantize(256, Image.Quantize.MAXCOVERAGE)):
        file = io.BytesIO()
        version.save(file, "PNG", optimize=True)
        if file.tell() <= LIMIT:
            break
    (HERE / f"{name}.png").write_bytes(file.getvalue())
    print(f"{name}.png: {file.tell() // 1000} kB")


def certify(browser: Browser, url: str, width: int, height: int, scheme: str, query: str, until: str) -> Page:
    """A page on which a run was started and has come to where it says `until`."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{url}/?{query}")
    page.get_by_role("button", name="Certify", exact=True).click(timeout=60_000)
    page.get_by_text(until).wait_for(timeout=300_000)
    page.mouse.move(width / 2, height - 5)
    page.wait_for_timeout(2_000)
    return page


def main() -> None:
    with opened() as (url, browser):
        page = certify(browser, url, 1440, 1000, "light", PICTURE, "Certified and right")
        save(page, "certify-light")
        page.get_by_text("What this radius means").scroll_into_view_if_needed()
        page.mouse.wheel(0, 850)
        page.wait_for_timeout(1_000)
        save(page, "radius-light")
        page = certify(
            browser, url, 1440, 1000, "dark", f"{PICTURE}&n=10000&m=2", "Counting votes for the bound"
        )
        page.wait_for_timeout(15_000)
        save(page, "running-dark")
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Resume").wait_for(timeout=60_000)
        page = certify(browser, url, 400, 860, "light", f"{PICTURE}&n=300&m=2", "Certified and right")
        save(page, "certify-phone")


if __name__ == "__main__":
    main()
