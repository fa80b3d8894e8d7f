"""The verifier's ledger: nonces that nobody can guess, and how many tries they were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diffsmooth_core.certification.ledger import Challenge, read_ledger, tries
from diffsmooth_core.config import InputError

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def test_every_nonce_is_another_and_stays_in_the_ledger(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    given = [Challenge.give(A, owner, ledger) for owner in ("", "Ann", "")]
    assert read_ledger(ledger) == tuple(given)
    assert len({challenge.nonce for challenge in given}) == 3
    assert all(len(challenge.nonce) == 32 for challenge in given)


def test_the_tries_are_those_of_a_commitment_and_of_whoever_asked_for_it(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    first, second, third, fourth = (
        Challenge.give(commitment, owner, ledger)
        for commitment, owner in ((A, ""), (A, "Ann"), (B, "Ann"), (C, "Bob"))
    )
    given = read_ledger(ledger)
    assert tries(given, A, first.nonce) == 3, "two for it, one more for Ann, who asked for it too"
    assert tries(given, A, second.nonce) == 3
    assert tries(given, B, third.nonce) == 2
    assert tries(given, C, fourth.nonce) == 1
    assert tries(given, C, first.nonce) == 0, "another commitment's nonce"
    assert tries(given, A, "0" * 32) == 0, "a nonce of one's own"


def test_whoever_asked_without_a_name_may_be_one_person(tmp_path: Path) -> None:
    """A thousand seeds are a thousand commitments: nonces for each of them are as many tries."""
    ledger = tmp_path / "ledger.jsonl"
    given = [Challenge.give(commitment, "", ledger) for commitment in (A, B, C)]
    assert [tries(given, c.commitment, c.nonce) for c in given] == [3, 3, 3]


def test_a_ledger_whose_last_line_was_cut_by_hand_goes_on(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    first = Challenge.give(A, "", ledger)
    ledger.write_text(ledger.read_text().rstrip())
    assert read_ledger(ledger) == (first,)
    second = Challenge.give(B, "", ledger)
    assert read_ledger(ledger) == (first, second)


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "[" * 100_000,
        "[]",
        "{}",
        json.dumps({"commitment": "a", "nonce": "0" * 32, "owner": "", "created": ""}),
        json.dumps({"commitment": A, "nonce": "0", "owner": "", "created": ""}),
        json.dumps({"commitment": A, "nonce": "0" * 32, "owner": 5, "created": ""}),
        json.dumps({"commitment": 5, "nonce": "0" * 32, "owner": "", "created": ""}),
    ],
)
def test_a_file_that_is_no_ledger_is_named_and_left_alone(tmp_path: Path, line: str) -> None:
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_text(line + "\n")
    with pytest.raises(InputError, match=r"ledger\.jsonl cannot be read as a ledger of challenges"):
        read_ledger(ledger)
    with pytest.raises(InputError, match="cannot be read as a ledger"):
        Challenge.give(A, "", ledger)
    assert ledger.read_text() == line + "\n"


def test_what_is_no_commitment_gets_no_nonce(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a commitment is 64 hex digits in lower case, got 'A"):
        Challenge.give("A" * 64, "", tmp_path / "ledger.jsonl")
    with pytest.raises(InputError, match="cannot be written"):
        Challenge.give(A, "", tmp_path / "nowhere" / "ledger.jsonl")
