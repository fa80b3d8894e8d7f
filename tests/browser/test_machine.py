"""The vote machine alone, on a page of its own: what it does with what it is told, by the page's clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from diffsmooth_core.datasets.sources import class_names
from ui.certify import vote_machine
from ui.components import machine
from ui.components.machine import Machine
from ui.jobs import recordings
from ui.session import settings, state

NAMES = class_names("cifar10")
SHIP = 8
DISSENTERS = ["Estimation vote 219: airplane", "Estimation vote 234: cat", "Estimation vote 449: airplane"]
WHOLE = 20_000  # milliseconds that a replay takes at most
PAGE = f"""<!doctype html><title>The vote machine</title>
<style>:root {{ --st-font: sans-serif; --st-text-color: #1f2933; --st-background-color: #faf9f7;
--st-secondary-background-color: #f0eeea; --st-border-color: #dbd7d0; --st-link-color: #0f766e;
--st-primary-color: #0f766e; --st-base-radius: 8px }} body {{ margin: 16px }}</style>
<button>before</button><div id="host"></div><div style="height: 200vh"></div>
<script>
window.frames_asked = 0;
const shadow = document.querySelector("#host").attachShadow({{ mode: "open" }});
shadow.innerHTML = {json.dumps(f"<style>{machine.CSS}</style>{machine.HTML}")};
</script>
<script type="module">{machine.JS.replace("export default function", "window.show = function")}</script>"""
COUNT_FRAMES = """() => {
    const ask = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (then) => { window.frames_asked += 1; return ask(then); };
}"""
INSIDE = "document.querySelector('#host').shadowRoot"

Show = Callable[[Machine], None]


def recorded() -> Machine:
    """The machine of the recorded run, at its end."""
    run = recordings.recorded(state.resolved(settings.FIRST_PICTURE), settings.DEFAULTS)
    assert run is not None
    return vote_machine.of_run(run, (), NAMES)


def running(done: int) -> Machine:
    """The same run after some of its steps."""
    whole = recorded()
    known = [copy for copy in whole.travellers if copy.step < done]
    return replace(
        whole,
        state="running",
        plays=False,
        steps=whole.steps[done - 1 : done],
        travellers=tuple(replace(copy, step=0) for copy in known[-3:]),
    )


@pytest.fixture
def show(page: Page) -> Show:
    """Tell the machine of a page of its own, whose clock stands still, what there is to see."""
    page.clock.install(time=0)
    page.set_content(PAGE)
    page.wait_for_function("Boolean(window.show)")
    page.clock.pause_at(600_000)  # it goes on by itself until then
    page.evaluate(COUNT_FRAMES)

    def show(told: Machine) -> None:
        page.evaluate(
            f"(data) => window.show({{ data, parentElement: {INSIDE} }})",
            json.loads(json.dumps(machine.data(told))),
        )
        page.clock.run_for(100)

    return show


def machine_of(page: Page, path: str) -> Any:
    return page.evaluate(f"{INSIDE}.querySelector('.machine').machine.{path}")


def heights(page: Page) -> list[float]:
    return list(machine_of(page, "count.bars.map(({ now }) => now)"))


def frames(page: Page, milliseconds: int) -> int:
    """How many frames it asks for in this time."""
    before = page.evaluate("window.frames_asked")
    page.clock.run_for(milliseconds)
    return int(page.evaluate("window.frames_asked")) - int(before)


def colour_at(page: Page, node: str, x: float, y: float) -> list[int]:
    """The canvas's colour at a part of the width and height of a node."""
    return list(
        page.evaluate(
            f"""([node, x, y]) => {{
                const canvas = {INSIDE}.querySelector("canvas");
                const place = {INSIDE}.querySelector(node);
                const [box, all] = [place, canvas].map((n) => n.getBoundingClientRect());
                const at = [box.x - all.x + x * box.width, box.y - all.y + y * box.height].map(Math.round);
                return [...canvas.getContext("2d").getImageData(...at, 1, 1).data];
            }}""",
            [node, x, y],
        )
    )


def shows_itself(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.hasAttribute('data-film')"))


def test_the_recording_plays_itself_once_and_ends_with_every_dissenter(page: Page, show: Show) -> None:
    show(recorded())
    button = page.get_by_role("button", name="Skip", exact=True)
    expect(button).to_be_visible()
    expect(page.get_by_text("Count", exact=True)).to_be_visible()
    assert max(heights(page)) == 0
    assert shows_itself(page), "the answer beside it waits"
    page.clock.run_for(4_000)
    assert 0 < heights(page)[SHIP] < 0.6
    assert machine_of(page, "count.meters.gate.now") > 0.9, "the bound is above one half by now"
    assert machine_of(page, "belt.slots.filter(Boolean).length") > 1, "copies are on their way"
    page.clock.run_for(WHOLE)
    expect(page.get_by_role("button", name="Replay", exact=True)).to_be_visible()
    expect(page.get_by_text("Counting for the bound: 1,000 of 1,000")).to_be_visible()
    assert [round(height, 3) for height in heights(page)][SHIP] == 0.997
    beads = page.get_by_role("button", name="Vote")
    assert sorted(bead.get_attribute("aria-label") or "" for bead in beads.all()) == DISSENTERS
    assert not shows_itself(page)
    show(recorded())
    page.get_by_role("button", name="Replay", exact=True).click()
    page.clock.run_for(1_000)
    assert not shows_itself(page), "who asks for it again knows the answer"


def test_a_run_that_was_over_before_it_was_seen_plays_itself(page: Page, show: Show) -> None:
    show(vote_machine.waiting(state.resolved(settings.FIRST_PICTURE), settings.DEFAULTS, (), NAMES))
    show(replace(recorded(), plays=False))
    expect(page.get_by_role("button", name="Skip", exact=True)).to_be_visible()
    page.clock.run_for(WHOLE)
    expect(page.get_by_role("button", name="Replay", exact=True)).to_be_visible()
    assert heights(page)[SHIP] == 0.997


def test_a_replay_can_be_skipped_at_any_moment(page: Page, show: Show) -> None:
    show(replace(recorded(), plays=False))
    page.get_by_role("button", name="Replay", exact=True).click()
    page.clock.run_for(3_000)
    assert machine_of(page, "count.meters.bound.now") < recorded().steps[-1].bound
    page.get_by_role("button", name="Skip", exact=True).click()
    page.clock.run_for(1_000)
    assert heights(page)[SHIP] == 0.997
    assert machine_of(page, "count.meters.bound.now") == recorded().steps[-1].bound
    expect(page.get_by_role("button", name="Vote")).to_have_count(3)
    assert frames(page, 1_000) == 0


def test_a_run_grows_from_step_to_step_without_a_jump_and_then_rests(page: Page, show: Show) -> None:
    box = page.locator(".machine")
    show(vote_machine.waiting(state.resolved(settings.FIRST_PICTURE), settings.DEFAULTS, (), NAMES))
    first = box.bounding_box()
    seen = []
    for done in (1, 4, 5, 8, 12):
        show(running(done))
        page.clock.run_for(1_500)
        seen.append(heights(page)[SHIP])
        assert box.bounding_box() == first
    expect(page.get_by_text(running(12).steps[0].words)).to_be_visible()
    assert seen[0] > 0
    assert seen[-1] > seen[2]
    assert frames(page, 500) > 25, "sixty a second while something moves"
    show(replace(recorded(), plays=False))
    page.clock.run_for(WHOLE)
    assert box.bounding_box() == first
    assert frames(page, 3_000) == 0, "nothing moves, nothing is drawn"
    bars = colour_at(page, f".tower:nth-child({SHIP + 1})", 0.5, 0.5)
    ship = recorded().towers[SHIP].colour
    assert bars == [*bytes.fromhex(ship[1:]), 255]


def test_a_dissenter_is_held_by_pointer_by_touch_and_by_keyboard(page: Page, show: Show) -> None:
    show(replace(recorded(), plays=False))
    page.clock.run_for(1_000)
    said = page.locator("footer .words")
    at_rest = colour_at(page, ".place", 0.5, 0.3)
    first = page.get_by_role("button", name=DISSENTERS[0])
    first.hover()
    page.clock.run_for(1_500)
    expect(said).to_have_text(DISSENTERS[0])
    expect(page.get_by_text("Its noise alone")).to_be_visible()
    assert colour_at(page, ".place", 0.5, 0.3) != at_rest
    airplane = recorded().towers[0].colour
    assert colour_at(page, "figure:last-child .place", 0.5, 0.4) == [*bytes.fromhex(airplane[1:]), 255]
    assert frames(page, 1_000) == 0, "held, it stands still"
    page.mouse.move(5, 5)
    page.clock.run_for(1_500)
    assert colour_at(page, ".place", 0.5, 0.3) == at_rest
    expect(said).to_have_text("1,100 votes, counted in 3 s; point at a glowing one to see its copy")

    page.get_by_role("button", name="before").focus()
    page.keyboard.press("Tab")
    expect(first).to_be_focused()
    expect(said).to_have_text(DISSENTERS[0])
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name=DISSENTERS[2])).to_be_focused()
    expect(said).to_have_text(DISSENTERS[2])
    page.keyboard.press("Escape")
    expect(said).to_have_text("1,100 votes, counted in 3 s; point at a glowing one to see its copy")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Replay", exact=True)).to_be_focused()
    page.get_by_role("button", name=DISSENTERS[1]).click()
    expect(said).to_have_text(DISSENTERS[1])


def test_who_asked_for_less_motion_sees_the_same_without_any(page: Page, show: Show) -> None:
    page.emulate_media(reduced_motion="reduce")
    show(running(5))
    assert heights(page)[SHIP] == running(5).steps[0].votes[SHIP][1]
    assert machine_of(page, "belt.moving") is False
    show(recorded())
    assert heights(page)[SHIP] == 0.997
    expect(page.get_by_role("button", name="Vote")).to_have_count(3)
    assert frames(page, 2_000) == 0
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.get_by_text("Counting for the bound: 1,000 of 1,000")).to_be_visible()
    page.clock.run_for(200)
    assert frames(page, 2_000) == 0


def test_a_run_that_begins_is_brought_into_sight_once(page: Page, show: Show) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(
        "document.body.prepend(Object.assign(document.createElement('p'), { style: 'height: 150vh' }))"
    )
    show(vote_machine.waiting(state.resolved(settings.FIRST_PICTURE), settings.DEFAULTS, (), NAMES))
    assert page.evaluate("scrollY") == 0
    show(running(1))
    assert page.evaluate(f"{INSIDE}.host.getBoundingClientRect().bottom <= innerHeight + 20")
    page.evaluate("scrollTo(0, 0)")
    show(running(2))
    assert page.evaluate("scrollY") == 0, "who scrolled elsewhere stays there"


def test_out_of_sight_it_rests(page: Page, show: Show) -> None:
    show(recorded())
    page.clock.run_for(2_000)
    assert frames(page, 500) > 25
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_function(f"!{INSIDE}.querySelector('.machine').machine.seen")
    page.clock.run_for(100)
    words = page.locator("header b").first.inner_text()
    assert frames(page, 3_000) == 0
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_function(f"{INSIDE}.querySelector('.machine').machine.seen")
    assert page.locator("header b").first.inner_text() == words, "it goes on where it was"
    assert frames(page, 500) > 25


def test_a_narrow_page_has_the_leading_towers_and_one_for_all_others(page: Page, show: Show) -> None:
    page.set_viewport_size({"width": 400, "height": 900})
    told = replace(recorded(), plays=False)
    numbers = (2, 40, 30, 1, 20, 10, 5, 0, 892, 0, 0)
    votes = tuple((number, number / 1000) for number in numbers)
    show(replace(told, steps=(replace(told.steps[-1], votes=votes),)))
    labels = [node.inner_text().split("\n") for node in page.locator(".labels > div").all()]
    assert [name for _, name in labels] == ["automobile", "bird", "deer", "dog", "ship", "other"]
    assert [number for number, _ in labels] == ["40", "30", "20", "10", "892", "8"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_a_run_ends_with_every_dissenter_also_those_the_belt_had_no_time_for(page: Page, show: Show) -> None:
    show(vote_machine.waiting(state.resolved(settings.FIRST_PICTURE), settings.DEFAULTS, (), NAMES))
    show(replace(running(2), travellers=()))
    page.clock.run_for(1_500)
    show(replace(recorded(), plays=False))
    page.clock.run_for(WHOLE)
    beads = page.get_by_role("button", name="Vote")
    assert sorted(bead.get_attribute("aria-label") or "" for bead in beads.all()) == DISSENTERS


def test_a_run_that_goes_on_after_a_reload_is_there_at_once(page: Page, show: Show) -> None:
    show(running(9))
    assert heights(page)[SHIP] == running(9).steps[0].votes[SHIP][1]
    assert machine_of(page, "belt.resting") is True
