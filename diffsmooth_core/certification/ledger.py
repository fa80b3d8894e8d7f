"""The verifier's side of a challenge: a ledger of the nonces that were given, and how many tries they were.

Whoever asks for nonce after nonce and shows the best certificate has tried as often as there are nonces. The
verifier keeps them all, so that a certificate is read at the level of all of them together.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from diffsmooth_core.certification.commitment import check_hash, check_nonce
from diffsmooth_core.certification.reading import parsed
from diffsmooth_core.config import InputError


@dataclass(frozen=True)
class Challenge:
    """A nonce that was given for a commitment; `owner` is who asked for it, empty where that was not said:
    all of these count as one owner, since they may be."""

    commitment: str
    nonce: str
    owner: str
    created: str  # ISO 8601, UTC

    @classmethod
    def give(cls, commitment: str, owner: str, ledger: Path) -> Challenge:
        """Draw a nonce for a commitment and add it to the ledger, a file of one JSON object a line.

        Raises InputError for what is no commitment, and where the ledger cannot be written or holds anything
        else.
        """
        check_hash("a commitment", commitment)
        if ledger.exists():
            read_ledger(ledger)
        given = cls(commitment, secrets.token_hex(16), owner, datetime.now(UTC).isoformat(timespec="seconds"))
        try:
            unended = ledger.exists() and not ledger.read_bytes().endswith(b"\n")  # a person edited it
            with ledger.open("a", encoding="utf-8") as file:
                file.write("\n" * unended + json.dumps(asdict(given)) + "\n")
        except OSError as error:
            raise InputError(f"the ledger {ledger} cannot be written ({error.strerror})") from None
        return given


def read_ledger(ledger: Path) -> tuple[Challenge, ...]:
    """All challenges of a ledger, the earliest first. Raises InputError where it is none."""
    try:
        given = tuple(
            Challenge(**parsed(line, "a line")) for line in ledger.read_text(encoding="utf-8").splitlines()
        )
        for challenge in given:
            check_hash("commitment", challenge.commitment)
            check_nonce(challenge.nonce)
            if not isinstance(challenge.owner, str):
                raise TypeError(f"owner {challenge.owner!r:.40} is no name")
    except (OSError, TypeError, ValueError) as error:
        raise InputError(f"{ledger} cannot be read as a ledger of challenges ({str(error)[:200]})") from None
    return given


def tries(given: Sequence[Challenge], commitment: str, nonce: str) -> int:
    """The number of nonces among which the one of a certificate could be chosen: those for its commitment,
    and those for whoever asked for it. 0 where this nonce was not given for this commitment."""
    mine = [c for c in given if (c.commitment, c.nonce) == (commitment, nonce)]
    owners = {c.owner for c in given if c.commitment == commitment}
    return sum(c.commitment == commitment or c.owner in owners for c in given) if mine else 0
