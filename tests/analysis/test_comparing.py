"""Two runs side by side."""

from __future__ import annotations

import pytest

from diffsmooth_core.analysis.comparing import compare, mcnemar
from diffsmooth_core.config import ABSTAIN
from diffsmooth_core.runs.results import Result


def results(*rows: tuple[int, int, float]) -> list[Result]:
    return [Result(idx, 3, predict, radius) for idx, predict, radius in rows]


BEFORE = results(
    (0, 3, 0.5), (1, 3, 0.5), (2, 3, 0.5), (3, ABSTAIN, 0.0), (4, 5, 0.9), (5, 5, 0.1), (9, 3, 1.0)
)
AFTER = results(
    (5, 3, 0.2), (4, 5, 0.1), (3, 3, 0.3), (2, ABSTAIN, 0.0), (1, 3, 0.4), (0, 3, 0.6), (7, 3, 1.0)
)


def test_every_picture_of_both_runs_has_one_kind_of_change() -> None:
    changes = compare(BEFORE, AFTER)
    assert [c.idx for c in changes] == [0, 1, 2, 3, 4, 5], "pictures of one run alone are left out"
    assert [c.kind for c in changes] == ["grown", "shrunk", "lost", "gained", "same", "gained"]
    assert [round(c.difference, 9) for c in changes] == [0.1, -0.1, -0.5, 0.3, 0.0, 0.2], "wrong counts as 0"


def test_a_radius_may_be_asked_for() -> None:
    assert [c.kind for c in compare(BEFORE, AFTER, at=0.45)] == [
        "grown",
        "lost",
        "lost",
        "same",
        "same",
        "same",
    ]


def test_the_sign_test_is_that_of_a_fair_coin() -> None:
    changes = compare(BEFORE, AFTER)
    assert mcnemar(changes) == pytest.approx(1.0), "two gained, one lost: 2 * (3 + 1) / 8"
    four = compare(results(*((i, ABSTAIN, 0.0) for i in range(5))), results(*((i, 3, 0.1) for i in range(5))))
    assert mcnemar(four) == pytest.approx(2 / 32)
    assert mcnemar([]) == 1.0
