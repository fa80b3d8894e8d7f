"""Results that are kept up to a number of bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from diffsmooth_core.caching import kept, size


@dataclass(frozen=True)
class Pair:
    first: np.ndarray
    others: tuple[np.ndarray, ...]


def test_a_value_is_as_large_as_the_arrays_in_it() -> None:
    pair = Pair(np.zeros(1000), (np.zeros(500, np.float32), np.zeros(10, np.uint8)))
    assert 10_010 <= size(pair) < 10_400
    assert 20_020 <= size({"a": pair, "b": [pair]}) < 21_000


def test_the_one_used_longest_ago_gives_way() -> None:
    calls: list[int] = []

    @kept(250)
    def made(n: int) -> np.ndarray:
        calls.append(n)
        return np.zeros(100, np.uint8)

    first, second = made(1), made(2)
    assert made(1) is first
    made(3)
    assert made(1) is first, "it was used after the second"
    assert made(2) is not second
    assert calls == [1, 2, 3, 2]
    made.cache_clear()  # type: ignore[attr-defined]
    assert made(1) is not first


def test_what_alone_is_too_large_is_not_kept_and_neither_is_an_error() -> None:
    calls: list[int] = []

    @kept(2, weigh=len)
    def made(n: int) -> list[int]:
        calls.append(n)
        if n < 0:
            raise ValueError("below 0")
        return [0] * n

    assert made(3) is not made(3)
    assert made(2) is made(2)
    for _ in range(2):
        with pytest.raises(ValueError, match="below 0"):
            made(-1)
    assert calls == [3, 3, 2, -1, -1]
