"""The projector's charts: what they say of made-up guesses and results."""

from __future__ import annotations

import pytest

from diffsmooth_core.certification.thousand_seeds import recorded
from diffsmooth_core.statistics import clopper_pearson_lower
from ui.classroom import charts
from ui.colours import BOUND, outcome_colour
from ui.components.figure import tables
from ui.jobs.seeds import ALPHA, SeedResult

HOLDS = SeedResult(11, 70, 0.6336, 0.08, False, None, None)
FALSE = SeedResult(12, 77, 0.70722, 0.13, True, 6, 60)
NOTHING = SeedResult(13, 0, 0.0, 0.0, False, None, None)
PEEKED = SeedResult(14, 60, 0.53, 0.02, False, 6, None)


def test_guesses_are_counted_in_tens_and_a_hundred_is_in_the_last() -> None:
    chart = charts.guessed([0, 9, 10, 55.5, 99, 100])
    bars = chart["series"][0]["data"]
    assert [bar["value"] for bar in bars] == [2, 1, 0, 0, 0, 1, 0, 0, 0, 2]
    assert [bar["label"]["show"] for bar in bars[:3]] == [True, True, False], "no naughts"
    tens = chart["xAxis"]["data"]
    assert (tens[0], tens[1], tens[-1], len(tens)) == ("0 to 9", "10 to 19", "90 to 100", 10)
    assert chart["yAxis"]["max"] == 4, "one person is no tower"
    assert charts.guessed([50] * 30)["yAxis"]["max"] == 30


def test_a_bar_begins_at_its_bound_and_a_false_one_is_told_by_words_too() -> None:
    chart = charts.bounds([HOLDS, FALSE, NOTHING], 3, 0.67609)
    holds, false, nothing = chart["series"][0]["data"]
    assert (holds["value"], false["value"]) == pytest.approx((63.36, 70.722))
    assert nothing["value"] == chart["xAxis"]["startValue"], "no bar"
    assert [bar["label"]["formatter"] for bar in (holds, false, nothing)] == [
        "63.3 %",
        "✕ 70.7 %: too much",
        "claims nothing",
    ]
    assert [bar["itemStyle"]["color"] for bar in (holds, false)] == [BOUND, outcome_colour("wrong")]
    assert chart["series"][0]["markLine"]["data"] == [{"xAxis": pytest.approx(67.609)}]
    assert chart["yAxis"]["data"][:3] == ["11", "12", "13"]
    assert chart["series"][0]["markLine"]["precision"] >= 4, "ECharts rounds it to two digits otherwise"
    (table,) = tables(chart)
    assert table.rows[1] == ("12", "✕ 70.7 %: too much")


def test_rows_are_there_before_their_bounds_and_their_letters_fit_in() -> None:
    early = charts.bounds([HOLDS], 30, 0.676)
    assert len(early["yAxis"]["data"]) == 30
    assert early["yAxis"]["inverse"], "from the top"
    few, many = (charts.bounds([HOLDS], people, 0.676) for people in (3, 40))
    assert len(few["yAxis"]["data"]) == 8, "a few are not drawn as beams"
    assert len(charts.bounds([HOLDS] * 12, 9, 0.676)["yAxis"]["data"]) == 12
    assert few["yAxis"]["axisLabel"]["fontSize"] > many["yAxis"]["axisLabel"]["fontSize"] >= 9
    assert many["yAxis"]["axisLabel"]["hideOverlap"], "two hundred do not fit in"
    assert many["series"][0]["labelLayout"] == {"hideOverlap": True}


def test_false_claims_are_counted_from_the_look_at_which_they_were_made() -> None:
    naive, anytime = charts.by_each_look([HOLDS, FALSE, NOTHING, PEEKED], 100)["series"]
    assert [dict(map(tuple, naive["data"]))[look] for look in (5, 6, 100)] == [0, 50, 50]
    assert [dict(map(tuple, anytime["data"]))[look] for look in (59, 60, 100)] == [0, 25, 25]
    assert naive["markLine"]["data"] == [{"yAxis": 10.0}]


def test_the_axis_has_every_recorded_seed_on_it() -> None:
    axis = charts.bounds([HOLDS], 1, recorded().share)["xAxis"]
    found = [
        100 * clopper_pearson_lower(votes, recorded().config.n, ALPHA) for votes in set(recorded().votes)
    ]
    claims = [lower for lower in found if lower]
    assert axis["min"] == 40 < min(claims) - 5, "with room for its words"
    assert max(claims) + 10 < axis["max"] == 90
