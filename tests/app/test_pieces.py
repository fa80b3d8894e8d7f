"""The parts that pages are made of: charts, strip, images, text."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from diffsmooth_core import SmoothingConfig
from diffsmooth_core.datasets.sources import class_names
from ui import charts, strip
from ui.images import data_url
from ui.text import duration, plain

from .conftest import progress

CAT, DOG = 3, 5
CONFIG = SmoothingConfig(n=1000)


def decoded(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))))


def test_votes_of_selection_and_estimation_are_apart() -> None:
    spec = charts.votes(progress(CONFIG, [(CAT, 99), (DOG, 1)], [(CAT, 900)]), CONFIG, class_names("cifar10"))
    selection, estimation = ([bar["value"] for bar in series["data"]] for series in spec["series"])
    assert (selection[CAT], selection[DOG], sum(selection)) == (99, 1, 100)
    assert (estimation[CAT], sum(estimation)) == (900, 900)
    assert spec["title"][1]["subtext"] == "900 of 1,000 votes"


def test_a_long_runs_first_votes_can_be_seen() -> None:
    config = SmoothingConfig(n=100_000)
    spec = charts.votes(progress(config, [(CAT, 100)], [(CAT, 1500)]), config, class_names("cifar10"))
    assert [axis["max"] for axis in spec["xAxis"]] == [100, 2000]


@pytest.mark.parametrize(("finished", "kind"), [(False, "dashed"), (True, "solid")])
def test_the_bound_is_dashed_until_it_holds(finished: bool, kind: str) -> None:
    spec = charts.trace([(26, 0.9, 0.7), (52, 0.92, 0.8)], CONFIG, finished, "#123456")
    bound = spec["series"][1]
    assert bound["lineStyle"]["type"] == kind
    assert ("provisional" in bound["name"]) != finished
    assert bound["markLine"]["data"] == [{"yAxis": 0.5}]


def test_a_long_trace_is_thinned_and_keeps_its_end() -> None:
    points = [(n, 0.9, 0.8) for n in range(1, 50_001)]
    drawn = charts.trace(points, CONFIG, True, "#123456")["series"][1]["data"]
    assert len(drawn) < 1000
    assert drawn[-1] == [50_000, 0.8]


@pytest.mark.parametrize(("m", "shown"), [(1, 1), (3, 3), (5, 4), (21, 9)])
def test_the_strip_shows_whole_squares_of_local_copies(m: int, shown: int) -> None:
    config = SmoothingConfig(m=m)
    samples = progress(config, [(CAT, 100)], [(CAT, 1000)]).samples
    frames = strip.journey(samples, config, class_names("cifar10"))
    assert [len(frame.images) for frame in frames] == [1, 1, 1, shown, 0]
    assert frames[-1].word == "cat"
    assert f"of {m}" in frames[3].caption or m == shown


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


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (42.4, "42 s"), (150, "2 min"), (7_000, "1 h 57 min")]
)
def test_durations_are_as_coarse_as_they_are_uncertain(seconds: float, words: str) -> None:
    assert duration(seconds) == words
