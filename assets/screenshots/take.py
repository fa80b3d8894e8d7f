"""Take the README's screenshots from the running app: `make screenshots`."""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from tests.browser.serving import opened
from tests.browser.serving import press as press_key

HERE = Path(__file__).parent
LIMIT = 70_000  # bytes of a screenshot
PICTURE = "picture=gallery:sailing-yacht"


def save(page: Page | Locator, name: str, limit: int = LIMIT) -> None:
    """Write it as a WebP of the best quality that takes `limit` bytes at most."""
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for quality in range(90, 20, -10):
        file = io.BytesIO()
        image.save(file, "WEBP", method=6, quality=quality)
        if file.tell() <= limit:
            break
    (HERE / f"{name}.webp").write_bytes(file.getvalue())
    print(f"{name}.webp: {file.tell() // 1000} kB, quality {quality}")


def visit(browser: Browser, address: str, scheme: str = "light", height: int = 1000) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    return page


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click(timeout=60_000)


def take(page: Page, name: str) -> None:
    page.mouse.move(720, 995)
    page.wait_for_timeout(2_500)
    save(page, name)
    page.context.close()


def main() -> None:
    if not Path(os.environ.get("DIFFSMOOTH_DATA", ""), "cifar10").is_dir():
        raise SystemExit("Runs shows CIFAR-10's pictures: set DIFFSMOOTH_DATA to a folder that holds cifar10")
    with opened() as (url, browser):
        page = visit(browser, f"{url}/?{PICTURE}")
        press(page, "Certify")
        page.get_by_role("button", name="Certify again").wait_for(timeout=300_000)
        take(page, "certify")

        page = visit(browser, f"{url}/?dataset=imagenet", height=880)
        page.get_by_role("button", name="Replay").wait_for(timeout=60_000)
        page.wait_for_timeout(2_500)
        save(page.get_by_test_id("stMain"), "imagenet", 58_000)
        page.context.close()

        page = visit(browser, f"{url}/step?{PICTURE}&step=6&copy=4")
        page.get_by_alt_text("Local copy 5").wait_for(timeout=60_000)
        take(page, "step")

        page = visit(browser, f"{url}/compare?{PICTURE}&n=200&n0=50&m=3")
        press(page, "Compare")
        page.get_by_text("Picking the best").wait_for(timeout=300_000)
        take(page, "compare")

        page = visit(browser, f"{url}/theorems?{PICTURE}", "dark")
        page.get_by_text("samples are inside the pathwise bound").wait_for(timeout=120_000)
        page.wait_for_timeout(8_000)
        take(page, "theorems")

        page = visit(browser, f"{url}/runs", height=1150)
        page.get_by_role("radio", name="Pictures").click(timeout=60_000)
        press_key(page, "a")
        page.get_by_text("Stage by stage").wait_for(timeout=60_000)
        take(page, "runs")


if __name__ == "__main__":
    main()
