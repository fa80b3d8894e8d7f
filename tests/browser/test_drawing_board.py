"""The drawing board alone, on a page of its own: what is painted, measured and told."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from diffsmooth_core.attacks import distance
from diffsmooth_core.datasets import drawn
from diffsmooth_core.datasets.sources import Picture
from diffsmooth_core.wording import down
from ui.components import drawing_board
from ui.components.drawing_board import Board, Mark
from ui.session import state

PICTURE = state.resolved("gallery:sailing-yacht")
PAGE = f"""<!doctype html><title>The drawing board</title>
<style>:root {{ --st-font: sans-serif; --st-text-color: #1f2933; --st-background-color: #faf9f7;
--st-secondary-background-color: #f0eeea; --st-border-color: #dbd7d0; --st-primary-color: #0f766e;
--st-base-radius: 8px }} body {{ margin: 16px; width: 420px }}</style><div id="host"></div>
<script>
window.told = [];
const shadow = document.querySelector("#host").attachShadow({{ mode: "open" }});
shadow.innerHTML = {json.dumps(f"<style>{drawing_board.CSS}</style>{drawing_board.HTML}")};
</script>
<script type="module">
{drawing_board.JS.replace("export default function", "window.show = function")}
</script>"""
SHOW = """(data) => window.show({ data, parentElement: document.querySelector("#host").shadowRoot,
    setTriggerValue: (name, value) => window.told.push([name, value]) })"""

Show = Callable[[Picture, str], None]


@pytest.fixture
def show(page: Page) -> Show:
    page.set_content(PAGE)
    page.wait_for_function("Boolean(window.show)")

    def show(changed: Picture, revision: str) -> None:
        values = drawn.values(PICTURE), drawn.values(changed)
        marks = (Mark("certified 1.00", 1.0, "#0b8a5f"),)
        board = Board(revision, 32, *values, 1.0, marks, "Inside.", "Outside.", "Nothing yet.")
        page.evaluate(SHOW, json.loads(json.dumps(drawing_board.data(board))))

    show(PICTURE, "first")
    return show


def told(page: Page) -> Picture:
    """The picture that the board told last."""
    name, value = page.evaluate("window.told.at(-1)")
    assert name == "drawn"
    return drawn.redrawn(PICTURE, value)


def measured(page: Page, picture: Picture) -> float:
    """The core's length of a change, which is what the gauge shows."""
    far = distance(PICTURE.tensor, picture.tensor)
    expect(page.locator(".words b")).to_have_text(down(far, 3))
    return far


def stroke(page: Page, *points: tuple[float, float]) -> None:
    """Paint from point to point, in parts of the canvas."""
    box = page.get_by_role("application").bounding_box()
    assert box is not None
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for point in at[1:]:
        page.mouse.move(*point, steps=8)
    page.mouse.up()


def test_what_is_painted_is_measured_as_the_core_does_and_told(page: Page, show: Show) -> None:
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    for brush in ("Darker", "Colour", "Lighter"):
        page.get_by_role("radio", name=brush).check()
        stroke(page, (0.2, 0.3), (0.7, 0.4), (0.5, 0.8))
        far = measured(page, told(page))
    assert far > 1
    expect(page.get_by_text("Outside.")).to_be_visible()
    whole = told(page)
    page.get_by_role("button", name="Undo").click()
    assert 0 < measured(page, told(page)) != far
    page.get_by_role("radio", name="Eraser").check()
    before = measured(page, told(page))
    stroke(page, (0.2, 0.3), (0.7, 0.4), (0.5, 0.8))
    assert measured(page, told(page)) < before / 2
    page.get_by_role("button", name="Clear").click()
    assert told(page).sha256 == PICTURE.sha256
    show(whole, "another")
    assert measured(page, whole) == far, "what Python puts onto the board"


def test_without_a_pointer(page: Page, show: Show) -> None:
    slider = page.get_by_role("slider", name="All: brightness")
    slider.focus()
    slider.press("ArrowRight")
    changed = told(page)
    assert (changed.pixels.astype(int) - PICTURE.pixels).max() == 1
    measured(page, changed)
    page.get_by_role("slider", name="All: shift right").press("ArrowRight")
    assert (told(page).pixels[:, 1:].astype(int) - PICTURE.pixels[:, :-1]).max() == 1
    page.get_by_role("button", name="Clear").click()
    board = page.get_by_role("application")
    board.focus()
    board.press("Shift+ArrowLeft")
    heard = page.evaluate("window.told.length")
    board.press("Space")
    page.wait_for_function(f"window.told.length > {heard}")
    assert measured(page, told(page)) > 0
    assert told(page).sha256 != PICTURE.sha256


def test_a_finger_paints_and_a_rerun_leaves_the_drawing(page: Page, show: Show) -> None:
    canvas = page.get_by_role("application")
    for kind, x in (("pointerdown", 100), ("pointermove", 160), ("pointerup", 160)):
        canvas.dispatch_event(kind, {"pointerType": "touch", "pointerId": 1, "clientX": x, "clientY": 120})
    far = measured(page, told(page))
    assert far > 0
    show(PICTURE, "first")
    assert measured(page, told(page)) == far
