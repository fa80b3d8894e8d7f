"""Class colours are told apart by everybody, can be seen, and say nothing of right and wrong."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest
import streamlit as st

from ui.colours import ABSTAIN, class_colour, outcome_colour

Colours = npt.NDArray[np.float64]  # (k, 3)
SEEN = {  # linear RGB as it is seen (rows of a matrix), after Machado et al. 2009
    "all": (1, 0, 0, 0, 1, 0, 0, 0, 1),
    "protanopia": (0.1523, 1.0526, -0.2049, 0.1145, 0.7863, 0.0992, -0.0039, -0.0481, 1.0520),
    "deuteranopia": (0.3673, 0.8606, -0.2280, 0.2801, 0.6725, 0.0474, -0.0118, 0.0429, 0.9689),
    "tritanopia": (1.2555, -0.0767, -0.1788, -0.0784, 0.9308, 0.1476, 0.0047, 0.6914, 0.3039),
}


def linear(*colours: str) -> Colours:
    """Linear RGB of colours #rrggbb."""
    values = np.array([[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in colours])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2's contrast ratio."""
    low, high = sorted(linear(one, other) @ (0.2126, 0.7152, 0.0722))
    return float((high + 0.05) / (low + 0.05))


def oklab(rgb: Colours) -> Colours:
    """Ottosson's OKLab of linear RGB: lightness, green to red, blue to yellow."""
    cones = np.array([[0.41222, 0.53633, 0.05145], [0.21190, 0.68070, 0.10740], [0.08830, 0.28172, 0.62998]])
    lab = np.array([[0.21045, 0.79362, -0.00407], [1.97800, -2.42859, 0.45059], [0.02590, 0.78277, -0.80868]])
    return np.cbrt(rgb @ cones.T) @ lab.T


def nearest(one: Colours, other: Colours) -> float:
    """The smallest distance of a colour of the one to a colour of the other that is not the same."""
    apart = np.linalg.norm(one[:, None] - other[None], axis=-1)
    return float(apart[apart > 0].min())


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(type(st.context), "theme", SimpleNamespace(type=request.param))
    return str(request.param)


@pytest.fixture
def classes(scheme: str) -> list[str]:
    return [class_colour(k) for k in range(10)]


def test_they_can_be_seen_on_the_background(scheme: str, classes: list[str]) -> None:
    background = st.get_option(f"theme.{scheme}.backgroundColor")
    assert len(set(classes)) == 10
    assert min(contrast(colour, background) for colour in classes) > {"light": 2, "dark": 3}[scheme]


@pytest.mark.parametrize("sight", SEEN)
def test_everybody_tells_them_apart(sight: str, classes: list[str]) -> None:
    seen = oklab(np.clip(linear(*classes, ABSTAIN) @ np.reshape(SEEN[sight], (3, 3)).T, 0, 1))
    assert nearest(seen, seen) > (0.13 if sight == "all" else 0.09)


def test_none_looks_right_or_wrong(classes: list[str]) -> None:
    found, outcomes = (oklab(linear(*c)) for c in (classes, map(outcome_colour, ("right", "wrong"))))
    assert nearest(found, outcomes) > 0.1
    hue = np.degrees(np.arctan2(found[:, 2], found[:, 1])) % 360
    assert not np.any((hue > 118) & (hue < 190)), "none is green"


def test_the_accent_is_seen_on_every_surface(scheme: str) -> None:
    """A slider, a tick and the edge of what is chosen have a contrast of 4.5, where 3 is asked of them."""
    surfaces = [
        st.get_option(f"theme.{scheme}.{part}{kind}ackgroundColor")
        for part in ("", "sidebar.")
        for kind in ("b", "secondaryB")
    ]
    accent = st.get_option(f"theme.{scheme}.primaryColor")
    assert min(contrast(accent, surface) for surface in surfaces) > 4.5
