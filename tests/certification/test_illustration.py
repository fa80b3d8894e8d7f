"""What a radius looks like: a change of exactly its length, other norms, and familiar changes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsmooth_core.certification.illustration import familiar_changes, implied, perturbation


@given(st.floats(0.01, 3), st.integers(1, 400), st.integers(0, 1000))
def test_changes_within_the_implied_balls_are_within_the_radius(
    radius: float, values: int, seed: int
) -> None:
    most, summed = implied(radius, values)
    random = np.random.default_rng(seed)
    signs = random.choice([-1.0, 1.0], values)
    assert np.linalg.norm(most * signs) == pytest.approx(radius), "a corner of the cube touches the sphere"
    one_value = np.zeros(values)
    one_value[random.integers(values)] = summed
    assert np.linalg.norm(one_value) == pytest.approx(radius), "a corner of the diamond touches it too"
    shares = random.dirichlet(np.ones(values))
    assert np.linalg.norm(summed * shares) <= radius * (1 + 1e-12)


def test_a_perturbation_has_the_length_that_was_asked_for() -> None:
    assert np.linalg.norm(perturbation((4, 4, 3), 0.7, seed=3)) == pytest.approx(0.7)


def test_familiar_changes_have_the_lengths_that_they_have() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, 4:] = 255  # an edge
    found = familiar_changes(pixels)
    assert found["every value by one of 255 grey levels"] == pytest.approx(math.sqrt(192) / 255)
    assert found["one pixel from black to white"] == pytest.approx(math.sqrt(3))
    assert found["moved by one pixel to the right"] == pytest.approx(math.sqrt(8 * 3)), "a column turns black"
    assert found["a tenth less contrast"] == pytest.approx(0.1 * math.sqrt(192 * 0.25))
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    assert familiar_changes(noise)["saved as a JPEG of quality 90"] > 0.5, "what is rough loses much"
    assert familiar_changes(noise * 0 + 9)["saved as a JPEG of quality 90"] < 0.3, "what is flat little"
    flat = familiar_changes(np.full((8, 8, 3), 77, np.uint8))
    assert flat["moved by one pixel to the right"] == 0
    assert flat["a tenth less contrast"] == pytest.approx(0, abs=1e-9)
