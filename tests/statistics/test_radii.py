"""Radii, certified accuracy and ACR: closed forms, and the published certification logs."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from diffsmooth_core.statistics import (
    average_certified_radius,
    certified_accuracy,
    certified_radius,
    guaranteed_share,
)


def test_the_radius_is_sigma_standard_deviations() -> None:
    assert certified_radius(norm.cdf(1.0), 0.5) == pytest.approx(0.5)
    assert certified_radius(norm.cdf(2.5), 0.25) == pytest.approx(0.625)
    assert certified_radius(0.5, 1.0) == 0.0
    assert certified_radius(math.nextafter(0.5, 1), 1.0) > 0.0
    assert certified_radius(0.1, 1.0) == 0.0, "never negative"


def test_the_guaranteed_share_is_that_of_a_half_space_seen_from_farther_away() -> None:
    """A half-space is the worst case: its share at a margin is Phi(margin/sigma)."""
    for length in (0.0, 0.3, 0.5, 2.0):
        there = guaranteed_share(norm.cdf(0.5 / 0.25), 0.25, length)
        assert there == pytest.approx(norm.cdf((0.5 - length) / 0.25))
    assert guaranteed_share(0.97, 0.5, certified_radius(0.97, 0.5)) == pytest.approx(0.5)
    assert guaranteed_share(0.0, 0.5, 1.0) == 0.0


@given(st.floats(0, 1, exclude_max=True), st.floats(0.01, 2))
def test_the_radius_grows_with_the_bound_and_scales_with_sigma(p: float, sigma: float) -> None:
    here = certified_radius(p, sigma)
    assert here >= 0
    assert certified_radius(p, 2 * sigma) == pytest.approx(2 * here)
    assert certified_radius((p + 1) / 2, sigma) >= here


def test_certified_accuracy_counts_right_and_robust_images() -> None:
    radii, correct = [0.0, 0.25, 0.5, 1.0, 0.0], [True, True, False, True, False]
    assert certified_accuracy(radii, correct, 0.0) == 3 / 5, "a right image with radius 0 counts at 0"
    assert certified_accuracy(radii, correct, 0.25) == 2 / 5, "the radius itself is included"
    assert certified_accuracy(radii, correct, 0.26) == 1 / 5, "a wrong image never counts"
    assert certified_accuracy(radii, correct, 1.01) == 0.0


def test_acr_counts_wrong_and_abstained_images_as_zero() -> None:
    assert average_certified_radius([0.0, 0.25, 0.5, 1.0], [True, True, False, True]) == 1.25 / 4
    assert average_certified_radius([0.7], [False]) == 0.0


@given(st.lists(st.tuples(st.floats(0, 4), st.booleans()), min_size=1, max_size=50))
def test_acr_is_the_area_under_certified_accuracy(images: list[tuple[float, bool]]) -> None:
    radii, correct = map(np.array, zip(*images, strict=True))
    edges = np.concatenate([[0.0], np.unique(radii)])
    area = sum(certified_accuracy(radii, correct, right) * (right - left) for left, right in pairwise(edges))
    assert average_certified_radius(radii, correct) == pytest.approx(area, abs=1e-9)


@pytest.mark.parametrize(("sigma", "acr"), [("0.25", 0.429), ("0.50", 0.538), ("1.00", 0.542)])
def test_the_published_logs_give_the_published_acr(data_dir: Path, sigma: str, acr: float) -> None:
    log = data_dir / f"certification_logs/cifar10/resnet110/noise_{sigma}/test/sigma_{sigma}"
    rows = [line.split("\t") for line in log.read_text().splitlines()[1:]]
    radii, correct = [float(row[3]) for row in rows], [row[4] == "1" for row in rows]
    assert len(rows) == 500
    assert round(average_certified_radius(radii, correct), 3) == acr
