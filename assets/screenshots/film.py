"""Film the first visit and a live run on Certify, a few seconds each: `make film`."""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.serving import opened

HERE = Path(__file__).parent
VIEW = {"width": 1440, "height": 1000}
PAGE = (316, 0, 1424, 1000)  # of it, the page without its sidebar
SIZE = (776, 700)  # pixels of the film
LIMIT = 195_000  # bytes of a film
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
    const recorder = new MediaRecorder(canvas.captureStream(15), kind);
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    pen.drawImage(pictures[0][1], 0, 0, width, height);
    recorder.start();
    const began = performance.now();
    for (const [at, image] of pictures) {
        await new Promise((next) => setTimeout(next, 1000 * at - (performance.now() - began)));
        pen.drawImage(image, 0, 0, width, height);
    }
    await new Promise((ended) => { recorder.onstop = ended; recorder.stop(); });
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
}"""


def watch(page: Page, seconds: float) -> list[Frame]:
    """What the browser paints in this time."""
    client, frames = page.context.new_cdp_session(page), []

    def painted(event: dict[str, Any]) -> None:
        frames.append((float(event["metadata"]["timestamp"]), base64.b64decode(event["data"])))
        client.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

    client.on("Page.screencastFrame", painted)
    client.send("Page.startScreencast", {"format": "jpeg", "quality": 92, "everyNthFrame": 4})
    page.wait_for_timeout(1000 * seconds)
    client.send("Page.stopScreencast")
    return [(at - frames[0][0], picture) for at, picture in frames]


def shrunk(picture: bytes) -> str:
    file = io.BytesIO()
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image = image.resize(SIZE, Image.Resampling.LANCZOS, box=PAGE)
    image.save(file, "JPEG", quality=92)
    return base64.b64encode(file.getvalue()).decode()


def save(browser: Browser, frames: list[Frame], name: str) -> None:
    """Write a film of the best quality that takes LIMIT bytes at most."""
    page = browser.new_page()
    small = [(at, shrunk(picture)) for at, picture in frames]
    for rate in (420_000, 340_000, 270_000, 210_000, 160_000, 120_000, 80_000):
        film = base64.b64decode(page.evaluate(RECORD, [small, SIZE, rate]))
        print(f"{name}.webm: {len(frames)} frames, {len(film) // 1000} kB at {rate // 1000} kbit/s")
        if len(film) <= LIMIT:
            break
    (HERE / f"{name}.webm").write_bytes(film)
    page.close()


def visit(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport=VIEW).new_page()  # type: ignore[arg-type]
    page.goto(address)
    page.get_by_role("button", name="Certify", exact=True).wait_for(timeout=60_000)
    return page


def main() -> None:
    with opened() as (url, browser):
        page = visit(browser, url)
        page.get_by_role("button", name="Skip", exact=True).click(timeout=60_000)
        page.get_by_role("button", name="Replay", exact=True).click()
        page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
        frames = watch(page, 11)
        page.context.close()
        save(browser, frames, "first-visit")

        page = visit(browser, f"{url}/?picture=gallery:airliner-on-the-runway&n=400")
        page.get_by_text("about", exact=False).first.wait_for()
        time.sleep(3)
        page.get_by_role("button", name="Certify", exact=True).click()
        frames = watch(page, 9)
        page.context.close()
        save(browser, frames, "live-run")


if __name__ == "__main__":
    main()
