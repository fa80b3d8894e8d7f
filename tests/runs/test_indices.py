"""Test pictures as a person writes them: read, and written so that they are read alike."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffsmooth_core.config import InputError
from diffsmooth_core.runs.indices import format_indices, parse_indices, spread

pytestmark = pytest.mark.usefixtures("twelve")


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("0:12:4", (0, 4, 8)),
        ("3", (3,)),
        ("::5", (0, 5, 10)),
        ("10:", (10, 11)),
        ("1,0:2", (1, 0)),
        (":2", (0, 1)),
    ],
)
def test_indices_are_read_as_slices(spec: str, found: tuple[int, ...]) -> None:
    assert parse_indices(spec, "cifar10") == found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 11), min_size=1, max_size=12, unique=True))
def test_indices_are_spelled_as_they_are_read(chosen: list[int]) -> None:
    assert parse_indices(format_indices(chosen), "cifar10") == tuple(chosen)


@pytest.mark.parametrize(
    ("count", "found"), [(4, (0, 3, 6, 9)), (12, tuple(range(12))), (500, tuple(range(12)))]
)
def test_a_count_is_spread_over_the_test_pictures(count: int, found: tuple[int, ...]) -> None:
    assert parse_indices(spread("cifar10", count), "cifar10") == found


def test_indices_far_apart_are_spelled_in_no_more_memory_than_they_take() -> None:
    tracemalloc.start()
    try:
        assert format_indices([0, 1, 2_000_000]) == "0,1,2000000"
        assert tracemalloc.get_traced_memory()[1] < 100_000, "bytes: what lies between is not counted out"
    finally:
        tracemalloc.stop()


def test_even_indices_are_spelled_short() -> None:
    assert [format_indices(every) for every in (range(0, 12, 2), [7], [3, 1])] == ["0:11:2", "7:8:1", "3,1"]


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ("0:13", "0 to 11 here"),
        ("12", "0 to 11 here"),
        ("a", "'a' are not understood"),
        ("5:5", "name no picture"),
        ("0:9:0", "name no picture"),
        ("", "not understood"),
        ("-1", "not understood"),
    ],
)
def test_indices_that_are_none_are_named(spec: str, named: str) -> None:
    with pytest.raises(InputError, match=named):
        parse_indices(spec, "cifar10")
