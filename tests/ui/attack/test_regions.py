"""Decision regions on the page: drawn to scale, explained, and kept with their certification."""

from __future__ import annotations

import numpy as np
import pytest

from diffsmooth_core.attacks import Regions
from diffsmooth_core.attacks.plane import UNKNOWN
from ui.attack import regions_view
from ui.attack.regions_image import LIGHT, SIDE, regions_picture
from ui.colours import ABSTAIN, class_colour
from ui.jobs import attacks
from ui.jobs.registry import jobs

from .test_attack import attack_page, finish, text

COLOURS = ("#102030", "#405060", "#708090")


def test_the_circle_has_the_radius_in_the_scale_of_the_grid() -> None:
    """Points are the middles of cells: from the first to the last one it is twice the extent."""
    labels = np.zeros((17, 17), np.int64)
    picture = regions_picture(labels, extent=4.0, radius=2.5, colours=COLOURS)
    side = len(picture)
    assert abs(side - SIDE) < 17
    row = np.where((picture[side // 2] > 250).all(1))[0]
    unit = side / 17 * 16 / 8  # pixels for a length of 1
    far = row[np.abs(row - side / 2) > 20]
    assert (far.max() - far.min()) / 2 == pytest.approx(2.5 * unit, abs=2)
    assert tuple(picture[side // 2, side // 2]) == LIGHT, "the picture's dot"


def test_without_a_certificate_there_is_no_circle() -> None:
    picture = regions_picture(np.zeros((9, 9), np.int64), extent=4.0, radius=0.0, colours=COLOURS)
    rows, columns = np.where((picture > 250).all(2))
    assert np.abs(np.concatenate([rows, columns]) - len(picture) / 2).max() < 8


def test_a_class_has_its_colour_and_what_is_unknown_is_grey() -> None:
    labels = np.array([[0, 1, 2]] * 3 + [[UNKNOWN] * 3])[[0, 1, 3]]
    picture = regions_picture(labels, extent=1.0, radius=0.0, colours=COLOURS)
    third = len(picture) // 3
    corners = [tuple(int(v) for v in picture[third // 2, third * k + third // 2]) for k in range(3)]
    assert corners == [(0x10, 0x20, 0x30), (0x40, 0x50, 0x60), (0x70, 0x80, 0x90)]
    assert tuple(int(v) for v in picture[-5, 5]) == (0x8B, 0x90, 0x98)


def test_classes_that_share_a_colour_are_told_apart_and_the_smallest_are_grey() -> None:
    """Of a thousand classes every tenth has the same colour."""
    labels = np.repeat(np.arange(12) * 10, np.arange(12, 0, -1))
    regions = Regions({"vote": np.append(labels, UNKNOWN)[None]}, 1, 1)
    colours = regions_view._colours(regions, 1000)
    assert len({colours[k] for k in range(0, 100, 10)}) == 10
    assert colours[0] == class_colour(0)
    assert {colours[100], colours[110], colours[5]} == {ABSTAIN}
    few = Regions({"vote": np.array([[2, 7, UNKNOWN]])}, 1, 1)
    assert [regions_view._colours(few, 10)[k] for k in (2, 7)] == [class_colour(2), class_colour(7)]


def test_regions_are_drawn_for_a_certified_picture() -> None:
    page = attack_page()
    finish(page, "Certify")
    assert "What lies around the picture" in text(page)
    page.session_state["regions-size"] = 9
    page.session_state["regions-votes"] = 2
    page.button(key="regions-draw").click().run()
    assert not page.exception
    certified = jobs().wait(page.session_state["job"], 100)
    assert certified is not None
    found = attacks.latest(certified, "regions")
    assert found is not None
    jobs().wait(found.id, 100)
    page.run()
    assert not page.exception
    assert "The circle is the certified radius 0." in text(page)
    assert "The square is 16 wide" in text(page)
    assert ":color[■]" in text(page)
    finish(page, "Attack")
    assert "the attack's change" in page.selectbox(key="regions-right").options
