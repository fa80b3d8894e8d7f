"""Numbers in words."""

from __future__ import annotations

import pytest

from diffsmooth_core.wording import confidence, down, duration, length, percent, written


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2**53 - 1, "9,007,199,254,740,991"),
        (1e6, "1,000,000"),
        (1e-6, "0.000001"),
        (0.1 + 0.2, "0.3"),
        (16.0, "16"),
        (-0.25, "-0.25"),
        (0.0, "0"),
        (1234567.0, "1,234,567"),
        (12345.678, "12,345.7"),
        (1e300, "1e+300"),
        (float("nan"), "nan"),
    ],
)
def test_a_number_is_written_without_powers_of_ten_where_it_can_be_read(value: float, text: str) -> None:
    assert written(value) == text


def test_a_number_is_written_with_as_many_digits_as_are_asked_for() -> None:
    assert written(0.00012345, 2) == "0.00012"
    assert written(1.23456789e-7, None) == "0.000000123456789"
    assert written(1e-7, None) == "0.0000001"


@pytest.mark.parametrize(
    ("radius", "shown"),
    [(1.239, "1.23"), (0.6499, "0.64"), (0.0999, "0.099"), (0.00319, "0.0031"), (0.0, "0.00")],
)
def test_a_radius_is_rounded_down_and_never_to_nothing(radius: float, shown: str) -> None:
    assert length(radius) == shown


@pytest.mark.parametrize(
    ("alpha", "shown"), [(0.001, "99.9 %"), (1e-6, "99.9999 %"), (1.5e-6, "99.99985 %"), (0.5, "50 %")]
)
def test_confidence_is_not_rounded_up(alpha: float, shown: str) -> None:
    assert confidence(alpha) == shown


def test_a_share_is_said_in_percent() -> None:
    assert [percent(share) for share in (0.9444, 1, -0.012)] == ["94.4 %", "100.0 %", "-1.2 %"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (42.4, "42 s"), (150, "2 min"), (7_000, "1 h 57 min")]
)
def test_durations_are_as_coarse_as_they_are_uncertain(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_bound_is_rounded_down() -> None:
    assert [down(value, 2) for value in (0.999, 0.29, -0.001)] == ["0.99", "0.28", "-0.01"]
