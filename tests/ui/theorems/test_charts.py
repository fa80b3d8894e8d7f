"""The theorems' charts: every sample is counted, and axes end beyond what they show."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from ui.theorems import charts
from ui.theorems.quantities import CORRECTED, NOISE, ONE_SHOT, PRINTED, SAMPLES, SCORE, SHIFT


def test_a_histogram_counts_every_sample_also_where_all_are_alike() -> None:
    spread = charts.histogram(np.array([1.0, 2.0, 4.0, 400.0]))
    assert sum(count for _, count in spread) == 4
    assert spread[0][0] >= 0
    assert spread[-1][0] > 400
    assert spread[-1][1] == 0
    alike = charts.histogram(np.full(5, 3.0))
    assert sum(count for _, count in alike) == 5
    assert alike[0][0] < 3 < alike[-1][0] < 3.02


def test_samples_of_a_photograph_have_several_bars_though_they_are_nearly_as_long() -> None:
    distances = np.linspace(21.4, 22.1, 16)  # a hundredth of the bounds' scale
    counts = [count for _, count in charts.histogram(distances) if count]
    assert 10 <= len(counts) <= 11, "the longest may lie on an edge"
    assert max(counts) <= 4


def test_no_axis_and_no_bin_moves_while_samples_arrive() -> None:
    values = np.random.default_rng(0).normal(4.5, 0.4, 256)

    def drawn(count: int) -> tuple[Any, ...]:
        theorem: Any = SimpleNamespace(distances=2 * values[:count])
        spec = charts.distances(theorem, 256, 0.5, "[0,1]")
        (bars,) = (series["data"] for series in spec["series"])
        assert sum(n for _, n in bars) == count
        return spec["xAxis"]["min"], spec["xAxis"]["max"], spec["yAxis"]["max"], [x for x, _ in bars]

    first = drawn(16)
    assert all(drawn(count) == first for count in (32, 64, 128, 256))
    outside: Any = SimpleNamespace(distances=np.append(2 * values, [0.1, 40.0]))
    bars = charts.distances(outside, 256, 0.5, "[0,1]")["series"][0]["data"]
    assert sum(n for _, n in bars) == 258, "one that lies outside extends it"
    edges = np.array([x for x, _ in bars])
    assert all(np.isclose(edges, x).any() for x in first[3]), "in bins that stay where they are"


def test_before_the_first_sample_there_are_only_the_axes() -> None:
    spec = charts.distances(None, 64, 0.5, "[0,1]")
    (samples,) = spec["series"]
    assert samples["data"] == []
    assert not spec["xAxis"]["axisLabel"]["show"]
    assert spec["yAxis"]["max"] == charts.distances(_few(), 64, 0.5, "[0,1]")["yAxis"]["max"]


def _few() -> Any:
    return SimpleNamespace(distances=np.linspace(3.0, 5.0, 16))


def test_the_plots_of_a_row_begin_at_the_same_height() -> None:
    one: Any = SimpleNamespace(distances=1.0, shift=1.0, noise=1.0)
    one.bound = one.score_term = lambda version: 1.0
    two: Any = SimpleNamespace(distance=1.0, corrected=2.0, printed=3.0)
    point: Any = SimpleNamespace(timestep=5, theorem1=one, theorem2=two, one_shot=1.0)
    found: Any = SimpleNamespace(sigmas=[0.5], points=[point])
    specs = charts.over_sigma(found, 0.5, "[0,1]")
    assert len({spec["grid"]["top"] for spec in specs}) == 1
    assert {spec["yAxis"]["name"] for spec in specs} == {"length, L2 in [0,1] units"}


def test_every_line_over_the_noise_is_of_its_own_bound_and_in_its_colour() -> None:
    versions = {"printed": 2.0, "corrected": 3.0, "pathwise": 4.0, "tight": 5.0}
    one: Any = SimpleNamespace(distances=1.0, shift=6.0, noise=7.0, tau=0.1)
    one.bound = versions.__getitem__
    one.score_term = lambda version: 10 * versions[version]
    two: Any = SimpleNamespace(distance=1.0, corrected=2.0, printed=3.0)
    point: Any = SimpleNamespace(timestep=None, theorem1=one, theorem2=two, one_shot=8.0)
    found: Any = SimpleNamespace(sigmas=[0.5], points=[point])
    drawn = [
        {line["name"]: (line["data"], line["color"]) for line in spec["series"]}
        for spec in charts.over_sigma(found, 0.5, "[0,1]")
    ]
    assert drawn == [
        {
            "samples’ mean": ([0.5], SAMPLES),
            "one shot": ([4.0], ONE_SHOT),
            "tightened": ([2.5], SHIFT),
            "pathwise": ([2.0], SCORE),
            "corrected": ([1.5], CORRECTED),
            "as printed": ([1.0], PRINTED),
        },
        {
            "shift": ([3.0], SHIFT),
            "noise": ([3.5], NOISE),
            "score, pathwise": ([20.0], SCORE),
            "(exp τ − 1)·C": ([15.0], CORRECTED),
            "τ·C": ([10.0], PRINTED),
        },
        {
            "distance": ([0.5], ONE_SHOT),
            "corrected ρ√E": ([1.0], CORRECTED),
            "as printed ρE": ([1.5], PRINTED),
        },
    ]


def test_lengths_in_pixels_are_drawn_in_the_chosen_units() -> None:
    gain: Any = SimpleNamespace(
        sigma=0.5, noisy=3.0, purified=2.0, bound=lambda eta: 4.0, quantile=lambda eta: 3.5
    )
    pixel, model = (charts.gain([gain], 0.01, scale, "")["series"] for scale in (0.5, 1.0))
    assert [line["data"] for line in pixel] == [[3.0], [2.0], [4.0], [3.5]]
    assert [line["data"] for line in model] == [[6.0], [4.0], [8.0], [7.0]]
