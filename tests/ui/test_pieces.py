"""The parts that pages are made of: charts, images, text."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.datasets.sources import class_names
from diffsmooth_core.purification.purifiers import purifier_of
from tests.ui.conftest import progress
from ui import charts
from ui.colours import BOUND
from ui.components import figure
from ui.images import data_url
from ui.text import no_formula, plain, unbroken

CAT, DOG = 3, 5
CONFIG = SmoothingConfig(n=1000)


def decoded(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))))


def test_votes_of_selection_and_estimation_are_apart() -> None:
    spec = charts.votes(progress(CONFIG, [(CAT, 99), (DOG, 1)], [(CAT, 900)]), CONFIG, class_names("cifar10"))
    selection, estimation = ([bar["value"] for bar in series["data"]] for series in spec["series"])
    assert (selection[CAT], selection[DOG], sum(selection)) == (99, 1, 100)
    assert (estimation[CAT], sum(estimation)) == (900, 900)
    assert spec["title"][1]["subtext"] == "900 of 1,000"


def test_of_a_thousand_classes_those_with_the_most_votes_have_a_row_and_the_file_has_all() -> None:
    names = class_names("imagenet")
    counts = [0] * 1000
    for k, votes in zip(range(100, 108), range(8, 0, -1), strict=True):
        counts[k] = votes
    panels = [("One", "", tuple(counts), 100), ("Two", "", (0,) * 1000, 100)]
    spec = charts.tallies(panels, names)
    one, two = ([bar["value"] for bar in series["data"]] for series in spec["series"])
    assert spec["yAxis"][0]["data"] == [*names[100:105], "other"]
    assert (one, two) == ([8, 7, 6, 5, 4, 6], [0] * 6)
    assert charts.height(spec) == charts.TOP + 6 * charts.ROW
    saved = figure.as_csv(charts.tallies(panels, names, len(names))).splitlines()
    assert f"One,{names[107]},1" in saved
    assert len(saved) == 1 + 2 * 9, "a title, and in each panel eight classes and the rest"


def test_a_long_runs_first_votes_can_be_seen() -> None:
    config = SmoothingConfig(n=100_000)
    spec = charts.votes(progress(config, [(CAT, 100)], [(CAT, 1500)]), config, class_names("cifar10"))
    assert [axis["max"] for axis in spec["xAxis"]] == [100, 2000]


@pytest.mark.parametrize(("finished", "kind"), [(False, "dashed"), (True, "solid")])
def test_the_bound_is_dashed_until_it_holds(finished: bool, kind: str) -> None:
    spec = charts.trace([(26, 0.9, 0.7, 0.6), (52, 0.92, 0.8, 0.75)], CONFIG, finished)
    bound = spec["series"][1]
    assert bound["lineStyle"]["type"] == kind
    assert ("provisional" in bound["name"]) != finished
    assert bound["markLine"]["data"] == [{"yAxis": 0.5}]


def test_an_anytime_bound_is_solid_from_the_start() -> None:
    config = replace(CONFIG, stopping="target")
    _, bound, other = charts.trace([(26, 0.9, 0.7, 0.6)], config, False)["series"]
    assert (bound["data"], bound["lineStyle"]["type"], bound["color"]) == ([[26, 0.6]], "solid", BOUND)
    assert other["data"] == [[26, 0.7]]
    assert other["lineStyle"]["type"] == "dotted"


def test_a_single_point_can_be_seen() -> None:
    series = charts.trace([(26, 0.9, 0.7, 0.6)], CONFIG, True)["series"]
    assert [(line["data"], line["showSymbol"]) for line in series] == [
        ([[26, 0.9]], True),
        ([[26, 0.7]], True),
        ([[26, 0.6]], True),
    ]


def test_a_long_trace_is_thinned_and_keeps_its_end() -> None:
    points = [(n, 0.9, 0.8, 0.7) for n in range(1, 50_001)]
    drawn = charts.trace(points, CONFIG, True)["series"][1]["data"]
    assert len(drawn) < 1000
    assert drawn[-1] == [50_000, 0.8]


def test_an_image_keeps_its_pixels_and_clips_what_no_screen_shows() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    assert np.array_equal(decoded(data_url(pixels)), pixels)
    beyond = np.linspace(-1, 2, 32 * 32 * 3, dtype=np.float32).reshape(32, 32, 3)
    assert (decoded(data_url(beyond)).min(), decoded(data_url(beyond)).max()) == (0, 255)


def test_a_thumbnail_is_the_central_square() -> None:
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:, 100:200] = 255
    thumbnail = decoded(data_url(wide, 50))
    assert thumbnail.shape == (50, 50, 3)
    assert thumbnail.min() > 200


def test_plain_text_escapes_all_markup() -> None:
    assert plain("[a](b) **c** $d$ <e>\n:red[f]") == r"\[a\]\(b\) \*\*c\*\* \$d\$ \<e\> \:red\[f\]"


def test_no_line_ends_within_an_equation_or_before_a_percent_sign() -> None:
    assert unbroken("at σ = 0.5, 59.3 % of").split(" ") == ["at", "σ\u00a0=\u00a00.5,", "59.3\u00a0%", "of"]
    assert unbroken(plain("n = 10")).split(" ") == ["n\u00a0\\=\u00a010"]


def test_one_run_of_densepure_is_no_majority() -> None:
    once = SmoothingConfig(method="densepure", purifications=1, reverse_steps=2)
    purifier = purifier_of("densepure")
    assert purifier.clause(once) == "is purified by the reverse diffusion process in 2 steps, then "
    assert purifier.caption(once) == "by the reverse process in 2 steps"
    assert purifier.caption(replace(once, purifications=3)).endswith("; the majority decides")


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1+cmd", "'+1+cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("-0.25", "-0.25"),
        ("+1e3", "+1e3"),
        ("a = b", "a = b"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula_for_a_spreadsheet(cell: str, safe: str) -> None:
    assert no_formula(cell) == safe
