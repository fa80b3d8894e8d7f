"""The theorems' charts: every sample is counted, and axes end beyond what they show."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from ui.theorems import charts


def test_a_histogram_counts_every_sample_also_where_all_are_alike() -> None:
    spread = charts._histogram(np.array([1.0, 2.0, 4.0, 400.0]))
    assert sum(count for _, count in spread) == 4
    assert (spread[0][0], spread[-1]) == (1.0, [400.0, 0])
    alike = charts._histogram(np.full(5, 3.0))
    assert sum(count for _, count in alike) == 5
    assert alike[0][0] < 3 < alike[-1][0] < 3.01


def test_samples_of_a_photograph_have_several_bars_though_they_are_nearly_as_long() -> None:
    distances = np.linspace(21.4, 22.1, 16)  # a hundredth of the bounds' scale
    counts = [count for _, count in charts._histogram(distances)]
    assert len(counts) - 2 == 5
    assert max(counts) <= 4


def test_before_the_first_sample_there_is_only_the_one_shot_output() -> None:
    spec = charts.distances(None, 0.4, 0.5, "[0,1]")
    samples, one_shot = spec["series"]
    assert samples["data"] == []
    assert one_shot["data"][0] == [0.2, 0]
    assert spec["xAxis"][1]["min"] < 0.2 < spec["xAxis"][1]["max"]


def test_lengths_in_pixels_are_drawn_in_the_chosen_units() -> None:
    gain: Any = SimpleNamespace(
        sigma=0.5, noisy=3.0, purified=2.0, bound=lambda eta: 4.0, quantile=lambda eta: 3.5
    )
    pixel, model = (charts.gain([gain], 0.01, scale)["series"] for scale in (0.5, 1.0))
    assert [line["data"] for line in pixel] == [[3.0], [2.0], [4.0], [3.5]]
    assert [line["data"] for line in model] == [[6.0], [4.0], [8.0], [7.0]]
