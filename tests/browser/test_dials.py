"""The dials of the Certify page in a real browser: they answer while they are dragged, and the server hears
of it once."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

FROG = "?picture=gallery:frog-from-above&n0=10"


def drag(page: Page, label: str, part: float) -> None:
    """Drag a slider to this part of its way, and hold it there."""
    slider = page.get_by_role("slider", name=label)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    steps, at = int(slider.get_attribute("max") or 0), int(slider.input_value())
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8 + (box["width"] - 16) * at / steps, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 8 + (box["width"] - 16) * part, y, steps=8)


def seen(page: Page) -> tuple[str, ...]:
    """The place of the picture in its sheet, share, radius and words."""
    at = page.locator(".panel .image").first.evaluate("image => image.style.backgroundPosition")
    places = (".share b", ".radius b", ".panel .words")
    return (str(at), *(page.locator(place).inner_text() for place in places))


def test_a_dragged_dial_answers_at_once_and_tells_the_server_once_let_go(app: str, page: Page) -> None:
    page.goto(f"{app}/{FROG}")
    expect(page.locator(".share b")).to_have_text(re.compile("%"))
    expect(page).to_have_url(re.compile("sigma=0.5"))
    before, address = seen(page), page.url
    sent = page.evaluate(
        """() => { const send = WebSocket.prototype.send; window.sent = 0;
        WebSocket.prototype.send = function (...data) { window.sent += 1; return send.apply(this, data); };
        return window.sent; }"""
    )
    drag(page, "Noise σ", 0.3)
    during = seen(page)
    assert all(a != b for a, b in zip(before, during, strict=True)), "preview, share, radius and words"
    assert re.fullmatch(r"0\.[56]\d?", page.get_by_role("spinbutton", name="Noise σ").input_value())
    assert page.evaluate("window.sent") == sent == 0, "no server run"
    assert page.url == address
    page.mouse.up()
    value = page.get_by_role("spinbutton", name="Noise σ").input_value()
    expect(page).to_have_url(re.compile(f"sigma={re.escape(value)}&"))
    assert seen(page)[:3] == during[:3], "what it was let go at"
    radius = seen(page)[2]
    drag(page, "Votes n", 1.0)
    assert seen(page)[2] != radius
    assert "1,000,000 votes take about" in seen(page)[3]
    page.mouse.up()
    expect(page).to_have_url(re.compile("n=1000000&"))


def test_keys_step_finely_and_coarsely_and_a_comma_is_read(app: str, page: Page) -> None:
    page.goto(f"{app}/{FROG}")
    slider, field = (page.get_by_role(role, name="Noise σ") for role in ("slider", "spinbutton"))
    expect(field).to_have_value("0.5")
    expect(page).to_have_url(re.compile("sigma=0.5"))  # the page is drawn
    slider.focus()
    for key, value in (("ArrowRight", "0.55"), ("PageUp", "0.75"), ("ArrowLeft", "0.7"), ("Home", "0.01")):
        page.keyboard.press(key)
        expect(field).to_have_value(value)
        expect(slider).to_have_attribute("aria-valuetext", value)
        expect(page).to_have_url(re.compile(f"sigma={re.escape(value)}&"))
    field.fill("0,35")
    field.press("Enter")
    expect(page).to_have_url(re.compile("sigma=0.35&"))
    expect(field).to_have_value("0.35")
    field.fill("noise")
    field.press("Enter")
    expect(field).to_have_value("0.35")
    page.get_by_role("link", name="Step through").click()
    expect(page.get_by_role("heading", name="Step through", level=1)).to_be_visible()
    page.get_by_role("link", name=re.compile("Certify$")).click()
    expect(slider).to_be_visible()  # which Step through does not have
    expect(page).to_have_url(re.compile(r"/\?.*sigma=0.35&"))
    expect(field).to_have_value("0.35")
    field.fill("0.3")
    field.press("Enter")
    expect(page).to_have_url(re.compile("sigma=0.3&"))  # dials that came back are heard too


def test_votes_for_other_pictures_are_drawn_while_the_page_is_there(app: str, page: Page) -> None:
    page.goto(f"{app}/?picture=photo:coffee&method=plain&n0=10")
    words = page.locator(".panel .words")
    expect(words).to_contain_text(re.compile(r"\d of 64 votes drawn beforehand at σ\s=\s0\.5"))
    expect(page.locator(".panel .image")).to_have_count(1)
