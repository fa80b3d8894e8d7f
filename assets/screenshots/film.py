"""Film the first visit and a live run on Certify, and a lesson, a few seconds each: `make film`."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from tests.browser.serving import opened

HERE = Path(__file__).parent
VIEW = {"width": 1440, "height": 1140}
SIDEBAR = 316  # pixels that are left out
SCALE = 0.8  # pixels of the film to one of the page
LIMIT = 175_000  # bytes of a film
STANDS = 2.5  # seconds for which its end is seen
Frame = tuple[float, bytes]  # its second, and the picture as JPEG

# Draws the frames on a canvas at their times and records that as VP9.
RECORD = """async ([frames, [width, height], rate]) => {
    const canvas = document.body.appendChild(document.createElement("canvas"));
    Object.assign(canvas, { width, height });
    const pen = canvas.getContext("2d");
    const pictures = await Promise.all(frames.map(async ([at, data]) => {
        const image = new Image();
        image.src = `data:image/jpeg;base64,${data}`;
        await image.decode();
        return [at, image];
    }));
    const kind = { mimeType: "video/webm;codecs=vp9", videoBitsPerSecond: rate };
    const recorder = new MediaRecorder(canvas.captureStream(12), kind);
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    pen.drawImage(pictures[0][1], 0, 0, width, height);
    recorder.start();
    const began = performance.now();
    let shown = pictures[0][1];
    const left = (at) => 1000 * at - (performance.now() - began);
    for (const [at, image] of pictures) {
        while (left(at) > 0) { // what stands is drawn again, which makes it sharper
            await new Promise((next) => setTimeout(next, Math.min(250, left(at))));
            pen.drawImage(shown, 0, 0, width, height);
        }
        pen.drawImage(shown = image, 0, 0, width, height);
    }
    await new Promise((ended) => { recorder.onstop = ended; recorder.stop(); });
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
}"""


def watch(page: Page, act: Callable[[], None], longest: float) -> list[Frame]:
    """What the browser paints while this is done and a little longer. Waits of more than `longest` seconds
    are cut: a busy machine paints few frames a second, between which the page stands."""
    client = page.context.new_cdp_session(page)
    frames = [(time.time(), page.screenshot(type="jpeg", quality=92))]

    def painted(event: dict[str, Any]) -> None:
        frames.append((float(event["metadata"]["timestamp"]), base64.b64decode(event["data"])))
        client.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

    client.on("Page.screencastFrame", painted)
    client.send("Page.startScreencast", {"format": "jpeg", "quality": 92, "everyNthFrame": 2})
    act()
    page.wait_for_timeout(1000 * STANDS)
    client.send("Page.stopScreencast")
    frames.append((time.time(), page.screenshot(type="jpeg", quality=92)))
    seconds = [0.0, *accumulate(min(longest, b[0] - a[0]) for a, b in pairwise(frames))]
    shown = list(zip(seconds, (picture for _, picture in frames), strict=True))
    return [*shown, (seconds[-1] + STANDS, frames[-1][1])]


def shrunk(picture: bytes, size: tuple[int, int]) -> str:
    file = io.BytesIO()
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image = image.resize(size, Image.Resampling.LANCZOS, box=(SIDEBAR, 0, *image.size))
    image.save(file, "JPEG", quality=92)
    return base64.b64encode(file.getvalue()).decode()


def save(page: Page, frames: list[Frame], name: str) -> None:
    """Write a film of the best quality that takes LIMIT bytes at most."""
    width, height = page.viewport_size["width"], page.viewport_size["height"]  # type: ignore[index]
    size = round(SCALE * (width - SIDEBAR)), round(SCALE * height)
    browser = page.context.browser
    page.context.close()
    recorder = browser.new_page()  # type: ignore[union-attr]
    small = [(at, shrunk(picture, size)) for at, picture in frames]
    rate = 7 * LIMIT / frames[-1][0]
    while len(film := base64.b64decode(recorder.evaluate(RECORD, [small, size, rate]))) > LIMIT:
        print(f"{name}: {len(film) // 1000} kB at {rate / 1000:.0f} kbit/s")
        rate *= 0.95 * LIMIT / len(film)
    print(f"{name}.webm: {len(frames)} frames, {frames[-1][0]:.1f} s, {len(film) // 1000} kB")
    (HERE / f"{name}.webm").write_bytes(film)
    recorder.close()


def open_page(browser: Browser, address: str, height: int = VIEW["height"]) -> Page:
    page = browser.new_context(viewport={"width": VIEW["width"], "height": height}).new_page()
    page.set_default_timeout(120_000)
    page.goto(address)
    return page


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def first_visit(browser: Browser, url: str) -> None:
    """The recorded run, which shows itself, and the answer, which waits for it."""
    open_page(browser, url).context.close()
    page = open_page(browser, url)
    button(page, "Skip").wait_for()
    save(page, watch(page, button(page, "Replay").wait_for, 0.15), "first-visit")


def live_run(browser: Browser, url: str) -> None:
    """A picture is certified."""
    page = open_page(browser, f"{url}/?picture=gallery:airliner-on-the-runway&n=400")
    page.get_by_text("about", exact=False).first.wait_for()
    page.wait_for_timeout(3000)

    def certify() -> None:
        page.wait_for_timeout(800)
        button(page, "Certify").click()
        button(page, "Replay").wait_for()
        page.wait_for_timeout(1500)  # the last votes fall

    save(page, watch(page, certify, 0.3), "live-run")


def lesson(browser: Browser, url: str) -> None:
    """A guess, the experiment, and what came out."""

    def answer() -> None:
        page.wait_for_timeout(1500)
        page.get_by_role("radio", name="1 in 1,000", exact=True).click()
        page.wait_for_timeout(1500)
        button(page, "Simulate").click()
        page.get_by_text("it came out").wait_for()
        page.wait_for_timeout(1000)

    for _ in range(2):  # the server keeps what it simulated, a new visitor sees it at once
        page = open_page(browser, f"{url}/lessons?lesson=peek", height=960)
        button(page, "Simulate").wait_for()
        page.wait_for_timeout(1500)
        frames = watch(page, answer, 1.5)
    save(page, frames, "lesson")


def main() -> None:
    with opened() as (url, browser):
        first_visit(browser, url)
        live_run(browser, url)
        lesson(browser, url)


if __name__ == "__main__":
    main()
